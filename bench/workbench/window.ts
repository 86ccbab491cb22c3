import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Frame, Locator, Page } from 'playwright-core';
import type { Workbench } from '../../test/e2e/pages/workbench.ts';
import { round, summarise } from '../measure.ts';
import type { BenchContext, Figures } from '../program.ts';

/** What stands in a panel when it is there: a selector a panel. */
const contents = {
  session: '[data-round="1"]',
  training: '.columns',
  dataset: '.figures',
  /** Not ours: VS Code's own preview of a Markdown file, the peer. */
  markdown: '.code-line',
} as const;
export type PanelName = keyof typeof contents;

/**
 * Runs in every frame, before its own scripts. Each click or Enter and the first picture with the content of a panel
 * leave their time, so that neither the driver's looks nor its messages are in what is measured. A frame that VS Code
 * still hides shows nothing. The wall clock is the one clock that pages of several processes share.
 */
const watching = `(() => {
  const now = () => performance.timeOrigin + performance.now();
  window.benchTimes = {};
  const asked = () => { window.benchTimes.asked = now(); };
  addEventListener('click', asked, true);
  addEventListener('keydown', (event) => { if (event.key === 'Enter') asked(); }, true);
  const frame = window.frameElement;
  const selectors = ${JSON.stringify(Object.values(contents))};
  // From when the content is there it looks in every frame, so that the one that draws the content is the one that is told of: what is there when a
  // frame begins has been drawn when a task runs after it.
  const drawn = (what) => {
    if (!(what in window.benchTimes)) setTimeout(() => { window.benchTimes[what] ??= now(); }, 0);
  };
  const look = () => {
    if (frame?.style.visibility !== 'hidden') {
      drawn('shown');
      // A page that came with its first picture is busy until its script has taken it over.
      if (!document.querySelector('main[aria-busy="true"]')) {
        drawn('answers');
        return;
      }
    }
    requestAnimationFrame(look);
  };
  const waiting = setInterval(() => {
    if (!selectors.some((selector) => document.querySelector(selector))) return;
    clearInterval(waiting);
    requestAnimationFrame(look);
  }, 2);
})();`;

/** What that leaves in a frame. */
type BenchTimes = Partial<Record<'shown' | 'answers', number>>;

/** One opening of a panel, in milliseconds from the command on. */
export interface Opening {
  readonly shown: number;
  /** The page's script has drawn the same, and answers clicks. */
  readonly answers: number;
  /** VS Code has its frame and begins to write the panel's page into it: what any webview costs. */
  readonly pageWritten: number;
  /** How long it waited before that for its own service worker; long for the first webview of a window alone. */
  readonly worker: number;
}

/** The packaged extension in a window of the real workbench. */
export interface BenchWindow {
  readonly page: Page;
  readonly workbench: Workbench;
  close(): Promise<void>;
}

