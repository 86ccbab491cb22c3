import type { Bin } from '../data/histogram.ts';
import { table, type Style } from './terminal.ts';

export const whole = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 1 });
export const percent = (share: number): string => `${(100 * share).toFixed(2).replace(/\.?0+$/, '')} %`;

const barWidth = 40;
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** One line a bin: its range, its count, and a bar in proportion to the largest. */
export function histogram(bins: readonly Bin[], style: Style): string[] {
  const largest = Math.max(1, ...bins.map(({ count }) => count));
  const rows = bins.map(({ from, to, count }, i) => {
    const last = i === bins.length - 1;
    const open = !last && Number.isInteger(from) && Number.isInteger(to) ? to - 1 : to;
    const range = open > from ? `${label(from)}–${label(open)}` : label(from);
    const length = Math.round((count / largest) * barWidth * 8);
    const bar = '█'.repeat(length >> 3) + eighths[length & 7]!;
    return [`  ${range}`, whole(count), style.accent(count > 0 && bar === '' ? '▏' : bar)];
  });
  return table(rows, [0, 1]);
}

const label = (value: number): string => String(Number(value.toPrecision(6)));
