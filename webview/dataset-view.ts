import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type {
  AttributeView,
  Cell,
  HistoryView,
  ItemPage,
  StatisticsView,
} from '../src/service/requests/dataset-views.ts';
import { failedCallout } from './callout.ts';
import { lengthPlot, numberAttributePlot, popularityPlot, ratingPlot, timePlot } from './dataset-plots.ts';
import { day, number, percent, t } from './language.ts';
import type { DatasetFacts, InspectorState } from './protocol.ts';

/** What the inspector shows. */
export interface DatasetModel {
  readonly state: InspectorState;
  readonly catalogue: {
    readonly query: string;
    readonly offset: number;
    readonly page?: ItemPage;
    readonly problem?: string;
  };
  readonly history: { readonly shown?: HistoryView; readonly problem?: string };
}

/** What a person can do in it. */
export interface DatasetActions {
  reload(): void;
  showLog(): void;
  showItems(query: string, offset: number): void;
  showHistory(user: number | null): void;
}

export function datasetView(model: DatasetModel, actions: DatasetActions): TemplateResult {
  const { state } = model;
  switch (state.kind) {
    case 'loading':
      return html`<div class="working" role="status">
        <vscode-progress-ring></vscode-progress-ring>
        <span>${t('Reading “{0}”…', state.name)}</span>
      </div>`;
    case 'failed':
      return html`<header class="head"><h1>${state.name}</h1></header>
        ${failedCallout(state.failure, { again: actions.reload, log: actions.showLog })}`;
    case 'full':
      return full(state.facts, state.statistics, model, actions);
  }
}

function full(
  facts: DatasetFacts,
  statistics: StatisticsView,
  model: DatasetModel,
  actions: DatasetActions,
): TemplateResult {
  return html`
    ${head(facts, actions)} ${figures(statistics)}
    <section class="plots" aria-label=${t('Distributions')}>
      <toolrec-plot .spec=${lengthPlot(statistics)}></toolrec-plot>
      <toolrec-plot .spec=${popularityPlot(statistics)}></toolrec-plot>
      ${statistics.time ? html`<toolrec-plot .spec=${timePlot(statistics.time)}></toolrec-plot>` : nothing}
      ${
        statistics.ratings.length > 0
          ? html`<toolrec-plot .spec=${ratingPlot(statistics.ratings)}></toolrec-plot>`
          : nothing
      }
    </section>
    ${attributes(statistics)} ${catalogue(model.catalogue, actions)} ${history(model.history, actions)}
    ${origin(facts)}
  `;
}

function head(facts: DatasetFacts, actions: DatasetActions): TemplateResult {
  return html`<header class="head">
      <h1>${facts.name}</h1>
      ${facts.simulated ? html`<span class="badge">${t('simulated')}</span>` : nothing}
      <span class="grow"></span>
      <vscode-button appearance="secondary" @click=${actions.reload}>${t('Reload')}</vscode-button>
    </header>
    <p class="meta">
      ${t('{0}, protocol {1}, split: {2}. Made {3}.', facts.format, facts.protocol, facts.split, day(Date.parse(facts.createdAt) / 1000))}
    </p>
    ${
      facts.simulated
        ? html`<div class="callout" role="note">
            <i class="codicon codicon-info" aria-hidden="true"></i>
            <p>
              ${t('The users of this dataset are simulated. Numbers that come from it say nothing about people.')}
            </p>
          </div>`
        : nothing
    }`;
}

function figures(statistics: StatisticsView): TemplateResult {
  const figure = (label: string, value: string, note?: string) =>
    html`<div>
      <dt>${label}</dt>
      <dd>${value}${note ? html`<small>${note}</small>` : nothing}</dd>
    </div>`;
  const { users, items, catalogueItems, interactions, sparsity, lengths } = statistics;
  return html`<dl class="figures">
    ${figure(t('Users'), number(users))}
    ${figure(t('Items'), number(items), catalogueItems > items ? t('of {0} in the catalogue', number(catalogueItems)) : undefined)}
    ${figure(t('Interactions'), number(interactions))} ${figure(t('Sparsity'), percent(sparsity, 2))}
    ${figure(t('Mean length'), number(lengths.mean, 1), t('interactions a user'))}
    ${figure(t('Mean popularity'), number(items === 0 ? 0 : interactions / items, 1), t('interactions an item'))}
  </dl>`;
}

