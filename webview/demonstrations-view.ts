import { html, nothing, type TemplateResult } from 'lit';
import type { DemonstrationsActions, DemonstrationsModel } from './demonstrations-model.ts';
import { number, t } from './language.ts';
import type { DemonstrationView } from './protocol.ts';

/** The page of a file of examples. */
export function demonstrationsView(
  model: DemonstrationsModel,
  actions: DemonstrationsActions,
): TemplateResult {
  const { state } = model;
  return html`
    <header class="head">
      <h1>${t('Demonstrations')}</h1>
      ${state.domain ? html`<span class="badge">${state.domain}</span>` : nothing}
      <span class="grow"></span>
      <vscode-button appearance="secondary" @click=${() => actions.showText(1)}
        >${t('Show as Text')}</vscode-button
      >
      <vscode-button @click=${actions.addFromSession}>${t('Add from a Session…')}</vscode-button>
    </header>
    ${demonstrationsList(model, actions)}
  `;
}

/** The examples of a file as a list, for any page that has actions for it. */
export function demonstrationsList(
  model: DemonstrationsModel,
  actions: DemonstrationsActions,
): TemplateResult {
  const { state } = model;
  const on = state.demonstrations.filter(({ enabled }) => enabled);
  return html`
    <p class="meta" aria-live="polite">
      ${
        state.problem
          ? nothing
          : t(
              '{0} of {1} examples are on, about {2} tokens of each prompt. Their order is that of the prompt.',
              number(on.length),
              number(state.demonstrations.length),
              number(on.reduce((sum, one) => sum + one.tokens, 0)),
            )
      }
    </p>
    ${
      state.problem
        ? html`<div class="callout failed" role="alert">
            <i class="codicon codicon-error" aria-hidden="true"></i>
            <div>
              <p>${t('{0} cannot be shown as a list: {1}', state.file, state.problem)}</p>
              <p class="actions">
                <vscode-button @click=${() => actions.showText(1)}>${t('Show as Text')}</vscode-button>
              </p>
            </div>
          </div>`
        : nothing
    }
    <ol class="demonstrations">
      ${state.demonstrations.map((one, at) => entry(one, at, model, actions))}
    </ol>
  `;
}

function entry(
  one: DemonstrationView,
  index: number,
  model: DemonstrationsModel,
  actions: DemonstrationsActions,
): TemplateResult {
  const last = model.state.demonstrations.length - 1;
  const open = model.open === index;
  const worst = one.findings.find(({ severity }) => severity === 'error') ?? one.findings[0];
  const keys = (event: KeyboardEvent) => {
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    event.preventDefault();
    const to = index + (event.key === 'ArrowUp' ? -1 : 1);
    if (to >= 0 && to <= last) actions.move(index, to);
  };
  return html`<li class=${one.enabled ? 'entry' : 'entry off'} @keydown=${keys}>
    <div class="row">
      <input
        type="checkbox"
        .checked=${one.enabled}
        aria-label=${t('“{0}” is in the prompt', one.title)}
        @change=${(event: Event) => actions.enable(index, (event.target as HTMLInputElement).checked)}
      />
      <button class="entry-title" aria-expanded=${open} @click=${() => actions.toggle(index)}>
        <i class=${`codicon codicon-chevron-${open ? 'down' : 'right'}`} aria-hidden="true"></i>
        <span>${one.title}</span>
      </button>
      ${
        worst
          ? html`<i
              class=${`codicon codicon-${worst.severity === 'error' ? 'error' : 'warning'} ${worst.severity}`}
              title=${worst.message}
              aria-label=${worst.message}
            ></i>`
          : nothing
      }
      <span class="facts number"
        >${t('{0} rounds · {1} tokens', number(one.rounds.length), number(one.tokens))}</span
      >
      ${
        one.source === 'written'
          ? nothing
          : html`<i
              class="codicon codicon-history"
              title=${t('from session {0}', one.source)}
              aria-label=${t('from session {0}', one.source)}
            ></i>`
      }
      <span class="entry-buttons">
        ${icon('arrow-up', t('Move “{0}” up (Alt+Up)', one.title), () => actions.move(index, index - 1), index === 0)}
        ${icon('arrow-down', t('Move “{0}” down (Alt+Down)', one.title), () => actions.move(index, index + 1), index === last)}
        ${icon('edit', t('Edit “{0}”', one.title), () => actions.edit(index))}
        ${icon('trash', t('Remove “{0}”', one.title), () => actions.remove(index), last === 0)}
      </span>
    </div>
    ${open ? (model.editing === index ? form(one, index, model, actions) : detail(one, actions)) : nothing}
  </li>`;
}

