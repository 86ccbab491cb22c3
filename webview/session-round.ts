import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { number, t } from './language.ts';
import type { SessionCall, SessionRound } from './protocol.ts';
import { itemTable } from './session-items.ts';
import type { Editing, Part, SessionActions, SessionHead, SessionModel } from './session-model.ts';
import { duration, money, purposeText, tokens } from './session-text.ts';

/** One round as a cell: thought, action, observation; only an outline of it while it is far out of view. */
export function roundCell(
  round: SessionRound,
  head: SessionHead,
  model: SessionModel,
  actions: SessionActions,
  near: boolean,
): TemplateResult {
  const wrong = round.problem !== null || round.observation?.status === 'problem';
  const failed = head.failure?.round === round.number;
  const broken = head.breakpoints.includes(`round ${round.number}`);
  return html`<article
    class="round ${round.stale === 'no' ? '' : 'stale'} ${wrong || failed ? 'wrong' : ''}"
    data-round=${round.number}
    tabindex="-1"
    aria-label=${label(round)}
  >
    <div class="gutter">
      <span class="ordinal">${round.number}</span>
      ${wrong || failed ? html`<i class="codicon codicon-warning" role="img" aria-label=${t('This round could not be used')}></i>` : nothing}
      ${broken ? html`<i class="codicon codicon-debug-breakpoint" role="img" aria-label=${t('Continue holds after this round')}></i>` : nothing}
    </div>
    <div class="cell">${near ? full(round, head, model, actions, broken) : outline(round)}</div>
  </article>`;
}

/** What find in page, and a screen reader that lists headings, still meet. */
function outline(round: SessionRound): TemplateResult {
  return html`<p class="thought-text dim" .textContent=${round.thought}></p>
    <code class="action-text">${round.finishes === null ? round.action : 'Finish'}</code>`;
}

function full(
  round: SessionRound,
  head: SessionHead,
  model: SessionModel,
  actions: SessionActions,
  broken: boolean,
): TemplateResult {
  const busy = head.activity !== null;
  const running = busy && head.activity!.phase === 'act' && head.activity!.round === round.number;
  const editable = !busy && round.stale !== 'left' && head.branch === 'line';
  return html`
    <div class="cell-bar">
      <span class="effort">${effort(round)}</span>
      <span class="buttons" role="toolbar" aria-label=${t('Round {0}', round.number)}>
        ${button('edit', t('Edit Action'), () => actions.edit(round.number, 'action'), !editable)}
        ${button('refresh', t('Decide Anew'), () => actions.rerun(round.number), !editable)}
        ${button('repo-forked', t('Fork after This Round'), () => actions.fork(round.number), busy)}
        ${button(broken ? 'debug-breakpoint-unverified' : 'debug-breakpoint', broken ? t('Do Not Hold after This Round') : t('Hold after This Round'), () => actions.breakAfter(round.number), false)}
      </span>
    </div>
    ${staleNote(round)}
    ${partRow(round, 'thought', t('Thought'), thought(round), editable, model.editing, actions)}
    ${partRow(round, 'action', t('Action'), action(round), editable, model.editing, actions)}
    ${
      round.observation
        ? partRow(
            round,
            'observation',
            t('Observation'),
            observation(round, head, model, actions),
            editable && round.observation.mark !== null,
            model.editing,
            actions,
          )
        : running
          ? html`<div class="part">
              <span class="part-label">${t('Observation')}</span>
              <div class="part-body dim">
                <i class="codicon codicon-loading codicon-modifier-spin" aria-hidden="true"></i>
                ${t('Running…')}
              </div>
            </div>`
          : nothing
    }
    ${calls(round, actions)}
  `;
}

export function button(
  icon: string,
  label: string,
  run: () => void,
  disabled: boolean,
  id?: string,
): TemplateResult {
  return html`<button
    class="icon"
    id=${id ?? nothing}
    title=${label}
    aria-label=${label}
    ?disabled=${disabled}
    @click=${run}
  >
    <i class="codicon codicon-${icon}" aria-hidden="true"></i>
  </button>`;
}

