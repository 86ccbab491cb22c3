import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import uPlot from 'uplot';
import { valueAt, type Chart } from './curve-data.ts';
import { tickNumber, tickNumbers } from './language.ts';
import { dashOf, runColours } from './run-style.ts';

export interface CurvePlotSpec {
  readonly title: string;
  /** What the values are: `nats`, `MB`. */
  readonly unit: string;
  readonly chart: Chart;
  /** What the shared axis shows; of all charts together. */
  readonly range: readonly [number, number];
  readonly height: number;
  /** The shared axis counts: epochs or steps. */
  readonly counts: boolean;
  readonly logarithmic: boolean;
  /** Named values have points on them: one an epoch. */
  readonly points: boolean;
  readonly xText: (value: number) => string;
  readonly yText: (value: number) => string;
  /** Shown while there is nothing to draw. */
  readonly empty: string;
}

/** Lower plots have their ticks closer together. */
const smallHeight = 150;
/** Closer together than this, in px, points hide the line that they are on. */
const pointEvery = 7;
/** From tick to tick of an axis that counts. */
const wholeSteps = Array.from({ length: 10 }, (_, i) => [1, 2, 5].map((step) => step * 10 ** i)).flat();

/** Whether the points in view of a line stand apart: asked by uPlot each time that it draws. */
const roomForPoints = (plot: uPlot, _: number, from: number, to: number): boolean =>
  (to - from) * pointEvery <= plot.over.clientWidth;

/** All plots of the page show the same place on the shared axis. */
const sync = uPlot.sync('training');

/**
 * `<toolrec-curves>`: lines of several runs over one axis, drawn by uPlot in theme colours. Pointer and arrow keys read
 * out the values at a place; for a screen reader it is a slider over the places.
 */
