/**
 * Small charts as SVG text: no script, no style attribute, no outside reference, so that they pass any content security
 * policy. Text and axes take the colour of what is around them; the fills are mid-tones that stand on light and dark.
 */

export interface Bar {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  /** Shown on hover and read out. */
  readonly title: string;
  /** True: statistics stand in for a language model; drawn lighter. */
  readonly faint?: boolean;
}

interface Frame {
  readonly title: string;
  /** One sentence for those who cannot see it. */
  readonly description: string;
}

const series = ['#3d85c6', '#d9822b', '#5a9e4b', '#a55fb5'] as const;
const font = 'font-family="system-ui, sans-serif"';

/** Bars to the right, one row a category: names may be long. `log`: a logarithmic axis, for sizes. */
export function horizontalBars(
  input: Frame & {
    readonly unit: string;
    readonly rows: readonly { readonly label: string; readonly bars: readonly Bar[] }[];
    readonly legend?: readonly string[];
    readonly log?: boolean;
    readonly format?: (value: number) => string;
  },
): string {
  const { rows, format = short, log = false } = input;
  const left = 190;
  const width = 720;
  const right = 70;
  const perBar = 15;
  const gap = 10;
  const top = input.legend ? 54 : 34;
  const heights = rows.map((row) => row.bars.length * perBar + gap);
  const height = top + heights.reduce((a, b) => a + b, 0) + 34;
  const values = rows.flatMap((row) => row.bars.flatMap((bar) => [bar.value, bar.high ?? bar.value]));
  const axis = log ? logAxis(values) : linearAxis(0, Math.max(0, ...values.filter(Number.isFinite)));
  const x = (value: number) => left + axis.at(value) * (width - left - right);
  const parts: string[] = [];
  for (const tick of axis.ticks)
    parts.push(
      `<line x1="${n(x(tick))}" x2="${n(x(tick))}" y1="${top - 6}" y2="${height - 28}" stroke="currentColor" stroke-opacity="0.15"/>`,
      text(x(tick), height - 12, format(tick), { anchor: 'middle', size: 11, faint: true }),
    );
  let y = top;
  rows.forEach((row, r) => {
    const middle = y + (heights[r]! - gap) / 2;
    parts.push(text(left - 8, middle + 4, cut(row.label, 30), { anchor: 'end', size: 12, full: row.label }));
    row.bars.forEach((bar, b) => {
      const from = x(log ? axis.low : 0);
      const to = Number.isFinite(bar.value) ? x(bar.value) : from;
      const at = y + b * perBar;
      parts.push(
        `<g><title>${escapeXml(bar.title)}</title>`,
        `<rect x="${n(from)}" y="${n(at)}" width="${n(Math.max(1, to - from))}" height="${perBar - 3}" rx="2" fill="${series[b % series.length]}"${bar.faint ? ' fill-opacity="0.55"' : ''}/>`,
      );
      if (bar.low !== undefined && bar.high !== undefined)
        parts.push(whisker(x(bar.low), x(bar.high), at + (perBar - 3) / 2, 'horizontal'));
      const end = Math.max(to, bar.high === undefined ? to : x(bar.high));
      parts.push(
        text(end + 6, at + perBar - 5, Number.isFinite(bar.value) ? format(bar.value) : '–', { size: 11 }),
        '</g>',
      );
    });
    y += heights[r]!;
  });
  return frame(input, width, height, [
    ...heading(input.title, input.unit),
    ...legend(input.legend, left, 40),
    ...parts,
  ]);
}

