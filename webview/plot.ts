import { html, LitElement, nothing, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { shortNumber } from './language.ts';
import { linearTicks, logTicks, scale } from './scale.ts';

/** One thing drawn: a bar over `[from, to)` or a point of a curve at `from`. */
export interface Mark {
  readonly from: number;
  readonly to: number;
  readonly value: number;
  /** What the pointer or the arrow keys read out: `20 to 24 interactions: 142 users`. */
  readonly readout: string;
}

export interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface PlotSpec {
  readonly kind: 'bars' | 'curve';
  readonly title: string;
  /** One sentence under the title: what to see in it. */
  readonly summary: string;
  readonly marks: readonly Mark[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xTicks: (width: number) => readonly Tick[];
  /** Both axes; curves only. */
  readonly logarithmic?: boolean;
  /** Bars of equal width whatever they stand for (bins that grow). */
  readonly evenBars?: boolean;
}

const height = 168;
const margin = { left: 44, right: 8, top: 8, bottom: 36 };

/**
 * `<toolrec-plot>`: a small plot in theme colours, drawn at the width it has. Pointer and arrow keys read out one
 * mark after the other; for a screen reader it is a slider over them.
 */
export class Plot extends LitElement {
  static override readonly properties = {
    spec: { attribute: false },
    width: { state: true },
    at: { state: true },
  };
  declare spec: PlotSpec | undefined;
  declare private width: number;
  declare private at: number | undefined;
  private readonly observer = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width > 0) this.width = width;
  });

  constructor() {
    super();
    this.spec = undefined;
    this.width = 0;
    this.at = undefined;
  }

  /** Light DOM: the page's one style sheet applies. */
  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.observer.observe(this);
  }

  override disconnectedCallback(): void {
    this.observer.disconnect();
    super.disconnectedCallback();
  }

  override render(): TemplateResult | typeof nothing {
    const { spec, width, at } = this;
    if (!spec) return nothing;
    const chosen = at === undefined ? undefined : spec.marks[at];
    return html`
      <div class="plot-head">
        <h3>${spec.title}</h3>
        <p class="plot-note" aria-hidden="true">
          <span class=${chosen ? 'away' : ''}>${spec.summary}</span>
          <span>${chosen?.readout ?? ''}</span>
        </p>
      </div>
      <div
        class="plot-area"
        tabindex="0"
        role="slider"
        aria-label=${`${spec.title}. ${spec.summary}`}
        aria-valuemin="0"
        aria-valuemax=${Math.max(0, spec.marks.length - 1)}
        aria-valuenow=${at ?? 0}
        aria-valuetext=${chosen?.readout ?? spec.summary}
        @keydown=${this.onKey}
        @pointermove=${this.onPointer}
        @pointerleave=${this.clear}
        @blur=${this.clear}
      >
        ${width > 0 ? this.draw(spec, width) : nothing}
      </div>
    `;
  }

  private draw(spec: PlotSpec, width: number): TemplateResult {
    const { x, y, position } = this.scales(spec, width);
    const bottom = height - margin.bottom;
    const most = Math.max(...spec.marks.map((mark) => mark.value), 1);
    const yTicks = spec.logarithmic ? logTicks(1, most, 4) : linearTicks(most, 3);
    const line = spec.marks.map((mark, i) => `${position(i).center.toFixed(1)} ${y(mark.value).toFixed(1)}`);
    return html`<svg width=${width} height=${height} aria-hidden="true">
      <g class="plot-grid">
        ${yTicks.map(
          (tick) => svg`<path d=${`M${margin.left} ${y(tick)}H${width - margin.right}`}></path>
            <text x=${margin.left - 6} y=${y(tick) + 4} text-anchor="end">${shortNumber(tick)}</text>`,
        )}
        ${spec
          .xTicks(width)
          .map(
            (tick) =>
              svg`<text x=${x(tick.at)} y=${bottom + 16} text-anchor=${anchor(x(tick.at), tick.label, width)}>${tick.label}</text>`,
          )}
      </g>
      ${
        spec.kind === 'bars'
          ? spec.marks.map((mark, i) => {
              const { left, right } = position(i);
              const top = mark.value > 0 ? Math.min(y(mark.value), bottom - 1) : bottom;
              return svg`<rect class=${i === this.at ? 'plot-bar chosen' : 'plot-bar'} x=${left} y=${top}
                width=${Math.max(1, right - left)} height=${bottom - top}></rect>`;
            })
          : svg`<path class="plot-fill" d=${`M${line.join('L')}L${position(spec.marks.length - 1).center} ${bottom}L${position(0).center} ${bottom}Z`}></path>
              <path class="plot-line" d=${`M${line.join('L')}`}></path>`
      }
      <path class="plot-axis" d=${`M${margin.left} ${bottom + 0.5}H${width - margin.right}`}></path>
      <text
        class="plot-label"
        x=${(margin.left + width - margin.right) / 2}
        y=${height - 4}
        text-anchor="middle"
      >
        ${spec.xLabel}
      </text>
      ${
        spec.kind === 'curve' && this.at !== undefined && spec.marks[this.at]
          ? svg`<circle class="plot-dot" r="4" cx=${position(this.at).center} cy=${y(spec.marks[this.at]!.value)}></circle>`
          : nothing
      }
    </svg>`;
  }

  private scales(spec: PlotSpec, width: number) {
    const first = spec.marks[0]?.from ?? 0;
    const last = spec.marks.at(-1)?.to ?? 1;
    const most = Math.max(...spec.marks.map((mark) => mark.value), 1);
    const inner = [margin.left, width - margin.right] as const;
    const bottom = height - margin.bottom;
    const y = scale([spec.logarithmic ? 1 : 0, most], [bottom, margin.top], spec.logarithmic);
    if (spec.evenBars) {
      const step = (inner[1] - inner[0]) / Math.max(1, spec.marks.length);
      const place = (i: number) => ({
        left: inner[0] + i * step + (step > 4 ? 0.5 : 0),
        right: inner[0] + (i + 1) * step - (step > 4 ? 0.5 : 0),
        center: inner[0] + (i + 0.5) * step,
      });
      // A tick at index i stands under the left edge of bar i.
      return { x: (index: number) => inner[0] + index * step, y, position: place };
    }
    const x = scale([first, last], inner, spec.logarithmic);
    const place = (i: number) => {
      const mark = spec.marks[i] ?? { from: first, to: first };
      const gap = x(mark.to) - x(mark.from) > 4 ? 0.5 : 0;
      const left = x(mark.from) + gap;
      const right = x(mark.to) - gap;
      return { left, right, center: spec.kind === 'curve' ? x(mark.from) : (left + right) / 2 };
    };
    return { x, y, position: place };
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const count = this.spec?.marks.length ?? 0;
    if (count === 0) return;
    const now = this.at ?? -1;
    const next =
      event.key === 'ArrowRight' || event.key === 'ArrowUp'
        ? Math.min(count - 1, now + 1)
        : event.key === 'ArrowLeft' || event.key === 'ArrowDown'
          ? Math.max(0, now - 1)
          : event.key === 'Home'
            ? 0
            : event.key === 'End'
              ? count - 1
              : undefined;
    if (next === undefined) return;
    event.preventDefault();
    this.at = next;
  };

  private readonly onPointer = (event: PointerEvent): void => {
    if (!this.spec || this.width === 0) return;
    const { position } = this.scales(this.spec, this.width);
    const pointer = event.clientX - (event.currentTarget as Element).getBoundingClientRect().left;
    let best = 0;
    for (let i = 1; i < this.spec.marks.length; i++)
      if (Math.abs(position(i).center - pointer) < Math.abs(position(best).center - pointer)) best = i;
    this.at = best;
  };

  private readonly clear = (): void => {
    this.at = undefined;
  };
}

/** Keeps a label at the right edge inside of the plot; digits are some 7 px wide. */
function anchor(x: number, label: string, width: number): 'middle' | 'end' {
  return x + label.length * 3.5 > width ? 'end' : 'middle';
}

customElements.define('toolrec-plot', Plot);