function label(round: SessionRound): string {
  const what =
    round.finishes === null ? (round.action ?? t('no action')) : t('Finish with {0} items', round.finishes);
  return t('Round {0}: {1}', round.number, what);
}

function staleNote(round: SessionRound): TemplateResult | typeof nothing {
  if (round.stale === 'no') return nothing;
  const text =
    round.stale === 'left'
      ? t('left the line')
      : t('stale: decided with another prompt, model or tool than the next round');
  return html`<p class="note"><i class="codicon codicon-history" aria-hidden="true"></i> ${text}</p>`;
}

function effort(round: SessionRound): string {
  return [
    ...(round.tokens > 0 ? [tokens(round.tokens, round.tokensEstimated)] : []),
    ...(round.cost ? [money(round.cost)] : []), // as in the totals: what costs nothing says nothing
    duration(round.milliseconds),
  ].join(' · ');
}

function partRow(
  round: SessionRound,
  part: Part,
  name: string,
  body: TemplateResult,
  editable: boolean,
  editing: Editing | undefined,
  actions: SessionActions,
): TemplateResult {
  const open = editing?.round === round.number && editing.part === part;
  return html`<div class="part ${part}">
    <span class="part-label">
      ${name}
      ${round.edited.includes(part) ? html`<small class="edited"><i class="codicon codicon-edit" aria-hidden="true"></i>${t('edited')}</small>` : nothing}
    </span>
    <div class="part-body">${open ? editor(editing, name, actions) : body}</div>
    ${
      open || !editable
        ? nothing
        : html`<button
            class="icon part-edit"
            title=${t('Edit {0}', name)}
            aria-label=${t('Edit {0} of round {1}', name, round.number)}
            @click=${() => actions.edit(round.number, part)}
          >
            <i class="codicon codicon-edit" aria-hidden="true"></i>
          </button>`
    }
  </div>`;
}

