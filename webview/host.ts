import { WebviewEnd } from '../src/shared/message-channel.ts';
import type { PanelContract, UpdateHandlers } from '../src/shared/message-channel.ts';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;
declare global {
  interface Window {
    /** What came before this script did, on a page with a first picture (start.ts). */
    takeEarlyMessages?(): MessageEvent<unknown>[];
  }
}

/** Milliseconds since 1970 by the clock that the host has too; finer than a millisecond. */
export const wallClock = (): number => performance.timeOrigin + performance.now();

let api: VsCodeApi | undefined;
// VS Code gives it once a page.
const vscode = (): VsCodeApi => (api ??= acquireVsCodeApi());

/** What VS Code has kept for the page comes so soon after it has loaded, in ms. */
const greetingMs = 5;
const latestMs = 300;

/** Connects this page with the host. Call `ready()` on what is returned once everything is set up. */
export function connect<C extends PanelContract>(contract: C, updates: UpdateHandlers<C>): WebviewEnd<C> {
  const end = new PageEnd(contract, (message) => vscode().postMessage(message), updates);
  window.addEventListener('message', (event: MessageEvent<unknown>) => end.receive(event.data));
  return end;
}

/** Says that it is ready when what the host may have told it already has come. */
class PageEnd<C extends PanelContract> extends WebviewEnd<C> {
  override ready(): void {
    for (const { data } of window.takeEarlyMessages?.() ?? [])
      try {
        this.receive(data);
      } catch (error) {
        reportError(error); // as for a message that comes later: the others and the host's answer are not held by it
      }
    let said = false;
    const say = () => {
      if (!said) super.ready();
      said = true;
    };
    const soon = () => setTimeout(say, greetingMs);
    if (document.readyState === 'complete') soon();
    else window.addEventListener('load', soon, { once: true });
    setTimeout(say, latestMs); // a style sheet or picture that does not come must not hold it
  }
}

let told: object | undefined;
let view: object | undefined;

/** Leaves with VS Code what the host needs to bring this panel back after a reload. */
export function remember(state: object): void {
  told = state;
  leave();
}

/** Leaves with it how the person looks at this page, which VS Code drops while its tab is hidden. */
export function keepView(next: object): void {
  view = next;
  leave();
}

/** What `keepView` left with VS Code, maybe by another version of this page. */
export function keptView(): Readonly<Record<string, unknown>> {
  const state = vscode().getState() as { readonly view?: unknown } | undefined;
  const kept = state?.view;
  return typeof kept === 'object' && kept !== null ? { ...kept } : {};
}

/** Nothing before the host has told its part: without that the panel could not be brought back. */
function leave(): void {
  if (told) vscode().setState(view ? { ...told, view } : told);
}

let taken = false;

/** The page's own drawing takes the place of the picture that it came with, and answers. */
export function takeOver(root: HTMLElement): void {
  if (taken) return;
  taken = true;
  root.replaceChildren();
  root.inert = false;
}
