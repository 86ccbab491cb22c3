import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ExtensionApi } from '../src/extension.ts';
import { round, summarise } from './measure.ts';
import type { BenchProgram } from './program.ts';

/** What the extension host runs: activates the extension and writes what it says of itself. */
const probe = `
const fs = require('node:fs');
const vscode = require('vscode');
exports.run = async () => {
  const extension = vscode.extensions.getExtension('toolrec.toolrec');
  const started = performance.now();
  const api = await extension.activate();
  const total = performance.now() - started;
  const { activationMilliseconds, activationCpuMilliseconds } = api;
  fs.writeFileSync(process.env.TOOLREC_BENCH_OUT, JSON.stringify({ activationMilliseconds, activationCpuMilliseconds, total }));
};`;

type Sample = Omit<ExtensionApi, 'engineWasNeeded'> & { readonly total: number };

const program: BenchProgram = {
  name: 'activation',
  description:
    'Activation of the packaged extension in a real extension host: our own time, limit 50 ms. [runs]',
  async run({ args, temporaryFolder, signal, log }) {
    const runs = Number(args[0] ?? 5);
    if (!Number.isInteger(runs) || runs < 1)
      throw new Error(`The number of runs is a positive integer: ${args[0]}`);
    const { stageExtension } = await import('../scripts/package.mjs');
    const { runInHost } = await import('../scripts/test-integration.mjs');
    const extension = path.join(temporaryFolder, 'extension');
    const tests = path.join(temporaryFolder, 'probe.cjs');
    const out = path.join(temporaryFolder, 'sample.json');
    mkdirSync(extension);
    await stageExtension(extension);
    writeFileSync(tests, probe);
    const samples: Sample[] = [];
    for (let run = 1; run <= runs; run++) {
      signal.throwIfAborted();
      log(`start ${run} of ${runs} …`);
      await runInHost(extension, tests, { TOOLREC_BENCH_OUT: out });
      samples.push(JSON.parse(readFileSync(out, 'utf8')) as Sample);
    }
    return {
      figures: {
        limitMilliseconds: 50,
        own: summarise(samples.map((sample) => sample.activationMilliseconds)),
        ownProcessorTime: summarise(samples.map((sample) => sample.activationCpuMilliseconds)),
        // With the loading and compiling of the bundle, and the way from the host to the extension and back.
        whole: summarise(samples.map((sample) => sample.total)),
        bundleKilobytes: round(statSync(path.join(extension, 'dist', 'extension.cjs')).size / 1024, 1),
      },
    };
  },
};

export default program;