/** Bars upwards, one group a bin. Values may be negative. */
export function columns(
  input: Frame & {
    readonly unit: string;
    readonly axisLabel: string;
    readonly groups: readonly { readonly label: string; readonly bars: readonly Bar[] }[];
    readonly legend?: readonly string[];
    readonly format?: (value: number) => string;
  },
): string {
  const { groups, format = short } = input;
  const width = 720;
  const height = 320;
  const [left, right, top, bottom] = [64, 16, input.legend ? 58 : 40, 52];
  const values = groups
    .flatMap((group) => group.bars.flatMap((bar) => [bar.value, bar.low ?? 0, bar.high ?? 0]))
    .filter(Number.isFinite);
  const axis = linearAxis(Math.min(0, ...values), Math.max(0, ...values));
  const y = (value: number) => height - bottom - axis.at(value) * (height - top - bottom);
  const step = (width - left - right) / Math.max(1, groups.length);
  const parts: string[] = [];
  for (const tick of axis.ticks)
    parts.push(
      `<line x1="${left}" x2="${width - right}" y1="${n(y(tick))}" y2="${n(y(tick))}" stroke="currentColor" stroke-opacity="${tick === 0 ? '0.5' : '0.15'}"/>`,
      text(left - 8, y(tick) + 4, format(tick), { anchor: 'end', size: 11, faint: true }),
    );
  groups.forEach((group, g) => {
    const inner = Math.min(step * 0.8, group.bars.length * 34);
    const bar = inner / Math.max(1, group.bars.length);
    group.bars.forEach((entry, b) => {
      if (!Number.isFinite(entry.value)) return;
      const x = left + g * step + (step - inner) / 2 + b * bar;
      const [from, to] = [y(Math.max(0, entry.value)), y(Math.min(0, entry.value))];
      parts.push(
        `<g><title>${escapeXml(entry.title)}</title>`,
        `<rect x="${n(x)}" y="${n(from)}" width="${n(Math.max(1, bar - 3))}" height="${n(Math.max(1, to - from))}" rx="2" fill="${series[b % series.length]}"${entry.faint ? ' fill-opacity="0.55"' : ''}/>`,
        entry.low !== undefined && entry.high !== undefined
          ? whisker(y(entry.low), y(entry.high), x + (bar - 3) / 2, 'vertical')
          : '',
        '</g>',
      );
    });
    parts.push(
      text(left + g * step + step / 2, height - bottom + 18, cut(group.label, Math.floor(step / 6.5)), {
        anchor: 'middle',
        size: 11,
        full: group.label,
      }),
    );
  });
  parts.push(
    text(left + (width - left - right) / 2, height - 10, input.axisLabel, { anchor: 'middle', size: 12 }),
  );
  return frame(input, width, height, [
    ...heading(input.title, input.unit),
    ...legend(input.legend, left, 44),
    ...parts,
  ]);
}

/** Points with names, both axes linear. */
export function scatter(
  input: Frame & {
    readonly xLabel: string;
    readonly yLabel: string;
    readonly points: readonly {
      readonly label: string;
      readonly x: number;
      readonly y: number;
      readonly title: string;
      readonly faint?: boolean;
    }[];
    readonly formatX?: (value: number) => string;
    readonly formatY?: (value: number) => string;
  },
): string {
  const { points, formatX = short, formatY = short } = input;
  const width = 720;
  const height = 360;
  const [left, right, top, bottom] = [64, 120, 44, 52];
  const horizontal = linearAxis(0, Math.max(0, ...points.map((point) => point.x)));
  const vertical = linearAxis(0, Math.max(0, ...points.map((point) => point.y)));
  const x = (value: number) => left + horizontal.at(value) * (width - left - right);
  const y = (value: number) => height - bottom - vertical.at(value) * (height - top - bottom);
  const parts: string[] = [];
  for (const tick of vertical.ticks)
    parts.push(
      `<line x1="${left}" x2="${width - right}" y1="${n(y(tick))}" y2="${n(y(tick))}" stroke="currentColor" stroke-opacity="0.15"/>`,
      text(left - 8, y(tick) + 4, formatY(tick), { anchor: 'end', size: 11, faint: true }),
    );
  for (const tick of horizontal.ticks)
    parts.push(
      text(x(tick), height - bottom + 18, formatX(tick), { anchor: 'middle', size: 11, faint: true }),
    );
  const taken: number[] = [];
  for (const point of [...points].sort((a, b) => b.y - a.y)) {
    // Names of points at one height move down until there is room.
    let line = y(point.y) + 4;
    while (taken.some((other) => Math.abs(other - line) < 13)) line += 1;
    taken.push(line);
    parts.push(
      `<g><title>${escapeXml(point.title)}</title>`,
      `<circle cx="${n(x(point.x))}" cy="${n(y(point.y))}" r="5" fill="${series[0]}"${point.faint ? ' fill-opacity="0.55"' : ''}/>`,
      text(x(point.x) + 9, line, cut(point.label, 26), { size: 11, full: point.label }),
      '</g>',
    );
  }
  parts.push(
    text(left + (width - left - right) / 2, height - 10, input.xLabel, { anchor: 'middle', size: 12 }),
  );
  return frame(input, width, height, [...heading(input.title, input.yLabel), ...parts]);
}

