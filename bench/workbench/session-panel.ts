import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame, Page } from 'playwright-core';
import { round, summarise } from '../measure.ts';
import type { BenchContext, Figures } from '../program.ts';
import { writeLongSession } from './long-session.ts';

const rounds = 500;
const openings = 7;
const frames = 600;
const steps = 1000;

/**
 * The session panel in the browser that shows the workbench: from Enter in the list of sessions until the panel's
 * toolbar is laid out, with a usual session and with one of 500 rounds; and the times of frames while the long one is
 * scrolled from its first round to its last.
 */
export async function sessionPanel({ root, temporaryFolder, signal, log }: BenchContext): Promise<Figures> {
  const { ensureHost, ensureChromium } = await import('../../scripts/host/install.mjs');
  const { launchChromium, startCodeServer, workbenchAddress } =
    await import('../../scripts/host/code-server.mjs');
  const { createPackage } = await import('../../scripts/package.mjs');
  const { Workbench } = await import('../../test/e2e/pages/workbench.ts');
  const host = await ensureHost(log);
  const { file } = await createPackage({ out: path.join(temporaryFolder, 'session.vsix') });
  const folder = path.join(temporaryFolder, 'session-workspace');
  const usual = makeSession(root, folder);
  const long = writeLongSession(path.join(folder, '.toolrec', 'sessions', `${usual}.jsonl`), rounds);
  const server = await startCodeServer({ host, vsix: [file] });
  const browser = await launchChromium(await ensureChromium(log));
  try {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    await page.goto(workbenchAddress(server, folder));
    const workbench = new Workbench(page, folder, temporaryFolder);
    await workbench.untilReady();
    await workbench.openViewContainer('ToolRec');
    const open = async (id: string): Promise<number> => {
      signal.throwIfAborted();
      await workbench.palette.run('ToolRec: Open Session…');
      await workbench.palette.row(id).waitFor();
      await workbench.palette.input.fill(id);
      const started = performance.now();
      await page.keyboard.press('Enter');
      const content = page.frameLocator('iframe.webview.ready').last().frameLocator('iframe#active-frame');
      await content.locator('[data-round="1"]').waitFor({ state: 'attached' });
      return performance.now() - started;
    };
    const close = async (): Promise<void> => {
      await workbench.palette.run('View: Close Editor');
      await page.locator('iframe.webview').first().waitFor({ state: 'detached' });
    };
    const times = async (id: string): Promise<Figures> => {
      const milliseconds: number[] = [];
      for (let run = 0; run < openings; run++) {
        milliseconds.push(await open(id));
        await close();
      }
      const [first, ...later] = milliseconds;
      return { firstMilliseconds: Math.round(first!), later: summarise(later) };
    };
    const usualTimes = await times(usual);
    const longTimes = await times(long);
    await open(long);
    return {
      limitMilliseconds: 300,
      open: usualTimes,
      [`openOf${rounds}Rounds`]: longTimes,
      [`scrollOf${rounds}Rounds`]: await scroll(await panelFrame(page)),
    };
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** Runs in the page, which is no part of this program's types. */
const scrolling = `(async () => {
  const next = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const scroller =
    [...document.querySelectorAll('*')].find(
      (element) =>
        element.scrollHeight > element.clientHeight + 1000 &&
        ['auto', 'scroll'].includes(getComputedStyle(element).overflowY),
    ) ?? document.documentElement;
  scroller.scrollTop = 0;
  await next();
  let last = await next();
  const between = [];
  for (let i = 1; i <= ${frames}; i++) {
    scroller.scrollTop = ((scroller.scrollHeight - scroller.clientHeight) * i) / ${frames};
    const now = await next();
    between.push(now - last);
    last = now;
  }
  return { between, height: scroller.scrollHeight, top: scroller.scrollTop };
})()`;

/** Scrolls a step a frame, from the top to the bottom, and gives the time between frames. */
async function scroll(frame: Frame): Promise<Figures> {
  const times = await frame.evaluate<{ between: number[]; height: number; top: number }>(scrolling);
  const sorted = [...times.between].sort((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.floor(share * (sorted.length - 1))]!, 1);
  return {
    heightPixels: times.height,
    reachedPixels: Math.round(times.top),
    frames: sorted.length,
    p50Milliseconds: at(0.5),
    p95Milliseconds: at(0.95),
    p99Milliseconds: at(0.99),
    mostMilliseconds: at(1),
    longerThan33MillisecondsShare: round(sorted.filter((ms) => ms > 33.4).length / sorted.length, 3),
  };
}

async function panelFrame(page: Page): Promise<Frame> {
  const outer = await page.locator('iframe.webview.ready').last().elementHandle();
  const inner = await (await outer!.contentFrame())!.waitForSelector('iframe#active-frame');
  return (await inner.contentFrame())!;
}

/**
 * What the extension host runs: steps of an offline session with its panel open. The panel tells how long each picture
 * took, from the host's change to the page's report that it was drawn; a session that has ended begins again.
 */
const probe = `
const fs = require('node:fs');
const vscode = require('vscode');

const steps = Number(process.env.TOOLREC_BENCH_STEPS);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const megabytes = (bytes) => Math.round(bytes / 1e4) / 100;

exports.run = async () => {
  const folder = vscode.workspace.workspaceFolders[0].uri.fsPath;
  const api = await vscode.extensions.getExtension('toolrec.toolrec').activate();
  const id = process.env.TOOLREC_BENCH_SESSION;
  fs.cpSync(process.env.TOOLREC_BENCH_WORKSPACE, folder + '/.toolrec', { recursive: true });
  await vscode.commands.executeCommand('toolrec.openSession', { folder, id });
  const timings = () => api.sessionTimings()[0];
  for (const deadline = Date.now() + 60000; !timings()?.shown; await sleep(50))
    if (Date.now() > deadline) throw new Error('The panel was not shown.');
  const log = folder + '/.toolrec/sessions/' + id + '.jsonl';
  const lines = () => fs.readFileSync(log, 'utf8').trimEnd().split('\\n');
  const memory = [];
  const note = (step) => memory.push({ step, heap: process.memoryUsage().heapUsed, rss: process.memoryUsage().rss });
  await vscode.commands.executeCommand('toolrec.restartSession');
  await sleep(1000);
  for (let step = 0; step < steps; step++) {
    if (step % (steps / 4) === 0) note(step);
    await vscode.commands.executeCommand('toolrec.stepSession');
    await sleep(10); // a person looks at it
    if (step % 7 === 6) await vscode.commands.executeCommand('toolrec.restartSession');
  }
  note(steps);
  await sleep(2000);
  const sorted = timings().drawn.slice(20).filter(Number.isFinite).sort((a, b) => a - b);
  const at = (share) => Math.round(10 * sorted[Math.floor(share * (sorted.length - 1))]) / 10;
  fs.writeFileSync(process.env.TOOLREC_BENCH_OUT, JSON.stringify({
    pictures: sorted.length,
    p50Milliseconds: at(0.5),
    p95Milliseconds: at(0.95),
    mostMilliseconds: at(1),
    events: lines().length,
    logMegabytes: megabytes(fs.statSync(log).size),
    memory: memory.map(({ step, heap, rss }) => ({ step, heapMegabytes: megabytes(heap), residentMegabytes: megabytes(rss) })),
  }));
};`;

/** Time from the host's state to the screen, and memory over 1,000 steps. */
export async function sessionSteps({ root, temporaryFolder }: BenchContext): Promise<Figures> {
  const { stageExtension } = await import('../../scripts/package.mjs');
  const { runInHost } = await import('../../scripts/test-integration.mjs');
  const extension = path.join(temporaryFolder, 'steps-extension');
  const tests = path.join(temporaryFolder, 'steps-probe.cjs');
  const out = path.join(temporaryFolder, 'steps.json');
  const folder = path.join(temporaryFolder, 'steps-workspace');
  const session = makeSession(root, folder);
  mkdirSync(extension);
  await stageExtension(extension);
  writeFileSync(tests, probe);
  await runInHost(extension, tests, {
    TOOLREC_BENCH_OUT: out,
    TOOLREC_BENCH_STEPS: String(steps),
    TOOLREC_BENCH_SESSION: session,
    TOOLREC_BENCH_WORKSPACE: path.join(folder, '.toolrec'),
  });
  return { limitMilliseconds: 50, steps, ...(JSON.parse(readFileSync(out, 'utf8')) as Figures) };
}

/** A workspace with the sample and a session on it that has ended; its id. */
function makeSession(root: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(path.join(folder, '.toolrec'))) toolrec(root, 'sample', '--workspace', folder);
  const text = toolrec(root, 'session', 'run', '--workspace', folder, '--json', '--user', 'simulated-1');
  return (JSON.parse(text) as { session: string }).session;
}

function toolrec(root: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(root, 'dist', 'cli.mjs'), ...args],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`toolrec ${args.join(' ')} ended with ${status}:\n${stderr}`);
  return stdout;
}