function editor(editing: Editing, name: string, actions: SessionActions): TemplateResult {
  const rows = Math.min(14, Math.max(editing.part === 'action' ? 1 : 3, editing.text.split('\n').length));
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') actions.putBack();
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) actions.commit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div class="editor">
    <textarea
      id="editor"
      rows=${rows}
      aria-label=${name}
      aria-invalid=${String(editing.problem !== undefined)}
      aria-describedby="editor-note"
      spellcheck="false"
      ?disabled=${editing.busy ?? false}
      .value=${editing.text}
      @input=${(event: Event) => actions.write((event.target as HTMLTextAreaElement).value)}
      @keydown=${onKey}
    ></textarea>
    ${editing.problem === undefined ? nothing : html`<p class="problem" role="alert">${editing.problem}</p>`}
    <p class="editor-bar" id="editor-note">
      <vscode-button id="commit" @click=${actions.commit}>
        ${editing.part === 'observation' ? t('Take Over') : t('Run from Here')}
      </vscode-button>
      <vscode-button appearance="secondary" @click=${actions.putBack}>${t('Put Back')}</vscode-button>
      <span class="dim">${editorHint(editing.part)}</span>
    </p>
  </div>`;
}

function editorHint(part: Part): string {
  switch (part) {
    case 'thought':
      return t('The policy then chooses an action for this thought. Ctrl+Enter, Esc.');
    case 'action':
      return t('For example Retrieve[genre, 10] or Rank[None, 10]. Ctrl+Enter, Esc.');
    case 'observation':
      return t('One title or id a line; each is checked against the catalogue. Ctrl+Enter, Esc.');
  }
}

function thought(round: SessionRound): TemplateResult {
  return html`<p class="thought-text" .textContent=${round.thought || '–'}></p>`;
}

function action(round: SessionRound): TemplateResult {
  const text = round.undecided
    ? html`<span class="dim">${t('The policy has yet to choose an action for this thought.')}</span>`
    : round.action === null
      ? html`<span class="problem">${t('No action could be read from the reply.')}</span>`
      : round.finishes === null
        ? html`<code class="action-text">${round.action}</code>`
        : html`<code class="action-text">Finish</code>
            <span class="dim">${t('with {0} items, in the result below', round.finishes)}</span>`;
  return html`<div>
    ${text}
    ${round.repairs.map((repair) => html`<p class="repair"><i class="codicon codicon-wrench" aria-hidden="true"></i> ${repair}</p>`)}
    ${round.problem ? problemLine(round.problem.message, round.problem.hint) : nothing}
  </div>`;
}

export function problemLine(message: string, hint: string): TemplateResult {
  return html`<p class="wrong-line">
    <i class="codicon codicon-warning" aria-hidden="true"></i>
    <span>${message} <span class="dim">${hint}</span></span>
  </p>`;
}

function observation(
  round: SessionRound,
  head: SessionHead,
  model: SessionModel,
  actions: SessionActions,
): TemplateResult {
  const shown = round.observation!;
  if (shown.items.length === 0)
    return html`<div>
      ${shown.status === 'problem' ? problemLine(shown.text, shown.hint) : html`<p class="fact" .textContent=${shown.text}></p>`}
      ${dropped(shown)}${outside(shown.outside)}
    </div>`;
  const notes = [
    shown.outside.length === 0
      ? t('{0} items, all in the catalogue', number(shown.items.length))
      : t('{0} items of the catalogue', number(shown.items.length)),
    ...(shown.reruns > 0 ? [t('asked again {0} times for items outside it', shown.reruns)] : []),
  ];
  return html`<div>
    <p class="summary">${notes.join(' · ')}</p>
    ${itemTable(shown.items, head.columns, round.number, model, actions)} ${dropped(shown)}
    ${outside(shown.outside)}
  </div>`;
}

function dropped(shown: NonNullable<SessionRound['observation']>): TemplateResult | typeof nothing {
  const lines = [
    ...(shown.seen.length > 0 ? [{ text: t('already in the history'), titles: shown.seen }] : []),
    ...(shown.duplicates.length > 0 ? [{ text: t('named twice'), titles: shown.duplicates }] : []),
    ...(shown.ambiguous.length > 0
      ? [
          {
            text: t('could be more than one item'),
            titles: shown.ambiguous.map(({ text, candidates }) => `${text} (${candidates.join(', ')})`),
          },
        ]
      : []),
  ];
  if (lines.length === 0) return nothing;
  return html`<details class="dropped">
    <summary>
      ${t('Left out: {0}', lines.map(({ text, titles }) => `${number(titles.length)} ${text}`).join(', '))}
    </summary>
    <ul>
      ${lines.map(({ text, titles }) => html`<li><span class="dim">${text}:</span> ${titles.join('; ')}</li>`)}
    </ul>
  </details>`;
}

/** What a model proposed that the catalogue lacks (paper 4.4.1). */
export function outside(titles: readonly string[]): TemplateResult | typeof nothing {
  if (titles.length === 0) return nothing;
  return html`<div class="outside">
    <p>
      <i class="codicon codicon-lightbulb" aria-hidden="true"></i>
      ${t('Suggested, but not in the catalogue. They cannot be recommended here; they show what the user might like beyond it.')}
    </p>
    <ul>
      ${titles.map((title) => html`<li>${title}</li>`)}
    </ul>
  </div>`;
}

function calls(round: SessionRound, actions: SessionActions): TemplateResult | typeof nothing {
  if (round.calls.length === 0) return nothing;
  const one = (call: SessionCall, i: number) =>
    html`<li>
      <span>${purposeText(call.purpose)}</span>
      <span class="dim"
        >${[call.model, tokens(call.tokens), duration(call.milliseconds), ...(call.retries > 0 ? [t('{0} retries', call.retries)] : [])].join(' · ')}</span
      >
      <button class="link" @click=${() => actions.openCall(round.number, i, 'prompt')}>${t('Prompt')}</button>
      <button class="link" @click=${() => actions.openCall(round.number, i, 'reply')}>${t('Reply')}</button>
      ${call.error === null ? nothing : html`<span class="problem">${call.error}</span>`}
    </li>`;
  return html`<ul class="calls" aria-label=${t('Calls of the language model')}>
    ${round.calls.map(one)}
  </ul>`;
}
