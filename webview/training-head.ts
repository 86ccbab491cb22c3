import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { number, percent, t } from './language.ts';
import type { ModelRow } from './protocol.ts';
import { deviceSentence, duration, isActive, isResumable, metricName, statusName } from './training-words.ts';
import type { TrainingActions } from './training-view.ts';

/** One run: what it is, how far it is, what can be done with it. */
export function runHead(row: ModelRow, trusted: boolean, actions: TrainingActions): TemplateResult {
  return html`<header class="head">
      <h1>${row.id}</h1>
      ${row.simulated ? html`<span class="badge">${t('simulated')}</span>` : nothing}
      <span class="grow"></span>
      ${buttons(row, trusted, actions)}
    </header>
    <p class="meta">${[row.title, row.dataset, row.loss, deviceSentence(row)].filter(Boolean).join(' · ')}</p>
    ${progress(row)} ${failure(row, actions)} ${figures(row)}`;
}

function buttons(row: ModelRow, trusted: boolean, actions: TrainingActions): TemplateResult {
  const act = (action: 'pause' | 'resume' | 'stop' | 'evaluate') => () => actions.act(action, row.id);
  if (isActive(row)) {
    const ending = row.status === 'pausing' || row.status === 'stopping';
    return html`<vscode-button appearance="secondary" ?disabled=${ending} @click=${act('pause')}
        ><span slot="start" class="codicon codicon-debug-pause"></span>${t('Pause')}</vscode-button
      >
      <vscode-button appearance="secondary" ?disabled=${ending} @click=${act('stop')}
        ><span slot="start" class="codicon codicon-debug-stop"></span>${t('Stop')}</vscode-button
      >`;
  }
  return html`${
    isResumable(row)
      ? html`<vscode-button ?disabled=${!trusted} @click=${act('resume')}
          ><span slot="start" class="codicon codicon-debug-continue"></span>${t('Resume')}</vscode-button
        >`
      : nothing
  }
  ${
    row.bestEpoch > 0
      ? html`<vscode-button appearance="secondary" ?disabled=${!trusted} @click=${act('evaluate')}
          ><span slot="start" class="codicon codicon-checklist"></span>${t('Evaluate')}</vscode-button
        >`
      : nothing
  }`;
}

function progress(row: ModelRow): TemplateResult {
  const { live } = row;
  if (!isActive(row)) return html``;
  const known = live?.done !== undefined && live.total !== undefined && live.total > 0;
  const share = known ? live.done! / live.total! : undefined;
  const parts =
    row.status === 'elsewhere'
      ? [t('Another process trains it; its curves are read from disk.')]
      : row.status === 'pausing' || row.status === 'stopping'
        ? [t('Writing a checkpoint')]
        : known
          ? [
              t(
                'epoch {0} of {1}',
                number(Math.min(row.epochs, Math.floor(share! * row.epochs) + 1)),
                number(row.epochs),
              ),
              percent(share!, 0),
              ...(live.secondsLeft === undefined ? [] : [t('{0} left at most', duration(live.secondsLeft))]),
            ]
          : [live?.message ?? statusName(row.status)];
  return html`<div class="progress" role="group" aria-label=${t('Progress')}>
    <progress
      max="1"
      .value=${share ?? 0}
      class=${known ? '' : 'unknown'}
      aria-label=${t('Progress of {0}', row.id)}
    ></progress>
    <span>${parts.join(' · ')}</span>
  </div>`;
}

function failure(row: ModelRow, actions: TrainingActions): TemplateResult {
  if (row.status === 'interrupted')
    return html`<div class="callout" role="note">
      <i class="codicon codicon-debug-disconnect" aria-hidden="true"></i>
      <p>${t('Its process ended. Resume goes on from the last checkpoint; nothing before it is lost.')}</p>
    </div>`;
  if (row.failure === undefined) return html``;
  return html`<div class="callout failed" role="alert">
    <i class="codicon codicon-error" aria-hidden="true"></i>
    <div>
      <p>${row.failure}</p>
      <p class="actions">
        <vscode-button appearance="secondary" @click=${actions.showLog}>${t('Show Log')}</vscode-button>
      </p>
    </div>
  </div>`;
}

function figures(row: ModelRow): TemplateResult {
  const figure = (label: string, value: string, note = '') =>
    html`<div>
      <dt>${label}</dt>
      <dd>${value}${note ? html`<small>${note}</small>` : nothing}</dd>
    </div>`;
  const { validation, evaluations, live } = row;
  const test = evaluations?.['test'];
  return html`<dl class="figures">
    ${Object.entries(validation ?? {}).map(([name, value]) =>
      figure(metricName(name), number(value, 3), t('validation, epoch {0}', number(row.bestEpoch))),
    )}
    ${test?.['ndcg@10'] === undefined ? nothing : figure('NDCG@10', number(test['ndcg@10'], 3), t('test'))}
    ${live?.loss === undefined ? nothing : figure(t('Loss'), number(live.loss, 3), t('latest step'))}
    ${
      live?.tokensPerSecond === undefined
        ? nothing
        : figure(t('Throughput'), number(live.tokensPerSecond), t('positions a second'))
    }
    ${figure(t('Steps'), number(row.steps), t('{0} epochs', number(Math.floor(row.epoch))))}
    ${figure(t('Training time'), duration(row.seconds))}
    ${
      row.parameters
        ? figure(
            t('Parameters'),
            number(row.parameters.total),
            row.parameters.trainable === row.parameters.total
              ? ''
              : t('{0} trained', number(row.parameters.trainable)),
          )
        : nothing
    }
  </dl>`;
}
