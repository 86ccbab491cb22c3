import { html, nothing, type TemplateResult } from 'lit';
import { number, t } from './language.ts';
import type { PreviewMessage, PreviewState } from './protocol.ts';

export interface PreviewActions {
  choose(choice: { dataset: string | null; user: string; round: number; session: string | null }): void;
  goTo(line: number, column: number): void;
}

/** The prompt as the model would be given it, role by role. All text is untrusted and only ever shown as text. */
export function previewView(state: PreviewState, actions: PreviewActions): TemplateResult {
  return html`
    <header class="head">
      <h1>${state.title}</h1>
      <span class="grow"></span>
      <span class="total number" title=${t('Estimate, without a tokenizer')}
        >${t('about {0} tokens', number(state.tokens))}</span
      >
    </header>
    ${chooser(state, actions)}
    <p class="meta" aria-live="polite">
      ${t('With the values of {0}', state.subject)}${state.note ? html` <span class="note">${state.note}</span>` : nothing}
    </p>
    ${problem(state, actions)}
    <div class=${state.problem ? 'messages stale' : 'messages'}>${state.messages.map(message)}</div>
    ${
      state.messages.length === 0 && !state.problem
        ? html`<p class="empty">${t('The prompt has no message yet. Write text, or a {% user %} block.')}</p>`
        : nothing
    }
  `;
}

function chooser({ choices }: PreviewState, actions: PreviewActions): TemplateResult {
  const now = {
    dataset: choices.dataset ?? null,
    user: choices.user,
    round: Math.max(1, choices.round),
    session: choices.session ?? null,
  };
  const recorded = now.session !== null;
  return html`<form class="choices" @submit=${(event: Event) => event.preventDefault()}>
    <label>
      ${t('Values of')}
      <select
        class="source"
        @change=${(event: Event) => {
          const { value } = event.target as HTMLSelectElement;
          const session = value.startsWith('session:') ? value.slice(8) : null;
          const dataset = value.startsWith('dataset:')
            ? value.slice(8)
            : session === null
              ? null
              : now.dataset;
          actions.choose({
            ...now,
            dataset,
            session,
            user: dataset === now.dataset ? now.user : '',
            round: 1,
          });
        }}
      >
        ${
          choices.datasets.length === 0
            ? html`<option value="" selected>${t('sample values')}</option>`
            : choices.datasets.map(
                (name) =>
                  html`<option value=${`dataset:${name}`} ?selected=${!recorded && name === now.dataset}>
                    ${name}
                  </option>`,
              )
        }
        ${
          choices.sessions.length > 0
            ? html`<optgroup label=${t('Recorded sessions')}>
                ${choices.sessions.map(
                  ({ id, label }) =>
                    html`<option value=${`session:${id}`} ?selected=${id === now.session}>${label}</option>`,
                )}
              </optgroup>`
            : nothing
        }
      </select>
    </label>
    ${
      recorded || choices.datasets.length === 0
        ? nothing
        : html`<label>
            ${t('User')}
            <input
              class="user"
              .value=${now.user}
              spellcheck="false"
              @change=${(event: Event) => actions.choose({ ...now, user: (event.target as HTMLInputElement).value })}
            />
          </label>`
    }
    ${
      choices.hasRounds && choices.rounds > 1
        ? html`<label>
            ${t('Round')}
            <select
              class="round"
              @change=${(event: Event) => actions.choose({ ...now, round: Number((event.target as HTMLSelectElement).value) })}
            >
              ${Array.from({ length: choices.rounds }, (_, i) => i + 1).map(
                (round) => html`<option value=${round} ?selected=${round === now.round}>${round}</option>`,
              )}
            </select>
          </label>`
        : nothing
    }
  </form>`;
}

function problem(
  { problem: found, messages }: PreviewState,
  actions: PreviewActions,
): TemplateResult | typeof nothing {
  if (!found) return nothing;
  const { line, column, more } = found;
  return html`<div class="callout failed" role="alert">
    <i class="codicon codicon-error" aria-hidden="true"></i>
    <div>
      <p>
        ${found.message} ${more > 0 ? t('And {0} more.', number(more)) : nothing}
        ${
          line === undefined
            ? nothing
            : html`<button class="link" @click=${() => actions.goTo(line, column ?? 1)}>
                ${t('Line {0}', number(line))}
              </button>`
        }
      </p>
      ${messages.length > 0 && line !== undefined ? html`<p class="dim">${t('Below is the last version that could be rendered.')}</p>` : nothing}
    </div>
  </div>`;
}

const icons = { system: 'settings-gear', user: 'account', assistant: 'hubot' } as const;

function roleName(role: PreviewMessage['role']): string {
  switch (role) {
    case 'system':
      return t('System');
    case 'user':
      return t('User');
    case 'assistant':
      return t('Assistant');
  }
}

function message({ role, tokens, sections, lines }: PreviewMessage): TemplateResult {
  const named = sections.filter(({ title }) => title !== '');
  return html`<section class="message" aria-label=${roleName(role)}>
    <h2>
      <i class=${`codicon codicon-${icons[role]}`} aria-hidden="true"></i> ${roleName(role)}
      <span class="tokens number">${t('{0} tokens', number(tokens))}</span>
    </h2>
    ${
      named.length > 0
        ? html`<ul class="sections">
            ${named.map(({ title, tokens: count }) => html`<li><span>${title}</span> <span class="number">${number(count)}</span></li>`)}
          </ul>`
        : nothing
    }
    <div class="text">${lines.map(lineView)}</div>
  </section>`;
}

/** White space counts here, so nothing may stand between the tags. */
function lineView({ text, mark }: PreviewMessage['lines'][number]): TemplateResult {
  const shown = text === '' ? '\u200B' : text;
  if (mark === undefined) return html`<div>${shown}</div>`;
  // prettier-ignore
  if (mark === 'whole') return html`<div class="new"><ins>${shown}</ins></div>`;
  const [from, to] = mark;
  // prettier-ignore
  return html`<div class="new">${text.slice(0, from)}<ins>${text.slice(from, to)}</ins>${text.slice(to)}</div>`;
}
