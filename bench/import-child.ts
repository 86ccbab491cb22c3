/**
 * node --import=tsx bench/import-child.ts <source> <workspace> <protocol>
 * One import in a process of its own, so that its peak memory is its own. Prints one line of JSON.
 */
import { performance } from 'node:perf_hooks';
import { importDataset } from '../src/data/import.ts';
import type { ProtocolName } from '../src/data/preparation.ts';
import { Workspace } from '../src/shared/workspace.ts';
import { peakMegabytes } from './measure.ts';

export interface ImportMeasured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly rows: number;
  /** Seconds up to the first progress of each stage. */
  readonly stages: Readonly<Record<string, number>>;
}

if (process.argv[1] === import.meta.filename) {
  const [source, workspace, protocol] = process.argv.slice(2) as [string, string, ProtocolName];
  const stages: Record<string, number> = {};
  const before = process.cpuUsage();
  const started = performance.now();
  const { manifest } = await importDataset(
    { workspace: new Workspace(workspace), paths: [source], protocol },
    {
      onProgress: ({ message }) => {
        const stage = message.startsWith('Reading') ? 'Reading' : message;
        stages[stage] ??= (performance.now() - started) / 1000;
      },
    },
  );
  const { user, system } = process.cpuUsage(before);
  const measured: ImportMeasured = {
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakMegabytes: peakMegabytes(),
    counts: manifest.counts,
    rows: manifest.report!.rows,
    stages,
  };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
}