function frame(
  { title, description }: Frame,
  width: number,
  height: number,
  parts: readonly string[],
): string {
  const id = title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${Math.ceil(height)}" width="${width}" height="${Math.ceil(height)}" role="img" aria-labelledby="t-${id} d-${id}" class="chart">`,
    `<title id="t-${id}">${escapeXml(title)}</title>`,
    `<desc id="d-${id}">${escapeXml(description)}</desc>`,
    ...parts.filter((part) => part !== ''),
    '</svg>\n',
  ].join('\n');
}

/** For a file of its own: takes the reader’s light or dark preference, which an inline picture has from its page. */
export function standalone(svg: string): string {
  return svg.replace(
    /<title/,
    '<style>svg{color:#2b2b2b}@media(prefers-color-scheme:dark){svg{color:#d4d4d4}}</style>\n<title',
  );
}

function heading(title: string, unit: string): string[] {
  return [
    `<text x="12" y="20" ${font} font-size="14" font-weight="600" fill="currentColor">${escapeXml(title)}<tspan font-weight="400" font-size="12" fill-opacity="0.75" dx="8">${escapeXml(unit)}</tspan></text>`,
  ];
}

function legend(names: readonly string[] | undefined, x: number, y: number): string[] {
  let at = x;
  return (names ?? []).flatMap((name, i) => {
    const parts = [
      `<rect x="${n(at)}" y="${y - 9}" width="10" height="10" rx="2" fill="${series[i % series.length]}"/>`,
      text(at + 15, y, name, { size: 11 }),
    ];
    at += 30 + name.length * 6.6;
    return parts;
  });
}

function whisker(from: number, to: number, across: number, direction: 'horizontal' | 'vertical'): string {
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    direction === 'horizontal'
      ? `M${n(x1)} ${n(y1)}L${n(x2)} ${n(y2)}`
      : `M${n(y1)} ${n(x1)}L${n(y2)} ${n(x2)}`;
  const path = [
    line(from, across, to, across),
    line(from, across - 3, from, across + 3),
    line(to, across - 3, to, across + 3),
  ].join('');
  return `<path d="${path}" stroke="currentColor" stroke-opacity="0.8" fill="none"/>`;
}

interface TextOptions {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size: number;
  readonly faint?: boolean;
  /** The whole text, where it is cut. */
  readonly full?: string;
}

function text(
  x: number,
  y: number,
  content: string,
  { anchor = 'start', size, faint, full }: TextOptions,
): string {
  const title = full !== undefined && full !== content ? `<title>${escapeXml(full)}</title>` : '';
  return `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" ${font} font-size="${size}" fill="currentColor"${faint ? ' fill-opacity="0.7"' : ''}>${title}${escapeXml(content)}</text>`;
}

interface Axis {
  readonly low: number;
  readonly ticks: readonly number[];
  /** Share of the axis’s length, in [0, 1]. */
  at(value: number): number;
}

function linearAxis(low: number, high: number): Axis {
  const span = high - low || 1;
  const raw = span / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10]
    .map((factor) => factor * power)
    .find((candidate) => candidate >= raw * 0.999)!;
  const from = Math.floor(low / step + 1e-9);
  const to = Math.max(from + 1, Math.ceil(high / step - 1e-9));
  const ticks = Array.from({ length: to - from + 1 }, (_, i) => (from + i) * step);
  return { low: from * step, ticks, at: (value) => (value / step - from) / (to - from) };
}

function logAxis(values: readonly number[]): Axis {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  const from = Math.floor(Math.log10(Math.min(...positive, 1e12)) - 0.3);
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...positive, 1))));
  const ticks = Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));
  return {
    low: 10 ** from,
    ticks,
    at: (value) => Math.min(1, Math.max(0, (Math.log10(Math.max(value, 1e-300)) - from) / (to - from))),
  };
}

/** 0.2150, 12, 3.4 k, 5.1 M. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 1) return trim(value.toFixed(size < 0.01 ? 4 : 3));
  if (size < 1000) return trim(value.toFixed(size < 10 ? 2 : 0));
  for (const [unit, factor] of [
    ['T', 1e12],
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const)
    if (size >= factor) return `${trim((value / factor).toFixed(size / factor < 10 ? 1 : 0))} ${unit}`;
  return String(value);
}

function trim(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function cut(label: string, length: number): string {
  return label.length > length ? `${label.slice(0, Math.max(1, length - 1))}…` : label;
}

/** Rounded to tenths, so that the picture is the same everywhere. */
function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Text of models and datasets is not trusted: escaped, and without what XML forbids. */
export function escapeXml(value: string): string {
  return (
    value
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, ' ')
      .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;')
  );
}
