import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { failedCallout } from './callout.ts';
import { number, t } from './language.ts';
import type {
  ComparedCell,
  ComparedItem,
  ComparedRound,
  CompareFull,
  CompareState,
  Pieces,
} from './protocol/compare.ts';

/** What a person can do in the comparison. */
export interface CompareActions {
  onlyChanged(on: boolean): void;
  swap(): void;
  open(side: 'first' | 'second'): void;
  reload(): void;
  showLog(): void;
}

export function compareView(state: CompareState, actions: CompareActions): TemplateResult {
  switch (state.kind) {
    case 'loading':
      return html`<div class="working" role="status">
        <vscode-progress-ring></vscode-progress-ring>
        <span>${t('Reading the sessions…')}</span>
      </div>`;
    case 'failed':
      return failedCallout(state.failure, { again: actions.reload, log: actions.showLog });
    case 'full':
      return full(state, actions);
  }
}

/** Brings the next (1) or previous (-1) changed part into view and puts the focus on it. */
export function moveToChange(direction: 1 | -1): void {
  const changes = [...document.querySelectorAll<HTMLElement>('[data-changed]')];
  const at = changes.findIndex((change) => change === document.activeElement);
  const next = at < 0 ? (direction === 1 ? 0 : changes.length - 1) : at + direction;
  const change = changes[next];
  change?.focus({ preventScroll: true });
  change?.scrollIntoView({ block: 'start' });
}

