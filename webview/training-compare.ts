import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { number, t } from './language.ts';
import type { ModelRow } from './protocol.ts';
import { comparedFigures, comparedSettings, type ComparedLine } from './run-comparison.ts';
import { swatch } from './training-list.ts';
import { duration, metricName, statusName } from './training-words.ts';

/** Runs side by side: figures with the best marked, settings with the differences marked. */
export function comparisonTable(rows: readonly ModelRow[]): TemplateResult {
  const settings = comparedSettings(rows);
  const differing = settings.filter(({ differs }) => differs);
  const figures = comparedFigures(rows);
  const plain = (name: string, value: (row: ModelRow) => string) =>
    html`<tr>
      <th scope="row">${name}</th>
      ${rows.map((row) => html`<td class="number">${value(row)}</td>`)}
    </tr>`;
  return html`<section>
    <h2>${t('Side by side')}</h2>
    <div class="scroll">
      <table class="compared">
        <thead>
          <tr>
            <td></td>
            ${rows.map((row, order) => html`<th scope="col" class="number">${swatch(order)} ${row.id}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${plain(t('State'), (row) => statusName(row.status))} ${figures.map((line) => figureLine(line))}
          ${plain(t('Best epoch'), (row) => (row.bestEpoch > 0 ? number(row.bestEpoch) : '–'))}
          ${plain(t('Training time'), (row) => duration(row.seconds))}
          ${plain(t('Parameters'), (row) => (row.parameters ? number(row.parameters.total) : '–'))}
          ${plain(t('MFLOPs a prediction'), (row) => (row.flops === undefined ? '–' : number(row.flops / 1e6, row.flops < 1e7 ? 3 : 1)))}
        </tbody>
        <tbody>
          <tr class="group">
            <th scope="rowgroup" colspan=${rows.length + 1}>
              ${
                differing.length === 0
                  ? t('All settings are the same')
                  : differing.length === 1
                    ? t('One setting differs')
                    : t('{0} settings differ', number(differing.length))
              }
            </th>
          </tr>
          ${differing.map((line) => settingLine(line))}
        </tbody>
      </table>
    </div>
    <details>
      <summary>${t('Settings that are the same')}</summary>
      <div class="scroll">
        <table>
          <tbody>
            ${settings
              .filter(({ differs }) => !differs)
              .map(
                (line) =>
                  html`<tr>
                    <th scope="row">${line.name}</th>
                    <td class="number">${line.values[0] ?? '–'}</td>
                  </tr>`,
              )}
          </tbody>
        </table>
      </div>
    </details>
  </section>`;
}

function figureLine({ name, values, best }: ComparedLine): TemplateResult {
  const [part, metric] = name.split(' ');
  const partName = part === 'test' ? t('test') : t('validation');
  return html`<tr>
    <th scope="row">${t('{0} on {1}', metricName(metric ?? ''), partName)}</th>
    ${values.map(
      (value, i) =>
        html`<td class=${i === best ? 'number best' : 'number'}>
          ${i === best ? html`<i class="codicon codicon-star-full" role="img" aria-label=${t('best')}></i> ` : nothing}
          ${typeof value === 'number' ? number(value, 4) : '–'}
        </td>`,
    )}
  </tr>`;
}

function settingLine({ name, values }: ComparedLine): TemplateResult {
  return html`<tr class="differs">
    <th scope="row"><span aria-hidden="true">≠</span> ${name}</th>
    ${values.map((value) => html`<td class="number">${value ?? '–'}</td>`)}
  </tr>`;
}
