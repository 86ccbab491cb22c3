import type { ChartOptions, SelectedCurve } from './protocol.ts';

/** What the training charts draw, from curves as the host sends them. Plain arithmetic, without the DOM. */

export interface Line {
  /** Which run. */
  readonly id: string;
  /** Colour and dash of the run: its place among those selected. */
  readonly order: number;
  /** Drawn thin and pale: the values before smoothing. */
  readonly faint: boolean;
  /** `null` where this run has no point. [x] */
  readonly values: readonly (number | null)[];
}

export interface Chart {
  /** Ascending; of all runs together. [x] */
  readonly x: readonly number[];
  readonly lines: readonly Line[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Exponential moving average whose first values are not pulled towards zero (the bias of the start is divided out).
 * @param weight of the past, 0 (none) to just below 1
 */
export function smooth(values: readonly number[], weight: number): number[] {
  if (weight === 0) return [...values];
  let sum = 0;
  return values.map((value, i) => {
    sum = sum * weight + (1 - weight) * value;
    return sum / (1 - weight ** (i + 1));
  });
}

const at = (axis: ChartOptions['axis'], point: { step: number; epoch: number; seconds: number }) =>
  point[axis];

/** Loss of each step, smoothed; the values themselves stand pale behind where they are smoothed. */
export function lossChart(curves: readonly SelectedCurve[], options: ChartOptions): Chart {
  return chart(
    curves.flatMap(({ id, steps }, order) => {
      const points = steps.map((step) => ({ x: at(options.axis, step), y: step.loss }));
      const line = { id, order, faint: false, points: smoothed(points, options.smoothing) };
      return options.smoothing > 0 ? [{ id, order, faint: true, points }, line] : [line];
    }),
  );
}

export function validationChart(
  curves: readonly SelectedCurve[],
  { axis }: ChartOptions,
  metric: string,
): Chart {
  return chart(
    curves.map(({ id, epochs }, order) => ({
      id,
      order,
      faint: false,
      points: epochs.flatMap((epoch) => {
        const y = epoch.validation[metric];
        return y === undefined ? [] : [{ x: at(axis, epoch), y }];
      }),
    })),
  );
}

/** Positions trained on per second. The first step warms up, and says nothing. */
export function throughputChart(curves: readonly SelectedCurve[], { axis }: ChartOptions): Chart {
  return chart(
    curves.map(({ id, steps }, order) => ({
      id,
      order,
      faint: false,
      points: smoothed(
        steps.slice(1).map((step) => ({ x: at(axis, step), y: step.tokensPerSecond })),
        0.8,
      ),
    })),
  );
}

/** Memory of the engine process at the end of each epoch, in MB. */
export function memoryChart(curves: readonly SelectedCurve[], { axis }: ChartOptions): Chart {
  return chart(
    curves.map(({ id, epochs }, order) => ({
      id,
      order,
      faint: false,
      points: epochs.map((epoch) => ({ x: at(axis, epoch), y: epoch.memory / 2 ** 20 })),
    })),
  );
}

function smoothed(points: readonly Point[], weight: number): Point[] {
  const values = smooth(
    points.map(({ y }) => y),
    weight,
  );
  return points.map(({ x }, i) => ({ x, y: values[i]! }));
}

/** Puts lines with horizontal positions of their own on one shared axis. */
function chart(lines: readonly (Omit<Line, 'values'> & { readonly points: readonly Point[] })[]): Chart {
  const x = [...new Set(lines.flatMap(({ points }) => points.map((point) => point.x)))].sort((a, b) => a - b);
  const place = new Map(x.map((value, i) => [value, i]));
  return {
    x,
    lines: lines.map(({ points, ...line }) => {
      const values = new Array<number | null>(x.length).fill(null);
      for (const point of points) values[place.get(point.x)!] = point.y;
      return { ...line, values };
    }),
  };
}

/** From where to where the shared axis goes: from the start of training to the furthest point of any run. */
export function sharedRange(
  curves: readonly SelectedCurve[],
  { axis }: ChartOptions,
): readonly [number, number] {
  const most = Math.max(
    0,
    ...curves.flatMap(({ steps, epochs }) => [...steps, ...epochs].map((each) => at(axis, each))),
  );
  return [0, most > 0 ? most : 1];
}

/** The value of a line at a place on the axis: its latest one there or before. */
export function valueAt(line: Line, index: number): number | undefined {
  for (let i = index; i >= 0; i--) {
    const value = line.values[i];
    if (value !== null && value !== undefined) return value;
  }
  return undefined;
}

/** A run's epochs, the best first. */
export function bestEpochs({ epochs }: SelectedCurve, metric: string, count: number) {
  return [...epochs]
    .sort((a, b) => (b.validation[metric] ?? -1) - (a.validation[metric] ?? -1) || a.epoch - b.epoch)
    .slice(0, count);
}