export class CurvePlot extends LitElement {
  static override readonly properties = {
    spec: { attribute: false },
    at: { state: true },
  };
  declare spec: CurvePlotSpec | undefined;
  declare private at: number | undefined;
  private plot: uPlot | undefined;
  private shape = '';
  private width = 0;
  private readonly resized = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width === this.width || width === 0) return;
    this.width = width;
    this.draw();
  });
  /** Colours are read when drawing: a change of theme draws anew. */
  private readonly themed = new MutationObserver(() => {
    this.shape = '';
    this.draw();
  });

  constructor() {
    super();
    this.spec = undefined;
    this.at = undefined;
  }

  /** Light DOM: the page's one style sheet applies. */
  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.resized.observe(this);
    this.themed.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  }

  override disconnectedCallback(): void {
    this.resized.disconnect();
    this.themed.disconnect();
    this.plot?.destroy();
    this.plot = undefined;
    super.disconnectedCallback();
  }

  override render(): TemplateResult | typeof nothing {
    const { spec } = this;
    if (!spec) return nothing;
    const some = spec.chart.x.length > 0;
    const readout = this.readout(spec);
    return html`<div class="plot-head">
        <h3>${spec.title} <span class="unit">${spec.unit}</span></h3>
        <p class="plot-readout" aria-hidden="true">${readout}</p>
      </div>
      <div
        class="curve-area"
        tabindex=${some ? 0 : -1}
        role="slider"
        aria-label=${spec.title}
        aria-valuemin="0"
        aria-valuemax=${Math.max(0, spec.chart.x.length - 1)}
        aria-valuenow=${this.at ?? Math.max(0, spec.chart.x.length - 1)}
        aria-valuetext=${this.spoken(spec)}
        @keydown=${this.onKey}
        @blur=${() => this.plot?.setCursor({ left: -10, top: -10 })}
      ></div>
      ${some ? nothing : html`<p class="curve-empty">${spec.empty}</p>`}`;
  }

  protected override updated(): void {
    // Through the style object: a style attribute would need a policy that allows inline styles.
    this.querySelector<HTMLElement>('.curve-area')?.style.setProperty(
      'min-height',
      `${this.spec?.height ?? 0}px`,
    );
    this.draw();
  }

  private readout(spec: CurvePlotSpec): TemplateResult | typeof nothing {
    const index = this.at ?? spec.chart.x.length - 1;
    const x = spec.chart.x[index];
    if (x === undefined) return nothing;
    const lines = spec.chart.lines.filter(({ faint }) => !faint);
    return html`<span>${spec.xText(x)}</span>${lines.map((line) => {
        const value = valueAt(line, index);
        return value === undefined
          ? nothing
          : html`<span class="value"
              ><i class="dot run-${line.order % runColours.length}"></i>${spec.yText(value)}</span
            >`;
      })}`;
  }

  private spoken(spec: CurvePlotSpec): string {
    const index = this.at ?? spec.chart.x.length - 1;
    const x = spec.chart.x[index];
    if (x === undefined) return spec.empty;
    const values = spec.chart.lines
      .filter(({ faint }) => !faint)
      .flatMap((line) => {
        const value = valueAt(line, index);
        return value === undefined ? [] : [`${line.id} ${spec.yText(value)}`];
      });
    return `${spec.xText(x)}: ${values.join(', ')}`;
  }

  private draw(): void {
    const { spec, width } = this;
    const area = this.querySelector<HTMLElement>('.curve-area');
    if (!spec || !area || width === 0) return;
    const { chart } = spec;
    if (chart.x.length === 0) {
      this.plot?.destroy();
      this.plot = undefined;
      return;
    }
    const lines = chart.lines.map(({ id, order, faint }) => `${id} ${order} ${faint}`);
    const shape = JSON.stringify([
      lines,
      spec.logarithmic,
      spec.height,
      spec.counts,
      spec.points,
      spec.title,
    ]);
    const data = [chart.x, ...chart.lines.map(({ values }) => values)] as unknown as uPlot.AlignedData;
    if (this.plot && shape === this.shape) {
      if (this.plot.width !== width) this.plot.setSize({ width, height: spec.height });
      if (this.plot.data[0] !== (chart.x as unknown)) this.plot.setData(data);
      return;
    }
    this.shape = shape;
    this.plot?.destroy();
    this.plot = new uPlot(this.options(spec, width), data, area);
  }

  private options(spec: CurvePlotSpec, width: number): uPlot.Options {
    const style = getComputedStyle(document.body);
    // High contrast leaves some colours out; dashes tell the lines apart there.
    const colour = (name: string) => style.getPropertyValue(name).trim() || style.color;
    const text = colour('--vscode-descriptionForeground');
    const font = `${Math.round(parseFloat(style.fontSize) * 0.88)}px ${style.fontFamily}`;
    const grid = { stroke: withAlpha(text, 0.25), width: 1 };
    const axis = { stroke: text, font, grid, ticks: { ...grid, size: 4 } };
    return {
      width,
      height: spec.height,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: sync.key, setSeries: false },
        y: false,
        drag: { x: false, y: false },
        points: { size: 6 },
      },
      scales: {
        x: { time: false, range: () => [...(this.spec?.range ?? [0, 1])] as [number, number] },
        y: spec.logarithmic ? { distr: 3, log: 10 } : {},
      },
      axes: [
        {
          ...axis,
          size: 28,
          values: (_, ticks) => tickNumbers(ticks),
          ...(spec.counts ? { incrs: [...wholeSteps] } : {}),
        },
        {
          ...axis,
          size: 56,
          space: spec.height < smallHeight ? 20 : 30,
          values: (_, ticks) =>
            spec.logarithmic
              ? ticks.map((tick) => (tick === null ? '' : tickNumber(tick)))
              : tickNumbers(ticks),
        },
      ],
      series: [
        {},
        ...spec.chart.lines.map(({ order, faint }): uPlot.Series => {
          const own = colour(`--vscode-charts-${runColours[order % runColours.length]!}`);
          return {
            stroke: faint ? withAlpha(own, 0.3) : own,
            width: faint ? 1 : 2,
            dash: [...(faint ? [] : dashOf(order))],
            spanGaps: true,
            points: { show: spec.points && !faint ? roomForPoints : false, size: 5, fill: own },
          };
        }),
      ],
      hooks: {
        setCursor: [
          (plot) => {
            const index = plot.cursor.idx ?? undefined;
            if (index !== this.at) this.at = index;
          },
        ],
      },
    };
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const count = this.spec?.chart.x.length ?? 0;
    if (!this.plot || count === 0) return;
    const now = this.at ?? count - 1;
    const stride = event.shiftKey ? 10 : 1;
    const next = {
      ArrowRight: Math.min(count - 1, now + stride),
      ArrowLeft: Math.max(0, now - stride),
      Home: 0,
      End: count - 1,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const left = this.plot.valToPos(this.spec!.chart.x[next]!, 'x');
    this.plot.setCursor({ left, top: 0 });
    this.at = next;
  };
}

/** A colour of the theme, more transparent. Themes write hex or `rgb(…)`. */
function withAlpha(colour: string, alpha: number): string {
  const hex = /^#([0-9a-f]{6})([0-9a-f]{2})?$/i.exec(colour);
  if (hex) {
    const own = hex[2] === undefined ? 1 : parseInt(hex[2], 16) / 255;
    return `#${hex[1]!}${Math.round(own * alpha * 255)
      .toString(16)
      .padStart(2, '0')}`;
  }
  const rgb = /^rgba?\(([^)]*)\)$/.exec(colour)?.[1]?.split(/[\s,/]+/);
  return rgb && rgb.length >= 3
    ? `rgba(${rgb[0]!}, ${rgb[1]!}, ${rgb[2]!}, ${Number(rgb[3] ?? 1) * alpha})`
    : colour;
}

customElements.define('toolrec-curves', CurvePlot);
