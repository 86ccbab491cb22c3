import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/** Milliseconds of repeated runs of one thing. */
export interface Timing extends Readonly<Record<string, number>> {
  readonly runs: number;
  readonly medianMilliseconds: number;
  readonly minMilliseconds: number;
  readonly maxMilliseconds: number;
}

/** The median, extremes and count of these times (milliseconds, at least one). */
export function summarise(milliseconds: readonly number[]): Timing {
  if (milliseconds.length === 0) throw new RangeError('There are no times to summarise.');
  const sorted = [...milliseconds].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return {
    runs: sorted.length,
    medianMilliseconds: round(median),
    minMilliseconds: round(sorted[0]!),
    maxMilliseconds: round(sorted.at(-1)!),
  };
}

/** Runs `work` `warmUps` times unmeasured (once unless said), then `runs` times measured. */
export async function repeat(
  runs: number,
  work: (run: number) => unknown,
  options: { warmUps?: number; signal?: AbortSignal } = {},
): Promise<Timing> {
  const times: number[] = [];
  for (let run = -(options.warmUps ?? 1); run < runs; run++) {
    options.signal?.throwIfAborted();
    const started = performance.now();
    await work(run);
    if (run >= 0) times.push(performance.now() - started);
  }
  return summarise(times);
}

/** Rounded to `digits` decimals: more than a microsecond is noise. */
export const round = (value: number, digits = 3): number => Number(value.toFixed(digits));

/** Peak resident memory of this process. `maxRSS` is the fallback: Linux lets a child inherit its parent's. */
export function peakMegabytes(): number {
  try {
    const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (found) return Number(found[1]) / 1024;
  } catch {
    // not Linux
  }
  return process.resourceUsage().maxRSS / 1024;
}
