/**
 * npm run --silent bench -- [<name>] [--json] [--keep] [-- <arguments for the program>]
 *
 * With no name it lists the programs. `--json` puts the result on stdout alone; `--keep` stores it in
 * bench/results/. Exit codes: 0 done, 1 the program failed, 2 no such program or option, 130 interrupted.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { closest } from 'fastest-levenshtein';
import { writeFileAtomic } from '../src/shared/atomic-file.ts';
import { ToolRecError, UsageError } from '../src/shared/errors.ts';
import type { BenchProgram, BenchResult, Figure, Machine, Peer } from './program.ts';

const folder = import.meta.dirname;
const root = path.dirname(folder);
const usage = 'usage: npm run bench -- <name> [--json] [--keep] [-- <arguments for the program>]';

interface Request {
  readonly name: string | undefined;
  readonly json: boolean;
  readonly keep: boolean;
  readonly args: readonly string[];
}

/** Reads the command line. @throws UsageError */
export function parseRequest(argv: readonly string[]): Request {
  const border = argv.indexOf('--');
  const own = border < 0 ? argv : argv.slice(0, border);
  let parsed;
  try {
    parsed = parseArgs({
      args: [...own],
      options: { json: { type: 'boolean' }, keep: { type: 'boolean' } },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError('unknown-option', (error as Error).message, usage);
  }
  if (parsed.positionals.length > 1)
    throw new UsageError('too-many-names', `One program at a time: ${parsed.positionals.join(', ')}.`, usage);
  return {
    name: parsed.positionals[0],
    json: parsed.values.json ?? false,
    keep: parsed.values.keep ?? false,
    args: border < 0 ? [] : argv.slice(border + 1),
  };
}

export function programNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.bench.ts'))
    .map((file) => file.slice(0, -'.bench.ts'.length))
    .sort();
}

/** Imports a program. @throws UsageError `unknown-program` with the nearest name */
export async function loadProgram(name: string): Promise<BenchProgram> {
  const names = programNames();
  if (!names.includes(name))
    throw new UsageError(
      'unknown-program',
      `There is no bench program "${name}".`,
      `${names.length ? `Did you mean "${closest(name, names)}"? ` : ''}${usage}`,
    );
  const file = path.join(folder, `${name}.bench.ts`);
  const program = ((await import(pathToFileURL(file).href)) as { default?: BenchProgram }).default;
  if (program?.name !== name || typeof program.run !== 'function')
    throw new Error(`bench/${name}.bench.ts must default-export a BenchProgram named "${name}".`);
  return program;
}

export function describeMachine(): Machine {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGigabytes: Math.round(os.totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch} ${os.release()}`,
    loadBefore: Number(os.loadavg()[0]!.toFixed(2)),
  };
}

function sharedFolder(): string | undefined {
  const candidate = process.env['TOOLREC_SHARED'] ?? path.join(root, '..', 'shared');
  return existsSync(candidate) ? candidate : undefined;
}

async function measure(request: Request & { name: string }, signal: AbortSignal): Promise<BenchResult> {
  const program = await loadProgram(request.name);
  const machine = describeMachine();
  const temporaryFolder = mkdtempSync(path.join(os.tmpdir(), `toolrec-bench-`));
  const rest = request.args.length ? ` -- ${request.args.map(quote).join(' ')}` : '';
  const command = `npm run bench -- ${program.name}${rest}`;
  try {
    const outcome = await program.run({
      args: request.args,
      root,
      temporaryFolder,
      shared: sharedFolder(),
      keep: request.keep,
      machine,
      command,
      signal,
      log: (message) => process.stderr.write(`${message}\n`),
    });
    return { name: program.name, ...outcome, machine, command };
  } finally {
    rmSync(temporaryFolder, { recursive: true, force: true });
  }
}

const quote = (argument: string): string =>
  /^[\w./:=@,+-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;

/** The result as indented `name  value` lines. */
export function formatResult(result: BenchResult): string {
  const lines = [`${result.name}`, ...formatFigures(result.figures)];
  const peers: readonly Peer[] = result.peer === undefined ? [] : [result.peer].flat();
  for (const peer of peers)
    lines.push(`peer: ${peer.name}${peer.source ? ` (${peer.source})` : ''}`, ...formatFigures(peer.figures));
  const { cpu, cores, memoryGigabytes, node, platform, loadBefore } = result.machine;
  lines.push(
    `machine: ${cpu}, ${cores} cores, ${memoryGigabytes} GiB, Node ${node}, ${platform}, load ${loadBefore}`,
    `command: ${result.command}`,
  );
  return lines.join('\n');
}

function formatFigures(figures: Readonly<Record<string, Figure>>, indent = '  '): string[] {
  const width = Math.max(0, ...Object.keys(figures).map((name) => name.length));
  return Object.entries(figures).flatMap(([name, value]) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? [`${indent}${name}`, ...formatFigures(value as Record<string, Figure>, `${indent}  `)]
      : [`${indent}${name.padEnd(width)}  ${typeof value === 'string' ? value : JSON.stringify(value)}`],
  );
}

async function list(json: boolean): Promise<void> {
  const programs = await Promise.all(programNames().map(loadProgram));
  if (json) {
    const entries = programs.map(({ name, description }) => ({ name, description }));
    process.stdout.write(`${JSON.stringify(entries, null, 2)}\n`);
    return;
  }
  const width = Math.max(0, ...programs.map((program) => program.name.length));
  for (const { name, description } of programs) console.info(`${name.padEnd(width)}  ${description}`);
  process.stderr.write(`\n${usage}\n`);
}

export async function main(argv: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const interrupt = () => {
    // The second one ends a program that does not listen.
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  process.on('SIGINT', interrupt);
  try {
    const request = parseRequest(argv);
    const { name } = request;
    if (name === undefined) {
      await list(request.json);
      return 0;
    }
    // A library that greets on stdout must not spoil the result.
    if (request.json) console.log = console.info = console.debug = console.error;
    const result = await measure({ ...request, name }, stop.signal);
    const text = JSON.stringify(result, null, 2);
    process.stdout.write(`${request.json ? text : formatResult(result)}\n`);
    if (request.keep) {
      const kept = path.join(folder, 'results', `${result.name}.json`);
      await writeFileAtomic(kept, `${text}\n`);
      process.stderr.write(`kept in ${path.relative(process.cwd(), kept)}\n`);
    }
    return 0;
  } catch (error) {
    if (stop.signal.aborted) return 130;
    if (error instanceof ToolRecError) process.stderr.write(`bench: ${error.describe()}\n`);
    else
      process.stderr.write(
        `bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
    return error instanceof UsageError ? 2 : 1;
  } finally {
    process.off('SIGINT', interrupt);
  }
}
