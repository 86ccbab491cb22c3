import { html, nothing, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { number, t } from './language.ts';
import type { ModelRow } from './protocol.ts';
import { dashOf, runColours } from './run-style.ts';
import { duration, isActive, statusIcon, statusName } from './training-words.ts';
import type { FullState, TrainingActions } from './training-view.ts';

/** The runs of the folder: a click shows one, its box lays it over the others. */
export function runList({ rows, selected, trusted }: FullState, actions: TrainingActions): TemplateResult {
  const toggle = (id: string) =>
    actions.select(selected.includes(id) ? selected.filter((each) => each !== id) : [...selected, id]);
  return html`<nav class="runs" aria-label=${t('Runs')}>
    <div class="bar">
      <h2>${t('Runs')}</h2>
      <span class="grow"></span>
      <vscode-button appearance="secondary" ?disabled=${!trusted} @click=${actions.train}
        >${t('Train…')}</vscode-button
      >
    </div>
    <ul>
      ${rows.map((row) => item(row, selected.indexOf(row.id), toggle, actions))}
    </ul>
  </nav>`;
}

function item(
  row: ModelRow,
  order: number,
  toggle: (id: string) => void,
  actions: TrainingActions,
): TemplateResult {
  const shown = order >= 0;
  const metric = row.validation?.['ndcg@10'];
  const state = statusName(row.status);
  return html`<li class=${shown ? 'run shown' : 'run'}>
    <input
      type="checkbox"
      .checked=${shown}
      ?disabled=${row.status === 'damaged'}
      aria-label=${t('Lay {0} over the others', row.id)}
      @change=${() => toggle(row.id)}
    />
    <button
      type="button"
      class="run-button"
      aria-pressed=${shown}
      ?disabled=${row.status === 'damaged'}
      title=${row.failure ?? nothing}
      @click=${() => actions.select([row.id])}
    >
      <span class="run-name"
        ><i
          class="codicon codicon-${statusIcon(row.status)} ${isActive(row) ? 'active' : ''} ${row.status}"
          title=${state}
          aria-hidden="true"
        ></i
        ><span class="name">${row.id}</span>${shown ? swatch(order) : nothing}</span
      >
      <span class="run-facts">
        <span>${row.status === 'damaged' ? state : [row.title, row.dataset].join(' · ')}</span>
      </span>
      <span class="run-facts numbers">
        <span>${state}</span>
        <span class="number">${metric === undefined ? '' : t('NDCG@10 {0}', number(metric, 3))}</span>
        <span class="number">${row.seconds > 0 ? duration(row.seconds) : ''}</span>
      </span>
      ${progress(row)}
    </button>
  </li>`;
}

function progress({ live, status }: ModelRow): TemplateResult | typeof nothing {
  if (live?.done === undefined || !live.total || status === 'waiting') return nothing;
  return html`<progress max=${live.total} value=${live.done} aria-hidden="true"></progress>`;
}

/** The run's line as the charts draw it. */
export function swatch(order: number): TemplateResult {
  return html`<svg class="swatch run-${order % runColours.length}" width="24" height="8" aria-hidden="true">
    ${svg`<path d="M0 4H24" stroke-dasharray=${dashOf(order).join(' ') || 'none'}></path>`}
  </svg>`;
}
