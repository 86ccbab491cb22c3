import { spawnSync } from 'node:child_process';
import path from 'node:path';
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

export function hasTorch(): boolean {
  return spawnSync(python, ['-c', 'import torch']).status === 0;
}

export function stepsInChild(task: StepCase): StepMeasured {
  const script = path.join(import.meta.dirname, 'step-child.ts');
  return runJson(process.execPath, ['--import=tsx', script, JSON.stringify(task)]) as StepMeasured;
}

/** The same step by PyTorch (Debian's `python3-torch` with `libopenblas0-pthread`). */
export function stepsByTorch(task: StepCase): StepMeasured {
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
  return runJson(python, [path.join(import.meta.dirname, 'peers', 'step.py'), ...flags]) as StepMeasured;
}

export function runJson(command: string, args: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    cwd: path.dirname(import.meta.dirname),
    maxBuffer: 1 << 26,
    // Otherwise OpenBLAS takes threads of its own beside PyTorch's, and both are many times slower.
    env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Rounds of both sides in turn, so that a disturbance meets both. */
export interface Compared {
  readonly ours: StepMeasured[];
  readonly torch: StepMeasured[];
}

export function compareSteps(
  task: StepCase,
  rounds: number,
  torch: boolean,
  log: (message: string) => void,
): Compared {
  const compared: Compared = { ours: [], torch: [] };
  for (let turn = 0; turn < rounds; turn++) {
    log(`${task.model} ${task.loss}, length ${task.length}: round ${turn + 1} of ${rounds}`);
    compared.ours.push(stepsInChild(task));
    if (torch) compared.torch.push(stepsByTorch(task));
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
