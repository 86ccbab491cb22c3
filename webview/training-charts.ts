import { html } from 'lit';
import type { TemplateResult } from 'lit';
import {
  lossChart,
  memoryChart,
  sharedRange,
  throughputChart,
  validationChart,
  type Chart,
} from './curve-data.ts';
import type { CurvePlotSpec } from './curve-plot.ts';
import { number, shortNumber, t } from './language.ts';
import type { ChartOptions, SelectedCurve } from './protocol.ts';
import { duration } from './training-words.ts';

/**
 * The four charts over one shared axis, and what they are drawn by.
 * @param reading some of the curves are still read: an empty chart says nothing yet
 */
export function charts(
  curves: readonly SelectedCurve[],
  reading: boolean,
  options: ChartOptions,
  change: (options: ChartOptions) => void,
): TemplateResult {
  const xText = (value: number) => {
    switch (options.axis) {
      case 'epoch':
        return t('epoch {0}', number(value, Number.isInteger(value) ? 0 : 2));
      case 'step':
        return t('step {0}', number(value));
      case 'seconds':
        return duration(value);
    }
  };
  const range = sharedRange(curves, options);
  const spec = (
    title: string,
    unit: string,
    chart: Chart,
    height: number,
    yText: (value: number) => string,
    empty: string,
    more: Partial<CurvePlotSpec> = {},
  ): CurvePlotSpec => ({
    title,
    unit,
    chart,
    range,
    height,
    counts: options.axis !== 'seconds',
    xText,
    yText,
    empty,
    logarithmic: false,
    points: false,
    ...more,
  });
  const perEpoch = reading ? '' : t('The first value comes at the end of the first epoch.');
  const perStep = reading ? '' : t('The first value comes with the first step.');
  return html`<section aria-label=${t('Curves')}>
    ${toolbar(options, change)}
    <toolrec-curves
      .spec=${spec(
        t('Training loss'),
        '',
        lossChart(curves, options),
        220,
        (y) => number(y, y >= 100 ? 0 : 3),
        perStep,
        {
          logarithmic: options.logarithmic,
        },
      )}
    ></toolrec-curves>
    <toolrec-curves
      .spec=${spec(t('Validation NDCG@10'), '', validationChart(curves, options, 'ndcg@10'), 180, (y) => number(y, 3), perEpoch, { points: true })}
    ></toolrec-curves>
    <div class="multiples">
      <toolrec-curves
        .spec=${spec(t('Throughput'), t('positions a second'), throughputChart(curves, options), 120, shortNumber, perStep)}
      ></toolrec-curves>
      <toolrec-curves
        .spec=${spec(t('Memory of the engine'), 'MB', memoryChart(curves, options), 120, (y) => number(y), perEpoch, { points: true })}
      ></toolrec-curves>
    </div>
  </section>`;
}

function toolbar(options: ChartOptions, change: (options: ChartOptions) => void): TemplateResult {
  const axes = { epoch: t('Epoch'), step: t('Step'), seconds: t('Time') } as const;
  return html`<div class="bar chart-bar" role="toolbar" aria-label=${t('Charts')}>
    <span class="choice" role="radiogroup" aria-label=${t('Horizontal axis')}>
      ${Object.entries(axes).map(
        ([axis, label]) =>
          html`<label
            ><input
              type="radio"
              name="axis"
              .checked=${options.axis === axis}
              @change=${() => change({ ...options, axis: axis as ChartOptions['axis'] })}
            />${label}</label
          >`,
      )}
    </span>
    <label class="slider"
      >${t('Smoothing')}
      <input
        type="range"
        min="0"
        max="0.99"
        step="0.01"
        .value=${String(options.smoothing)}
        aria-valuetext=${number(options.smoothing, 2)}
        @input=${(event: Event) =>
          change({ ...options, smoothing: Number((event.target as HTMLInputElement).value) })}
      /><span class="number">${number(options.smoothing, 2)}</span></label
    >
    <label
      ><input
        type="checkbox"
        .checked=${options.logarithmic}
        @change=${(event: Event) =>
          change({ ...options, logarithmic: (event.target as HTMLInputElement).checked })}
      />${t('Logarithmic loss')}</label
    >
  </div>`;
}
