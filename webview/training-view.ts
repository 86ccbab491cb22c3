import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { failedCallout } from './callout.ts';
import { comparisonTable } from './training-compare.ts';
import { charts } from './training-charts.ts';
import { epochTables } from './training-epochs.ts';
import { runHead } from './training-head.ts';
import { runList } from './training-list.ts';
import { t } from './language.ts';
import type { ChartOptions, ModelRow, SelectedCurve, TrainingState } from './protocol.ts';

/** What a person can do in the training panel. */
export interface TrainingActions {
  select(ids: readonly string[]): void;
  options(options: ChartOptions): void;
  train(): void;
  createSample(): void;
  act(action: 'pause' | 'resume' | 'stop' | 'evaluate', id: string): void;
  compare(ids: readonly string[]): void;
  showLog(): void;
  reload(): void;
}

export type FullState = Extract<TrainingState, { kind: 'full' }>;

export function trainingView(
  state: TrainingState,
  curves: readonly SelectedCurve[],
  actions: TrainingActions,
): TemplateResult {
  switch (state.kind) {
    case 'loading':
      return html`<div class="working" role="status">
        <vscode-progress-ring></vscode-progress-ring>
        <span>${t('Reading models…')}</span>
      </div>`;
    case 'failed':
      return failedCallout(state.failure, { again: actions.reload, log: actions.showLog });
    case 'full':
      return state.rows.length === 0 ? empty(state, actions) : full(state, curves, actions);
  }
}

function empty({ hasDatasets, trusted }: FullState, actions: TrainingActions): TemplateResult {
  return html`<div class="nothing">
    <i class="codicon codicon-graph-line" aria-hidden="true"></i>
    <h1>${t('Nothing has been trained yet')}</h1>
    <p>
      ${
        hasDatasets
          ? t('Loss and validation of a training appear here while it runs, and stay for comparison.')
          : t('A model learns from a dataset. The sample has 800 simulated viewers and is ready in seconds.')
      }
    </p>
    ${
      !trusted
        ? html`<p>${t('This folder is in Restricted Mode. Training needs your trust.')}</p>`
        : hasDatasets
          ? html`<vscode-button @click=${actions.train}>${t('Train…')}</vscode-button>`
          : html`<vscode-button @click=${actions.createSample}>${t('Create the Sample')}</vscode-button>`
    }
  </div>`;
}

function full(state: FullState, curves: readonly SelectedCurve[], actions: TrainingActions): TemplateResult {
  const { rows, selected } = state;
  const shown = selected.flatMap((id) => rows.find((row) => row.id === id) ?? []);
  // Each keeps its place, and so its colour, while others are still read.
  const read = shown.map(({ id }) => curves.find((curve) => curve.id === id));
  const own = read.map((curve, i) => curve ?? { id: shown[i]!.id, steps: [], epochs: [] });
  return html`<div class="columns">
    ${runList(state, actions)}
    <div class="content">
      ${
        shown.length === 0
          ? html`<p class="empty">
              ${t('Choose a run on the left. Tick several to lay them over each other.')}
            </p>`
          : html`${head(shown, state, actions)}
            ${charts(own, read.includes(undefined), state.options, actions.options)} ${epochTables(own)}
            ${shown.length > 1 ? comparisonTable(shown) : nothing}`
      }
    </div>
  </div>`;
}

function head(shown: readonly ModelRow[], state: FullState, actions: TrainingActions): TemplateResult {
  if (shown.length === 1) return runHead(shown[0]!, state.trusted, actions);
  const usable = shown.filter((row) => row.bestEpoch > 0);
  const oneDataset = new Set(shown.map(({ dataset }) => dataset)).size === 1;
  const simulated = shown.some((row) => row.simulated);
  return html`<header class="head">
      <h1>${t('{0} runs', shown.length)}</h1>
      ${simulated ? html`<span class="badge">${t('simulated')}</span>` : nothing}
      <span class="grow"></span>
      <vscode-button
        ?disabled=${usable.length < 2 || !oneDataset || !state.trusted}
        title=${oneDataset ? nothing : t('Only models of one dataset can be compared user by user.')}
        @click=${() => actions.compare(usable.map(({ id }) => id))}
        >${t('Paired Tests…')}</vscode-button
      >
    </header>
    <p class="meta">${shown.map(({ id }) => id).join(' · ')}</p>`;
}
