import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BenchContext, Figures } from '../program.ts';
import { makeSession, stagedExtension, toolrec } from './window.ts';

const steps = 1000;

/**
 * What the extension host runs: rounds of an offline session by the command of the key S, with its panel open; one that
 * has ended begins again, and the rounds before stay in its log as earlier lines. The panel tells how long each change
 * took: to its picture, by the page's clock, and until the page's word of it was back in the host. That the two clocks
 * agree follows from all ways there and back (picture-times.ts). Memory is what lives after a collection.
 */
const probe = `
const fs = require('node:fs');
const vscode = require('vscode');
require('node:v8').setFlagsFromString('--expose-gc');
const collect = require('node:vm').runInNewContext('gc');

const steps = Number(process.env.TOOLREC_BENCH_STEPS);
const paced = 150;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const megabytes = (bytes) => Math.round(bytes / 1e4) / 100;
const say = (text) => console.log(process.env.TOOLREC_LOG_MARK + '  ' + text);

function summary(milliseconds) {
  const sorted = milliseconds.filter(Number.isFinite).sort((a, b) => a - b);
  const at = (share) => Math.round(10 * sorted[Math.floor(share * (sorted.length - 1))]) / 10;
  return {
    count: sorted.length,
    p50Milliseconds: at(0.5),
    p95Milliseconds: at(0.95),
    p99Milliseconds: at(0.99),
    mostMilliseconds: at(1),
    over50Milliseconds: sorted.filter((ms) => ms > 50).length,
  };
}

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
  let read = fs.statSync(log).size;
  /** The kinds of the events since the last look. */
  const news = () => {
    const file = fs.openSync(log, 'r');
    const bytes = Buffer.alloc(fs.fstatSync(file).size - read);
    read += fs.readSync(file, bytes, 0, bytes.length, read);
    fs.closeSync(file);
    return bytes.toString().trimEnd().split('\\n').filter(Boolean).map((line) => JSON.parse(line).type);
  };
  const restart = async () => {
    await vscode.commands.executeCommand('toolrec.restartSession');
    if (!news().includes('rewound')) throw new Error('The session did not begin again.');
  };
  const memory = [];
  const note = async (step) => {
    await sleep(500);
    collect();
    const { heapUsed, external, rss } = process.memoryUsage();
    memory.push({ step, heapMegabytes: megabytes(heapUsed + external), residentMegabytes: megabytes(rss), logMegabytes: megabytes(read) });
  };
  await restart();
  await sleep(1000);
  const counts = () => ({ drawn: timings().drawn.length, heard: timings().heard.length });
  const pictures = (from) => ({
    untilDrawn: summary(timings().drawn.slice(from.drawn)),
    andBack: summary(timings().heard.slice(from.heard)),
  });
  const took = [];
  let observed = 0;
  let lines = 1;
  let ended = false;
  const go = async (pause) => {
    if (ended) {
      await restart();
      lines++;
    }
    const from = performance.now();
    await vscode.commands.executeCommand('toolrec.stepSession');
    took.push(performance.now() - from);
    const kinds = news();
    if (!kinds.includes('decided')) throw new Error('A step did nothing: ' + kinds.join());
    if (kinds.includes('observed')) observed++;
    ended = kinds.includes('finished');
    await sleep(pause);
  };
  // As a person steps who holds the key down.
  const before = counts();
  for (let step = 0; step < paced; step++) await go(100);
  await sleep(1000);
  const pacedPictures = pictures(before);
  say(paced + ' steps of a person');
  // As fast as it goes.
  const started = performance.now();
  const fast = counts();
  for (let step = 0; step < steps; step++) {
    if (step % (steps / 4) === 0) {
      await note(step);
      say(step + ' steps after ' + Math.round((performance.now() - started) / 1000) + ' s');
    }
    await go(10);
  }
  const seconds = Math.round(performance.now() - started) / 1000;
  await note(steps);
  const fastPictures = pictures(fast);
  const { atLeast, atMost } = timings().clocks;
  await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  await sleep(1000);
  collect();
  const closed = process.memoryUsage();
  fs.writeFileSync(process.env.TOOLREC_BENCH_OUT, JSON.stringify({
    stepsOfAPerson: { steps: paced, ...pacedPictures },
    stepsAtFullSpeed: { steps, seconds, ...fastPictures },
    clocks: {
      pageAheadAtLeastMilliseconds: Math.round(10 * atLeast) / 10,
      pageAheadAtMostMilliseconds: Math.round(10 * atMost) / 10,
    },
    observed, lines,
    stepInTheHost: summary(took),
    memory: Object.fromEntries(memory.map(({ step, ...rest }) => ['after' + step, rest])),
    afterClosing: { heapMegabytes: megabytes(closed.heapUsed + closed.external), residentMegabytes: megabytes(closed.rss) },
  }));
};`;

interface Clocks {
  readonly [name: string]: number;
  readonly pageAheadAtLeastMilliseconds: number;
  readonly pageAheadAtMostMilliseconds: number;
}

/** Time from the host's state to the screen, and memory over 1,000 steps. */
export async function sessionSteps(context: BenchContext): Promise<Figures> {
  const { root, temporaryFolder, log } = context;
  const { runInHost } = await import('../../scripts/test-integration.mjs');
  const tests = path.join(temporaryFolder, 'steps-probe.cjs');
  const out = path.join(temporaryFolder, 'steps.json');
  const folder = path.join(temporaryFolder, 'steps-workspace');
  mkdirSync(folder);
  toolrec(root, 'sample', '--workspace', folder);
  const session = makeSession(root, folder);
  const extension = await stagedExtension(context);
  writeFileSync(tests, probe);
  log('  stepping …');
  await runInHost(extension, tests, {
    TOOLREC_HOST_TIMEOUT: '300',
    TOOLREC_BENCH_OUT: out,
    TOOLREC_BENCH_STEPS: String(steps),
    TOOLREC_BENCH_SESSION: session,
    TOOLREC_BENCH_WORKSPACE: path.join(folder, '.toolrec'),
  });
  const figures = JSON.parse(readFileSync(out, 'utf8')) as Figures & { readonly clocks: Clocks };
  const { pageAheadAtLeastMilliseconds: least, pageAheadAtMostMilliseconds: most } = figures.clocks;
  if (!(least <= 0 && most >= 0))
    throw new Error(`The clocks of page and host do not agree: ${least} to ${most} ms apart.`);
  return { limitMilliseconds: 50, ...figures };
}
