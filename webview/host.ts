import { WebviewEnd } from '../src/shared/message-channel.ts';
import type { PanelContract, UpdateHandlers } from '../src/shared/message-channel.ts';

interface VsCodeApi {
  postMessage(message: unknown): void;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

let api: VsCodeApi | undefined;
// VS Code gives it once a page.
const vscode = (): VsCodeApi => (api ??= acquireVsCodeApi());

/** Connects this page with the host. Call `ready()` on what is returned once everything is set up. */
export function connect<C extends PanelContract>(contract: C, updates: UpdateHandlers<C>): WebviewEnd<C> {
  const end = new WebviewEnd(contract, (message) => vscode().postMessage(message), updates);
  window.addEventListener('message', (event: MessageEvent<unknown>) => end.receive(event.data));
  return end;
}

/** Leaves with VS Code what the host needs to bring this panel back after a reload. */
export function remember(state: unknown): void {
  vscode().setState(state);
}