function icon(name: string, label: string, act: () => void, disabled = false): TemplateResult {
  return html`<button
    class="entry-icon"
    title=${label}
    aria-label=${label}
    ?disabled=${disabled}
    @click=${act}
  >
    <i class=${`codicon codicon-${name}`} aria-hidden="true"></i>
  </button>`;
}

function detail(one: DemonstrationView, actions: DemonstrationsActions): TemplateResult {
  return html`<div class="detail">
    ${one.findings.map(
      ({ severity, message, line }) =>
        html`<p class="finding">
          <i
            class=${`codicon codicon-${severity === 'error' ? 'error' : 'warning'} ${severity}`}
            aria-hidden="true"
          ></i>
          ${message}
          <button class="entry-link" @click=${() => actions.showText(line)}>
            ${t('Line {0}', number(line))}
          </button>
        </p>`,
    )}
    ${one.source === 'written' ? nothing : html`<p class="dim">${t('from session {0}', one.source)}</p>`}
    <p><span class="label">${t('History')}</span> ${one.history.join(' · ')}</p>
    ${one.rounds.map(
      ({ thought, action, observation }, i) =>
        html`<div class="step">
          <span class="number dim">${i + 1}</span>
          <div>
            <p>${thought}</p>
            <p><code>${action}</code></p>
            ${observation ? html`<p class="dim">${observation.join(' · ')}</p>` : nothing}
          </div>
        </div>`,
    )}
  </div>`;
}

/** Each list is one item a line, as a person would write it. */
function form(
  one: DemonstrationView,
  index: number,
  { problem }: DemonstrationsModel,
  actions: DemonstrationsActions,
): TemplateResult {
  const linesOf = (value: FormDataEntryValue | null) =>
    (typeof value === 'string' ? value : '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const text = (name: string) => {
      const value = data.get(name);
      return typeof value === 'string' ? value.trim() : '';
    };
    const rounds = one.rounds.map((_, i) => {
      const observation = linesOf(data.get(`observation-${i}`));
      return {
        thought: text(`thought-${i}`),
        action: text(`action-${i}`),
        ...(observation.length > 0 ? { observation } : {}),
      };
    });
    actions.save(index, { title: text('title'), history: linesOf(data.get('history')), rounds });
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'Escape') actions.cancel();
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
      (event.currentTarget as HTMLFormElement).requestSubmit();
  };
  const area = (name: string, label: string, value: string, rows: number) =>
    html`<label>${label}<textarea name=${name} rows=${rows} .value=${value}></textarea></label>`;
  return html`<form class="detail form" @submit=${submit} @keydown=${keys}>
    ${problem ? html`<p class="problem" role="alert">${problem}</p>` : nothing}
    <label>${t('Title')}<input name="title" .value=${one.title} /></label>
    ${area('history', t('History, one item a line, oldest first'), one.history.join('\n'), Math.min(8, one.history.length + 1))}
    ${one.rounds.map(
      ({ thought, action, observation }, i) =>
        html`<fieldset>
          <legend>${t('Round {0}', number(i + 1))}</legend>
          ${area(`thought-${i}`, t('Thought'), thought, 3)}
          <label
            >${t('Action')}<input name=${`action-${i}`} class="code" .value=${action} spellcheck="false"
          /></label>
          ${
            observation || i < one.rounds.length - 1
              ? area(
                  `observation-${i}`,
                  t('Observation, one item a line'),
                  (observation ?? []).join('\n'),
                  Math.min(8, (observation?.length ?? 0) + 1),
                )
              : nothing
          }
        </fieldset>`,
    )}
    <p class="actions">
      <vscode-button
        type="submit"
        @click=${(event: Event) => (event.target as HTMLElement).closest('form')!.requestSubmit()}
      >
        ${t('Save')}
      </vscode-button>
      <vscode-button appearance="secondary" @click=${actions.cancel}>${t('Cancel')}</vscode-button>
    </p>
  </form>`;
}