function full(state: CompareFull, actions: CompareActions): TemplateResult {
  const shown = state.onlyChanged ? state.rounds.filter(({ same }) => !same) : state.rounds;
  const hidden = state.rounds.length - shown.length;
  const facts = state.onlyChanged ? state.facts.filter(({ same }) => !same) : state.facts;
  const changed = state.rounds.filter(({ same }) => !same).length;
  return html`
    <header class="head">
      <h1>${t('Compare Sessions')}</h1>
      <span class="grow"></span>
      <label class="toggle">
        <input
          type="checkbox"
          .checked=${state.onlyChanged}
          @change=${(event: Event) => actions.onlyChanged((event.target as HTMLInputElement).checked)}
        />
        ${t('Only what differs')}
      </label>
      <vscode-button
        appearance="icon"
        aria-label=${t('Previous difference (K)')}
        title=${t('Previous difference (K)')}
        @click=${() => moveToChange(-1)}
        ><span class="codicon codicon-arrow-up"></span
      ></vscode-button>
      <vscode-button
        appearance="icon"
        aria-label=${t('Next difference (J)')}
        title=${t('Next difference (J)')}
        @click=${() => moveToChange(1)}
        ><span class="codicon codicon-arrow-down"></span
      ></vscode-button>
      <vscode-button
        appearance="icon"
        aria-label=${t('Swap left and right')}
        title=${t('Swap left and right')}
        @click=${actions.swap}
        ><span class="codicon codicon-arrow-swap"></span
      ></vscode-button>
    </header>
    <p class="meta" role="status">${summary(changed, state)}</p>
    <div class="sides">${side(state.first, 'first', actions)} ${side(state.second, 'second', actions)}</div>
    ${
      facts.length === 0
        ? html`<p class="empty">${t('Policy, prompts, settings and effort are the same.')}</p>`
        : html`<div class="scroll">
            <table class="facts">
              <caption class="hidden">
                ${t('What the two sessions are')}
              </caption>
              <thead>
                <tr>
                  <td></td>
                  <th scope="col">${t('Left')}</th>
                  <th scope="col">${t('Right')}</th>
                </tr>
              </thead>
              <tbody>
                ${facts.map(
                  (fact) =>
                    html`<tr class=${fact.same ? '' : 'changed'}>
                      <th scope="row">${fact.same ? nothing : differs()}${fact.name}</th>
                      <td>${fact.first}</td>
                      <td>${fact.second}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
    ${shown.map(round)}
    ${
      hidden > 0
        ? html`<p class="empty">
            ${hidden === 1 ? t('1 round that is the same is not shown.') : t('{0} rounds that are the same are not shown.', hidden)}
          </p>`
        : nothing
    }
    ${result(state)}
  `;
}

function summary(changed: number, { rounds, result }: CompareFull): string {
  const lists =
    result === null
      ? t('Neither has ended.')
      : result.same
        ? t('The final lists are the same.')
        : t('The final lists differ.');
  if (rounds.length === 0) return t('Neither session has a round yet.');
  return changed === 0
    ? `${t('All rounds are the same.')} ${lists}`
    : `${t('{0} of {1} rounds differ.', changed, rounds.length)} ${lists}`;
}

function side(
  { session, title, line, ended }: CompareFull['first'],
  which: 'first' | 'second',
  actions: CompareActions,
): TemplateResult {
  return html`<section class="side" aria-label=${which === 'first' ? t('Left') : t('Right')}>
    <div class="bar">
      <h2>${title}</h2>
      <span class="grow"></span>
      <vscode-button appearance="secondary" @click=${() => actions.open(which)}
        >${t('Open Session')}</vscode-button
      >
    </div>
    <p class="meta"><code>${session}</code>${line === '' ? nothing : html` · ${line}`}</p>
    <p class="meta">${ended}</p>
  </section>`;
}

function differs(): TemplateResult {
  return html`<i
    class="codicon codicon-diff-modified"
    role="img"
    aria-label=${t('differs')}
    title=${t('differs')}
  ></i> `;
}

function round(entry: ComparedRound): TemplateResult {
  const label = entry.same
    ? t('Round {0}, the same on both sides', entry.round)
    : t('Round {0}: {1}', entry.round, entry.differences.join(', '));
  return html`<section class="round" tabindex="-1" aria-label=${label} ?data-changed=${!entry.same}>
    <div class="bar">
      <h2>${t('Round {0}', entry.round)}</h2>
      ${entry.same ? html`<span class="dim">${t('the same')}</span>` : html`${differs()}<span>${entry.differences.join(' · ')}</span>`}
    </div>
    <div class="sides">
      ${cell(entry.first, t('Left'), t('no such round'))}
      ${cell(entry.second, t('Right'), t('no such round'))}
    </div>
  </section>`;
}

function cell(content: ComparedCell | null, label: string, missing: string): TemplateResult {
  if (!content)
    return html`<div class="side missing" role="group" aria-label=${label}>
      <p class="empty">${missing}</p>
    </div>`;
  const { thought, action, edited, effort, text, items } = content;
  return html`<div class="side" role="group" aria-label=${label}>
    <p>
      ${thought.length === 0 ? html`<span class="dim">${t('No thought.')}</span>` : html`<span class="thought">${pieces(thought)}</span>`}
    </p>
    <p>
      <code class="action">${action}</code>
      ${edited.length > 0 ? html`<span class="badge">${t('edited')}</span>` : nothing}
      <span class="dim">${effort}</span>
    </p>
    ${text === '' ? nothing : html`<p class="dim">${text}</p>`} ${list(items)}
  </div>`;
}

function pieces(all: Pieces): readonly (string | TemplateResult)[] {
  return all.map(({ text, changed }) => (changed ? html`<mark>${text}</mark>` : text));
}

/** Longer lists fold away what comes after these. */
const shownItems = 12;

function list(items: readonly ComparedItem[]): TemplateResult | typeof nothing {
  if (items.length === 0) return nothing;
  const rest = items.slice(shownItems);
  const differing = rest.filter(({ mark }) => mark !== 'same').length;
  return html`<ol class="items">
      ${items.slice(0, shownItems).map((item, i) => itemRow(item, i + 1))}
    </ol>
    ${
      rest.length === 0
        ? nothing
        : html`<details>
            <summary>
              ${differing === 0 ? t('{0} more, the same', rest.length) : t('{0} more, {1} of them differ', rest.length, differing)}
            </summary>
            <ol class="items" start=${shownItems + 1}>
              ${rest.map((item, i) => itemRow(item, shownItems + i + 1))}
            </ol>
          </details>`
    }`;
}

function itemRow(item: ComparedItem, rank: number): TemplateResult {
  return html`<li class=${item.mark}>
    <span class="number">${rank}</span>
    <span class="title" title=${item.id}>${item.title}</span>
    ${item.note === '' ? nothing : html`<span class="dim">${item.note}</span>`}
    ${item.score === null ? nothing : html`<span class="number dim">${number(item.score, 3)}</span>`}
    <span class="change">${change(item)}</span>
  </li>`;
}

/** In a word and a sign, never by colour alone. */
function change({ mark, by }: ComparedItem): string | typeof nothing {
  switch (mark) {
    case 'same':
      return nothing;
    case 'here':
      return t('only here');
    case 'moved':
      return by > 0 ? t('▼ {0}', by) : t('▲ {0}', -by);
  }
}

function result({ result: lists, onlyChanged }: CompareFull): TemplateResult | typeof nothing {
  if (lists === null) return nothing;
  if (onlyChanged && lists.same) return html`<p class="empty">${t('The final lists are the same.')}</p>`;
  const part = (items: readonly ComparedItem[], label: string) =>
    html`<div class="side" role="group" aria-label=${label}>
      ${items.length === 0 ? html`<p class="empty">${t('It has not ended.')}</p>` : list(items)}
    </div>`;
  return html`<section
    class="round"
    tabindex="-1"
    aria-label=${t('Final lists')}
    ?data-changed=${!lists.same}
  >
    <div class="bar">
      <h2>${t('Final lists')}</h2>
      ${lists.same ? html`<span class="dim">${t('the same')}</span>` : html`${differs()}<span>${lists.differences.join(' · ')}</span>`}
    </div>
    <div class="sides">${part(lists.first, t('Left'))} ${part(lists.second, t('Right'))}</div>
  </section>`;
}