function attributes({ attributes: all, catalogueItems }: StatisticsView): TemplateResult {
  if (all.length === 0)
    return html`<section>
      <h2>${t('Attributes')}</h2>
      <p class="empty">${t('The items of this dataset have no attributes.')}</p>
    </section>`;
  return html`<section>
    <h2>${t('Attributes')}</h2>
    <div class="scroll">
      <table class="attributes">
        <thead>
          <tr>
            <th scope="col">${t('Name')}</th>
            <th scope="col">${t('Kind')}</th>
            <th scope="col">${t('Coverage')}</th>
            <th scope="col" class="number">${t('Values')}</th>
            <th scope="col" class="wide">${t('Most frequent')}</th>
          </tr>
        </thead>
        <tbody>
          ${all.map((attribute) => attributeRow(attribute, catalogueItems))}
        </tbody>
      </table>
    </div>
    <div class="plots">
      ${all
        .filter(({ bins }) => bins.length > 0)
        .map((attribute) => html`<toolrec-plot .spec=${numberAttributePlot(attribute)}></toolrec-plot>`)}
    </div>
  </section>`;
}

function attributeRow(attribute: AttributeView, catalogueItems: number): TemplateResult {
  const covered = catalogueItems === 0 ? 0 : attribute.covered / catalogueItems;
  const missing = catalogueItems - attribute.covered;
  return html`<tr>
    <th scope="row" title=${attribute.description ?? nothing}>${attribute.name}</th>
    <td>${kindName(attribute.kind)}</td>
    <td title=${missing > 0 ? t('{0} items have none', number(missing)) : nothing}>
      <span class="coverage">
        <svg width="56" height="8" aria-hidden="true">
          <rect class="track" width="56" height="8"></rect>
          <rect class="fill" width=${56 * covered} height="8"></rect>
        </svg>
        <span class="number">${percent(covered, covered === 1 || covered === 0 ? 0 : 1)}</span>
      </span>
    </td>
    <td class="number">${number(attribute.distinct)}</td>
    <td class="wide">${values(attribute, catalogueItems)}</td>
  </tr>`;
}

function kindName(kind: AttributeView['kind']): string {
  switch (kind) {
    case 'category':
      return t('category');
    case 'categories':
      return t('set of categories');
    case 'number':
      return t('number');
    case 'text':
      return t('text');
  }
}

function values({ top, range }: AttributeView, catalogueItems: number): TemplateResult {
  if (range)
    return html`${t('{0} to {1}, median {2}', String(range.least), String(range.most), String(range.median))}`;
  if (top.length === 0) return html`–`;
  return html`<ul class="values">
    ${top.map(
      ({ value, count }) =>
        html`<li title=${t('{0} items ({1})', number(count), percent(count / Math.max(1, catalogueItems)))}>
          ${value}<span class="number">${number(count)}</span>
        </li>`,
    )}
  </ul>`;
}

