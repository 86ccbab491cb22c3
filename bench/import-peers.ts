import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { ImportMeasured } from './import-child.ts';

export interface PandasMeasured {
  readonly version: string;
  readonly seconds: number;
  readonly readingSeconds: number;
  readonly peakMegabytes: number;
  readonly rows: number;
  readonly users: number;
  readonly items: number;
  readonly interactions: number;
}

/** One import by the `reference` protocol in a process of its own. */
export function importInChild(source: string, workspace: string): ImportMeasured {
  const script = path.join(import.meta.dirname, 'import-child.ts');
  return runJson(process.execPath, [
    '--import=tsx',
    script,
    source,
    workspace,
    'reference',
  ]) as ImportMeasured;
}

/** The same preparation by pandas (Debian's `python3-pandas`); undefined where it is not installed. */
export function preparedByPandas(
  kind: 'ml-1m' | 'csv',
  source: string,
  output: string,
): PandasMeasured | undefined {
  const python = '/usr/bin/python3';
  if (spawnSync(python, ['-c', 'import pandas']).status !== 0) return undefined;
  const script = path.join(import.meta.dirname, 'peers', 'prepare_pandas.py');
  return runJson(python, [script, kind, source, output]) as PandasMeasured;
}

function runJson(command: string, args: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    cwd: path.dirname(import.meta.dirname),
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}