/** Packages, installs and opens a folder. */
export async function openBenchWindow(
  { temporaryFolder, log }: BenchContext,
  folder: string,
): Promise<BenchWindow> {
  const { ensureHost, ensureChromium } = await import('../../scripts/host/install.mjs');
  const { launchChromium, startCodeServer, workbenchAddress } =
    await import('../../scripts/host/code-server.mjs');
  const { createPackage } = await import('../../scripts/package.mjs');
  const { Workbench: Pages } = await import('../../test/e2e/pages/workbench.ts');
  const host = await ensureHost(log);
  const file = path.join(temporaryFolder, 'bench.vsix');
  if (!existsSync(file)) {
    log('  packaging …');
    await createPackage({ out: file });
  }
  log('  installing …');
  const server = await startCodeServer({ host, vsix: [file] });
  const browser = await launchChromium(await ensureChromium(log)).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  const close = async () => {
    await browser.close();
    await server.stop();
  };
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    await context.addInitScript(watching);
    const page = await context.newPage();
    await page.goto(workbenchAddress(server, folder));
    const workbench = new Pages(page, folder, temporaryFolder);
    await workbench.untilReady();
    await workbench.openViewContainer('ToolRec');
    return { page, workbench, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The innermost frame of the panel that is open. */
export async function panelFrame(page: Page): Promise<Frame> {
  const outer = await page.locator('iframe.webview.ready').last().elementHandle();
  const inner = await (await outer!.contentFrame())!.waitForSelector('iframe#active-frame');
  return (await inner.contentFrame())!;
}

/** Chooses a row of the palette; how long it takes until the content of the panel has been drawn. */
export async function untilShown(page: Page, row: Locator, panel: PanelName): Promise<Opening> {
  await row.waitFor();
  // A hover of VS Code may come over a row that waits for its click.
  if (await row.evaluate((element) => element.classList.contains('focused')))
    await page.locator('.quick-input-widget .quick-input-box input').press('Enter');
  else await row.click();
  const frames = page.frameLocator('iframe.webview.ready').last().frameLocator('iframe#active-frame');
  await frames.locator(contents[panel]).first().waitFor({ state: 'attached' });
  const frame = await panelFrame(page);
  // A function and not its text, which the page's policy forbids to run.
  const time = async (what: keyof BenchTimes) =>
    (await (
      await frame.waitForFunction(
        (name) => (globalThis as { benchTimes?: BenchTimes }).benchTimes?.[name],
        what,
      )
    ).jsonValue())!;
  const shown = await time('shown');
  const answers = await time('answers');
  const asked = await page.evaluate<number>('window.benchTimes.asked');
  const mark = (name: string): Promise<number> =>
    frame
      .parentFrame()!
      .evaluate(
        `performance.timeOrigin + performance.getEntriesByName('webview/index.html/content/${name}')[0].startTime`,
      );
  const [started, worker, written] = [
    await mark('started'),
    await mark('workerReady'),
    await mark('wroteInnerContent'),
  ];
  // VS Code gives the focus to the page a little later; what is typed before would go where it was.
  await page.waitForFunction(`document.activeElement?.matches('iframe.webview')`);
  return {
    shown: shown - asked,
    answers: answers - asked,
    pageWritten: written - asked,
    worker: worker - started,
  };
}

/** Closes the editor that is open, which holds a panel, and waits until its page is gone. */
export async function closePanel({ page, workbench }: BenchWindow): Promise<void> {
  await workbench.palette.run('View: Close Editor');
  await page.locator('iframe.webview').first().waitFor({ state: 'detached' });
}

/** The first opening loads the panel's code, in a new window VS Code's service worker of webviews too; it is told apart. */
export function openings(all: readonly Opening[]): Figures {
  const [first, ...later] = all;
  const figure = (of: (opening: Opening) => number) => summarise(later.map((one) => round(of(one), 1)));
  return {
    first: {
      milliseconds: Math.round(first!.shown),
      ofThatServiceWorkerMilliseconds: Math.round(first!.worker),
    },
    later: figure(({ shown }) => shown),
    untilItAnswers: figure(({ answers }) => answers),
    ofThatUntilVsCodeWritesThePage: figure(({ pageWritten }) => pageWritten),
  };
}

/** Lays out the extension in a folder, as it is packaged; once for all parts of a run. */
export async function stagedExtension({ temporaryFolder, log }: BenchContext): Promise<string> {
  const folder = path.join(temporaryFolder, 'extension');
  if (mkdirSync(folder, { recursive: true }) === undefined) return folder;
  const { stageExtension } = await import('../../scripts/package.mjs');
  log('  packaging …');
  await stageExtension(folder);
  return folder;
}

/** Runs the built CLI, as a way to prepare a workspace; its stdout. @throws Error with its stderr when it fails */
export function toolrec(root: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(root, 'dist', 'cli.mjs'), ...args],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`toolrec ${args.join(' ')} ended with ${status}:\n${stderr}`);
  return stdout;
}

/** Makes a session on the sample in a folder and runs it to its end; its id. */
export function makeSession(root: string, folder: string): string {
  const text = toolrec(root, 'session', 'run', '--workspace', folder, '--json', '--user', 'simulated-1');
  return (JSON.parse(text) as { session: string }).session;
}
