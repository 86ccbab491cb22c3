/** Scales and ticks of plots. Plain arithmetic, tested in test/unit/workbench/scale.test.ts. */

/** At most about `wanted` round numbers from 0 to `maximum`: steps of 1, 2 or 5 times a power of ten. */
export function linearTicks(maximum: number, wanted: number, wholeNumbers = true): number[] {
  if (!(maximum > 0)) return [0];
  const rough = maximum / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * 0.999) ?? 10;
  const step = wholeNumbers ? Math.max(1, factor * power) : factor * power;
  const ticks: number[] = [];
  for (let i = 0; i * step <= maximum * 1.0001; i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/** Powers of ten within `[minimum, maximum]`, thinned out to at most `wanted`. */
export function logTicks(minimum: number, maximum: number, wanted: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.ceil(Math.log10(Math.max(minimum, 1e-9))); 10 ** power <= maximum * 1.0001; power++)
    ticks.push(10 ** power);
  const step = Math.max(1, Math.ceil(ticks.length / Math.max(1, wanted)));
  return ticks.filter((_, i) => i % step === 0);
}

/** Maps `[from, to]` to `[start, end]`; on a logarithmic axis `from` must be above 0. */
export function scale(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
  logarithmic = false,
): (value: number) => number {
  const place = logarithmic ? Math.log : (value: number) => value;
  const [low, high] = [place(from), place(to)];
  if (high === low) return () => (start + end) / 2;
  return (value) => start + ((place(value) - low) / (high - low)) * (end - start);
}

/** Starts of calendar years or months within `[first, last]` (seconds, UTC), at most about `wanted`. */
export function timeTicks(
  first: number,
  last: number,
  wanted: number,
): { at: number; unit: 'year' | 'month' }[] {
  const begin = new Date(first * 1000);
  const end = new Date(last * 1000);
  const years = end.getUTCFullYear() - begin.getUTCFullYear();
  const unit = years >= 2 ? 'year' : 'month';
  const total = unit === 'year' ? years + 1 : years * 12 + end.getUTCMonth() - begin.getUTCMonth() + 1;
  const step = Math.max(1, Math.ceil(total / Math.max(1, wanted)));
  const ticks: { at: number; unit: 'year' | 'month' }[] = [];
  for (let i = 0; i <= total; i++) {
    const at =
      (unit === 'year'
        ? Date.UTC(begin.getUTCFullYear() + i, 0)
        : Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth() + i)) / 1000;
    if (at >= first && at <= last && i % step === 0) ticks.push({ at, unit });
  }
  return ticks;
}
