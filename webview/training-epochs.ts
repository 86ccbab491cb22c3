import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { bestEpochs } from './curve-data.ts';
import { number, t } from './language.ts';
import type { SelectedCurve } from './protocol.ts';
import { swatch } from './training-list.ts';
import { duration, metricName } from './training-words.ts';

const metric = 'ndcg@10';
const shown = 5;

/** The best epochs, and the curves as a table for whoever cannot see them. */
export function epochTables(curves: readonly SelectedCurve[]): TemplateResult {
  const problems = curves.flatMap(({ id, problem }) => (problem === undefined ? [] : [`${id}: ${problem}`]));
  const some = curves.some(({ epochs }) => epochs.length > 0);
  return html`${problems.map((problem) => html`<p class="problem" role="alert">${problem}</p>`)}
  ${
    some
      ? html`<section>
            <h2>${t('Best epochs')}</h2>
            ${table(
              curves,
              curves.map((curve) => bestEpochs(curve, metric, curves.length > 1 ? 3 : shown)),
            )}
          </section>
          <details>
            <summary>${t('Every epoch as a table')}</summary>
            ${table(
              curves,
              curves.map(({ epochs }) => epochs),
            )}
          </details>`
      : nothing
  }`;
}

function table(
  curves: readonly SelectedCurve[],
  rows: readonly (readonly SelectedCurve['epochs'][number][])[],
): TemplateResult {
  const names = [
    ...new Set(curves.flatMap(({ epochs }) => epochs.flatMap((epoch) => Object.keys(epoch.validation)))),
  ];
  const several = curves.length > 1;
  return html`<div class="scroll">
    <table class="figures-table">
      <thead>
        <tr>
          ${several ? html`<th scope="col">${t('Run')}</th>` : nothing}
          <th scope="col" class="number">${t('Epoch')}</th>
          <th scope="col" class="number">${t('Step')}</th>
          <th scope="col" class="number">${t('Loss')}</th>
          ${names.map((name) => html`<th scope="col" class="number">${metricName(name)}</th>`)}
          <th scope="col" class="number">${t('Time')}</th>
          <th scope="col" class="number">${t('Memory, MB')}</th>
        </tr>
      </thead>
      <tbody>
        ${curves.flatMap((curve, order) => {
          const best = Math.max(...curve.epochs.map((epoch) => epoch.validation[metric] ?? -1));
          return (rows[order] ?? []).map(
            (epoch) =>
              html`<tr>
                ${several ? html`<th scope="row">${swatch(order)} ${curve.id}</th>` : nothing}
                <td class="number">
                  ${
                    epoch.validation[metric] === best
                      ? html`<i class="codicon codicon-star-full" role="img" aria-label=${t('best')}></i> `
                      : nothing
                  }${number(epoch.epoch)}
                </td>
                <td class="number">${number(epoch.step)}</td>
                <td class="number">${number(epoch.loss, 4)}</td>
                ${names.map(
                  (name) =>
                    html`<td class="number">
                      ${epoch.validation[name] === undefined ? '–' : number(epoch.validation[name], 4)}
                    </td>`,
                )}
                <td class="number">${duration(epoch.seconds)}</td>
                <td class="number">${number(epoch.memory / 2 ** 20)}</td>
              </tr>`,
          );
        })}
      </tbody>
    </table>
  </div>`;
}
