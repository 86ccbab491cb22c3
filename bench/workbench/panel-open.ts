import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { summarise } from '../measure.ts';
import type { BenchContext, Figures } from '../program.ts';

/** A panel that is opened by a command of the palette, and what stands on it when it is there. */
interface OpenedPanel {
  readonly command: string;
  readonly selector: string;
}

/** Panels of the workbench; other subjects add theirs. */
const panels: Readonly<Record<string, OpenedPanel>> = {
  training: { command: 'ToolRec: Show Training', selector: '.columns, .nothing' },
};

const runs = 7;

/**
 * From the moment that Enter runs the command until the panel's content is laid out, in the browser that shows the
 * workbench. The first opening, which loads the panel's code, is told apart.
 */
export async function panelOpen({ root, temporaryFolder, signal, log }: BenchContext): Promise<Figures> {
  const { ensureHost, ensureChromium } = await import('../../scripts/host/install.mjs');
  const { launchChromium, startCodeServer, workbenchAddress } =
    await import('../../scripts/host/code-server.mjs');
  const { createPackage } = await import('../../scripts/package.mjs');
  const { Workbench } = await import('../../test/e2e/pages/workbench.ts');
  const host = await ensureHost(log);
  const { file } = await createPackage({ out: path.join(temporaryFolder, 'bench.vsix') });
  const folder = path.join(temporaryFolder, 'workspace');
  mkdirSync(folder);
  toolrec(root, 'sample', '--workspace', folder);
  const small = ['--hidden', '8', '--inner', '8', '--layers', '1', '--max-length', '20', '--epochs', '3'];
  toolrec(root, 'train', 'sample', '--workspace', folder, '--device', 'onnx-cpu', ...small);
  const server = await startCodeServer({ host, vsix: [file] });
  const browser = await launchChromium(await ensureChromium(log));
  try {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    await page.goto(workbenchAddress(server, folder));
    const workbench = new Workbench(page, folder, temporaryFolder);
    await workbench.untilReady();
    await workbench.openViewContainer('ToolRec');
    const figures: Record<string, Figures> = {};
    for (const [name, panel] of Object.entries(panels)) {
      const milliseconds: number[] = [];
      for (let run = 0; run < runs; run++) {
        signal.throwIfAborted();
        await workbench.palette.find(panel.command);
        milliseconds.push(await untilShown(page, panel.selector));
        await workbench.palette.run('View: Close Editor');
        await page.locator('iframe.webview').first().waitFor({ state: 'detached' });
      }
      const [first, ...later] = milliseconds;
      figures[name] = { firstMilliseconds: Math.round(first!), later: summarise(later) };
    }
    return { limitMilliseconds: 300, ...figures };
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** Presses Enter and waits for the content of the webview. */
async function untilShown(page: Page, selector: string): Promise<number> {
  const started = performance.now();
  await page.keyboard.press('Enter');
  const content = page.frameLocator('iframe.webview.ready').last().frameLocator('iframe#active-frame');
  await content.locator(selector).first().waitFor();
  return performance.now() - started;
}

function toolrec(root: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [path.join(root, 'dist', 'cli.mjs'), ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`toolrec ${args.join(' ')} ended with ${status}:\n${stderr}`);
}
