import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { UsageError } from '../src/shared/errors.ts';
import { round } from './measure.ts';

/** One training step to measure; the sizes that all cases share are in `step-child.ts` and `peers/step.py`. */
export interface StepCase {
  readonly model: 'sasrec' | 'bert4rec';
  readonly loss: 'bpr' | 'cross-entropy';
  readonly batch: number;
  readonly length: number;
  readonly items: number;
  readonly dropout: number;
  readonly threads: number;
  readonly steps: number;
  readonly warmUps: number;
  readonly device?: string;
  /** The peer scores all items at padding too, as public implementations do. */
  readonly padded?: boolean;
  /** The peer computes on the NVIDIA card. */
  readonly cuda?: boolean;
}

export interface StepMeasured {
  readonly milliseconds: readonly number[];
  /** Processor time of the cheapest step over all threads: what a busy machine disturbs least. */
  readonly cpuMilliseconds: number;
  readonly compileMilliseconds?: number;
  readonly peakMegabytes: number;
  readonly loss: number;
  readonly torch?: string;
}

const python = '/usr/bin/python3';

/** `--name 3` among the arguments of a program. */
export function numberOption(args: readonly string[], name: string, fallback: number): number {
  const at = args.indexOf(`--${name}`);
  if (at < 0) return fallback;
  const value = Number(args[at + 1]);
  if (Number.isFinite(value)) return value;
  throw new UsageError('bad-option', `--${name} needs a number.`, `Give --${name} ${fallback}.`);
}

/** PyTorch can compute on an NVIDIA card of this machine. */
export function hasCuda(): boolean {
  return spawnSync(python, ['-c', 'import torch; assert torch.cuda.is_available()']).status === 0;
}

export function hasTorch(): boolean {
  return spawnSync(python, ['-c', 'import torch']).status === 0;
}

/** How a program in `peers/` is run. */
export const torchCommand = (script: string, args: readonly string[]): [string, string[]] => [
  python,
  [path.join(import.meta.dirname, 'peers', script), ...args],
];

/** A process that does a part of its work whenever it is asked to: between its rounds it costs nothing. */
export class PeerProcess<Measured = unknown> {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;
  private printed = '';

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { cwd: path.dirname(import.meta.dirname), env: environment() });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.printed += text));
    this.lines = createInterface(this.child.stdout)[Symbol.asyncIterator]();
  }

  async round(): Promise<Measured> {
    this.child.stdin.write('go\n');
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`A measured process ended: ${this.printed}`);
    return JSON.parse(value) as Measured;
  }

  /** Ends it, and waits until its memory is free. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin.end();
    await ended;
  }
}

/** Some steps of one case, a round. */
export type StepProcess = PeerProcess<StepMeasured>;

export function ownSteps(task: StepCase): StepProcess {
  const script = path.join(import.meta.dirname, 'step-child.ts');
  return new PeerProcess(process.execPath, ['--import=tsx', script, JSON.stringify(task)]);
}

/** The same step by PyTorch (Debian's `python3-torch` with `libopenblas0-openmp`). */
export function torchSteps(task: StepCase): StepProcess {
  const options = {
    model: task.model,
    loss: task.loss,
    batch: task.batch,
    length: task.length,
    items: task.items,
    dropout: task.dropout,
    threads: task.threads,
    steps: task.steps,
    warmup: task.warmUps,
  };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const more = [...(task.padded ? ['--padded'] : []), ...(task.cuda ? ['--cuda'] : [])];
  return new PeerProcess(...torchCommand('step.py', [...flags, ...more]));
}

/** Debian's `libopenblas0-openmp`: matrix products in PyTorch's own threads, its fastest here by a tenth to a quarter. */
const openMp = '/usr/lib/x86_64-linux-gnu/openblas-openmp';

/** The linear algebra that PyTorch is given. */
export const peerBlas = existsSync(openMp) ? 'OpenBLAS, OpenMP' : 'OpenBLAS, one thread';

/** PyTorch at its best on this machine. OpenBLAS with threads of its own beside PyTorch's makes both many times slower. */
const environment = () =>
  existsSync(openMp)
    ? { ...process.env, LD_LIBRARY_PATH: openMp }
    : { ...process.env, OPENBLAS_NUM_THREADS: '1' };

export function runJson(command: string, args: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    cwd: path.dirname(import.meta.dirname),
    maxBuffer: 1 << 26,
    env: environment(),
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Rounds of both sides in turn, so that a disturbance meets both. */
export interface Compared {
  readonly ours: StepMeasured[];
  readonly torch: StepMeasured[];
}

export async function compareSteps(
  task: StepCase,
  rounds: number,
  torch: boolean,
  log: (message: string) => void,
  signal?: AbortSignal,
): Promise<Compared> {
  const compared: Compared = { ours: [], torch: [] };
  const own = ownSteps(task);
  const other = torch ? torchSteps(task) : undefined;
  try {
    for (let turn = 0; turn < rounds; turn++) {
      signal?.throwIfAborted();
      log(`${task.model} ${task.loss}, length ${task.length}: round ${turn + 1} of ${rounds}`);
      compared.ours.push(await own.round());
      if (other) compared.torch.push(await other.round());
    }
  } finally {
    await Promise.all([own.end(), other?.end()]);
  }
  return compared;
}

/** Medians, extremes, ratios. Ratios of minima are least disturbed by what else the machine does. */
export function figuresOf({ ours, torch }: Compared) {
  const side = (measured: readonly StepMeasured[]) => {
    const all = measured.flatMap(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
    return {
      minMilliseconds: round(all[0]!, 1),
      medianMilliseconds: round(all[all.length >> 1]!, 1),
      cpuMilliseconds: round(Math.min(...measured.map((each) => each.cpuMilliseconds)), 1),
      peakMegabytes: round(Math.max(...measured.map((each) => each.peakMegabytes)), 0),
    };
  };
  const own = {
    ...side(ours),
    compileMilliseconds: round(Math.min(...ours.map((each) => each.compileMilliseconds!)), 0),
  };
  if (torch.length === 0) return { ours: own };
  const other = side(torch);
  return {
    ours: own,
    torch: other,
    ratioOfMinima: round(own.minMilliseconds / other.minMilliseconds, 3),
    ratioOfMedians: round(own.medianMilliseconds / other.medianMilliseconds, 3),
    ratioOfProcessorTime: round(own.cpuMilliseconds / other.cpuMilliseconds, 3),
    ratioOfMemory: round(own.peakMegabytes / other.peakMegabytes, 3),
  };
}