function catalogue(
  { query, offset, page, problem }: DatasetModel['catalogue'],
  actions: DatasetActions,
): TemplateResult {
  const names = page?.rows[0]?.attributes.map(({ name }) => name) ?? [];
  const last = page ? offset + page.rows.length : 0;
  return html`<section>
    <div class="bar">
      <h2>${t('Catalogue')}</h2>
      <span class="grow"></span>
      <vscode-text-field
        class="search"
        placeholder=${t('Search titles and ids')}
        aria-label=${t('Search titles and ids')}
        .value=${query}
        @input=${(event: Event) => actions.showItems((event.target as HTMLInputElement).value, 0)}
        ><span slot="start" class="codicon codicon-search" aria-hidden="true"></span
      ></vscode-text-field>
    </div>
    ${problem === undefined ? nothing : html`<p class="problem" role="alert">${problem}</p>`}
    ${
      page?.rows.length === 0
        ? html`<p class="empty" role="status">${t('No title or id contains “{0}”.', query)}</p>`
        : html`<div class="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">${t('Title')}</th>
                  ${names.map((name) => html`<th scope="col">${name}</th>`)}
                  <th scope="col" class="number">${t('Interactions')}</th>
                  <th scope="col">${t('Id')}</th>
                </tr>
              </thead>
              <tbody>
                ${page?.rows.map(
                  (row) =>
                    html`<tr>
                      <th scope="row">${row.title}</th>
                      ${cells(names, row.attributes)}
                      <td class="number">${number(row.interactions)}</td>
                      <td class="dim">${row.id}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
    ${
      page && page.total > page.rows.length
        ? html`<p class="bar pages">
            <vscode-button
              appearance="secondary"
              ?disabled=${offset === 0}
              @click=${() => actions.showItems(query, Math.max(0, offset - page.rows.length))}
              >${t('Previous')}</vscode-button
            >
            <vscode-button
              appearance="secondary"
              ?disabled=${last >= page.total}
              @click=${() => actions.showItems(query, last)}
              >${t('Next')}</vscode-button
            >
            <span role="status"
              >${t('{0} to {1} of {2}', number(offset + 1), number(last), number(page.total))}</span
            >
          </p>`
        : nothing
    }
  </section>`;
}

function cells(names: readonly string[], values: readonly Cell[]): TemplateResult[] {
  return names.map((name) => {
    const text = values.find((cell) => cell.name === name)?.text ?? '–';
    return html`<td class="clip" title=${text.length > 40 ? text : nothing}>${text}</td>`;
  });
}

function history({ shown, problem }: DatasetModel['history'], actions: DatasetActions): TemplateResult {
  const names = shown?.rows[0]?.attributes.map(({ name }) => name) ?? [];
  const rated = shown?.rows.some(({ rating }) => rating !== null) ?? false;
  return html`<section>
    <div class="bar">
      <h2>${t('A history')}</h2>
      ${shown ? html`<span class="dim">${historyNote(shown)}</span>` : nothing}
      <span class="grow"></span>
      <vscode-button appearance="secondary" @click=${() => actions.showHistory(null)}>
        ${t('Another User')}
      </vscode-button>
    </div>
    ${problem === undefined ? nothing : html`<p class="problem" role="alert">${problem}</p>`}
    ${
      shown
        ? html`<div class="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">${t('When')}</th>
                  <th scope="col">${t('Title')}</th>
                  ${names.map((name) => html`<th scope="col">${name}</th>`)}
                  ${rated ? html`<th scope="col" class="number">${t('Rating')}</th>` : nothing}
                  <th scope="col">${t('Part')}</th>
                </tr>
              </thead>
              <tbody>
                ${shown.rows.map(
                  (row) =>
                    html`<tr>
                      <td class="dim">${day(row.timestamp)}</td>
                      <th scope="row">${row.title}</th>
                      ${cells(names, row.attributes)}
                      ${rated ? html`<td class="number">${row.rating ?? '–'}</td>` : nothing}
                      <td>${partName(row.part)}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
        : nothing
    }
  </section>`;
}

function historyNote(shown: HistoryView): string {
  const profile = shown.profile.map(({ name, text }) => `${name} ${text}`);
  const latest =
    shown.rows.length < shown.length
      ? t('latest {0} of {1} interactions', number(shown.rows.length), number(shown.length))
      : t('{0} interactions', number(shown.length));
  return [t('user {0}', shown.id), ...profile, latest].join(' · ');
}

function partName(part: HistoryView['rows'][number]['part']): string {
  switch (part) {
    case 'train':
      return t('train');
    case 'validation':
      return t('validation');
    case 'test':
      return t('test');
  }
}

function origin(facts: DatasetFacts): TemplateResult {
  const { report } = facts;
  return html`<section>
    <h2>${t('Where it came from')}</h2>
    <dl class="origin">
      ${
        facts.files.length > 0
          ? html`<dt>${t('Files')}</dt>
              <dd>
                ${facts.files.map(({ name, bytes }) => html`<div>${name} <span class="dim">${t('{0} bytes', number(bytes))}</span></div>`)}
              </dd>`
          : nothing
      }
      ${
        facts.licence === undefined
          ? nothing
          : html`<dt>${t('Licence')}</dt>
              <dd>${facts.licence}</dd>`
      }
      ${
        facts.note === undefined
          ? nothing
          : html`<dt>${t('Note')}</dt>
              <dd>${facts.note}</dd>`
      }
      <dt>${t('Content hash')}</dt>
      <dd><code>${facts.hash.slice(0, 16)}</code></dd>
      ${
        report
          ? html`<dt>${t('Rows read')}</dt>
              <dd>${number(report.rows)}${badRows(report)}</dd>`
          : nothing
      }
    </dl>
    ${
      report && report.steps.length > 0
        ? html`<div class="scroll">
            <table>
              <caption>
                ${t('What each step of the preparation left')}
              </caption>
              <thead>
                <tr>
                  <th scope="col">${t('Step')}</th>
                  <th scope="col" class="number">${t('Users')}</th>
                  <th scope="col" class="number">${t('Items')}</th>
                  <th scope="col" class="number">${t('Interactions')}</th>
                </tr>
              </thead>
              <tbody>
                ${report.steps.map(
                  ({ step, users, items, interactions }) =>
                    html`<tr>
                      <th scope="row">${step}</th>
                      <td class="number">${number(users)}</td>
                      <td class="number">${number(items)}</td>
                      <td class="number">${number(interactions)}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
        : nothing
    }
  </section>`;
}

function badRows(report: NonNullable<DatasetFacts['report']>): TemplateResult {
  const notes = [
    ...report.reasons.map(({ value, count }) => `${value} ${number(count)}`),
    ...(report.unknownItems > 0
      ? [t('items without a catalogue entry {0}', number(report.unknownItems))]
      : []),
  ];
  if (report.badRows === 0 && notes.length === 0) return html`, ${t('every one of them used')}`;
  return html`, ${t('{0} left out', number(report.badRows))}
    <span class="dim">${notes.length > 0 ? `(${notes.join(', ')})` : nothing}</span>`;
}
