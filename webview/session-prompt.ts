import { html, nothing, type TemplateResult } from 'lit';
import { demonstrationsList } from './demonstrations-view.ts';
import { t } from './language.ts';
import type { PromptEditor, SessionActions, SessionHead, SessionModel } from './session-model.ts';

/** The prompt as text and its demonstrations as a list, folded until asked for. */
export function promptSection(
  head: SessionHead,
  model: SessionModel,
  actions: SessionActions,
): TemplateResult {
  const { prompt } = model;
  return html`<section class="prompt">
    <div class="bar">
      <h2>
        <button
          class="fold"
          id="prompt"
          aria-expanded=${String(prompt !== undefined)}
          @click=${actions.togglePrompt}
        >
          <i class="codicon codicon-chevron-${prompt ? 'down' : 'right'}" aria-hidden="true"></i
          >${t('Prompt and demonstrations')}
        </button>
      </h2>
      ${head.hasPrompt ? nothing : html`<span class="dim">${t('The offline policy uses none; they are for a language model.')}</span>`}
    </div>
    ${prompt ? opened(prompt, model, actions) : nothing}
  </section>`;
}

function opened(prompt: PromptEditor, model: SessionModel, actions: SessionActions): TemplateResult {
  const { shown, which } = prompt;
  const tab = (name: PromptEditor['which'], label: string) =>
    html`<button
      class="tab"
      role="tab"
      id=${`tab-${name}`}
      aria-selected=${String(which === name)}
      @click=${() => actions.choosePrompt(name)}
    >
      ${label}
    </button>`;
  const own = which === 'prompt' ? shown.own : (model.examples?.own ?? false);
  return html`<div>
    <div class="bar">
      <span role="tablist" aria-label=${t('Prompt and demonstrations')}>
        ${tab('prompt', shown.name)} ${tab('demonstrations', t('demonstrations'))}
      </span>
      <span class="dim"
        >${own ? t('of this folder') : t('as shipped; a change is kept in the folder “prompts”')}</span
      >
      <span class="grow"></span>
      ${which === 'prompt' ? promptButtons(prompt, actions) : listButtons(model, actions)}
    </div>
    ${which === 'prompt' ? promptText(prompt, actions) : examples(model)}
  </div>`;
}

function promptButtons({ shown, text }: PromptEditor, actions: SessionActions): TemplateResult {
  return html`<vscode-button appearance="secondary" @click=${actions.openPrompt}
      >${t('Open in Editor')}</vscode-button
    >
    <vscode-button ?disabled=${text === shown.text} @click=${actions.savePrompt}
      >${t('Save')}</vscode-button
    >`;
}

function promptText({ shown, text, problem }: PromptEditor, actions: SessionActions): TemplateResult {
  return html`${problem === undefined ? nothing : html`<p class="problem" role="alert">${problem}</p>`}
    <textarea
      id="prompt-text"
      rows="18"
      spellcheck="false"
      aria-label=${shown.name}
      .value=${text}
      @input=${(event: Event) => actions.writePrompt((event.target as HTMLTextAreaElement).value)}
    ></textarea>`;
}

function listButtons({ examples: shown, examplesActions }: SessionModel, actions: SessionActions) {
  if (!shown || !examplesActions) return nothing;
  return html`<vscode-button appearance="secondary" @click=${() => examplesActions.showText(1)}
      >${t('Open in Editor')}</vscode-button
    >
    <vscode-button
      id="add-example"
      ?disabled=${!shown.canAdd}
      title=${t('A session that has ended becomes an example, once; its long lists are cut.')}
      @click=${actions.addExample}
      >${t('Add This Session')}</vscode-button
    >`;
}

function examples({ examples: shown, example, examplesActions }: SessionModel): TemplateResult {
  if (shown === undefined || !examplesActions) return html`<p class="dim">${t('Reading…')}</p>`;
  if (shown === null) return html`<p class="dim">${t('There are none for this dataset.')}</p>`;
  return demonstrationsList({ state: shown.list, ...example }, examplesActions);
}
