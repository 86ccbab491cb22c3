import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BenchContext, Figures } from '../program.ts';
import { stagedExtension } from './window.ts';

/**
 * What the extension host runs: a timer of 1 ms tells how late the event loop is, first at rest, then while the sample
 * is trained on all cores with the training panel open. A keypress in the editor waits for that long at most.
 */
const probe = `
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');
const { monitorEventLoopDelay } = require('node:perf_hooks');

const seconds = Number(process.env.TOOLREC_BENCH_SECONDS);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function measure(ms) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await sleep(ms);
  histogram.disable();
  const milliseconds = (nanoseconds) => Math.round(nanoseconds / 1e4) / 100;
  return {
    p50Milliseconds: milliseconds(histogram.percentile(50)),
    p99Milliseconds: milliseconds(histogram.percentile(99)),
    mostMilliseconds: milliseconds(histogram.max),
  };
}

exports.run = async () => {
  const folder = vscode.workspace.workspaceFolders[0].uri;
  await vscode.extensions.getExtension('toolrec.toolrec').activate();
  await vscode.commands.executeCommand('toolrec.createSample');
  await sleep(3000);
  const atRest = await measure(seconds * 500);
  const file = vscode.Uri.joinPath(folder, 'bench.toolrec-train.yaml');
  const text = 'dataset: sample\\nid: bench\\ndevice: onnx-cpu\\nepochs: 5000\\npatience: 5000\\n' + process.env.TOOLREC_BENCH_CONFIG;
  await vscode.workspace.fs.writeFile(file, Buffer.from(text));
  await vscode.commands.executeCommand('toolrec.runTrainingFile', file);
  const log = path.join(folder.fsPath, '.toolrec', 'models', 'bench', 'training.jsonl');
  const steps = () => (fs.existsSync(log) ? fs.readFileSync(log, 'utf8').split('"kind":"step"').length - 1 : 0);
  for (const deadline = Date.now() + 60000; steps() === 0; await sleep(100))
    if (Date.now() > deadline) throw new Error('The training did not begin.');
  await sleep(2000);
  const before = steps();
  const started = performance.now();
  const training = await measure(seconds * 1000);
  const elapsed = (performance.now() - started) / 1000;
  const done = steps() - before;
  await vscode.commands.executeCommand('toolrec.stopTraining', { folder, id: 'bench' });
  for (const deadline = Date.now() + 20000; Date.now() < deadline; await sleep(100))
    if (JSON.parse(fs.readFileSync(path.join(path.dirname(log), 'model.json'), 'utf8')).status === 'stopped') break;
  const figures = { atRest, training, stepsASecond: Math.round((10 * done) / elapsed) / 10 };
  fs.writeFileSync(process.env.TOOLREC_BENCH_OUT, JSON.stringify(figures));
};`;

const seconds = 10;

/** The usual model, and one so small that it makes very many steps a second, which all come to the host. */
const models = { usual: '', fastSteps: 'hidden: 8\ninner: 8\nlayers: 1\nmaxLength: 20\nbatchTokens: 400\n' };

export async function trainingLoad(context: BenchContext): Promise<Figures> {
  const { temporaryFolder, signal, log } = context;
  const { runInHost } = await import('../../scripts/test-integration.mjs');
  const extension = await stagedExtension(context);
  const tests = path.join(temporaryFolder, 'load-probe.cjs');
  const out = path.join(temporaryFolder, 'load.json');
  writeFileSync(tests, probe);
  const figures: Record<string, Figures> = {};
  for (const [name, config] of Object.entries(models)) {
    signal.throwIfAborted();
    log(`  training, ${name} …`);
    await runInHost(extension, tests, {
      TOOLREC_BENCH_OUT: out,
      TOOLREC_BENCH_SECONDS: String(seconds),
      TOOLREC_BENCH_CONFIG: config,
    });
    figures[name] = JSON.parse(readFileSync(out, 'utf8')) as Figures;
  }
  return { limitP99Milliseconds: 20, ...figures };
}
