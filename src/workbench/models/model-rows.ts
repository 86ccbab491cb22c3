import type { ModelRow, RunStatus } from '../../../webview/protocol.ts';
import { modelTitle } from '../../recommender/model-title.ts';
import type { ModelEntry } from '../../recommender/model-list.ts';
import { secondsLeft, type LiveRun } from '../training/run-state.ts';

/** What lists, trees and dialogues know of the models of a folder. Plain functions, so that they can be tested. */

/** The metric that models are compared by in lists. */
export const listMetric = 'ndcg@10';

/** A model on disk, with whether another process trains it now. */
export type KnownModel = ModelEntry & { readonly elsewhere: boolean };

/** Rows of a folder, newest first: models on disk, and runs that have not written anything yet. */
export function modelRows(
  folder: string,
  models: readonly KnownModel[],
  runs: readonly LiveRun[],
  wanted: ReadonlySet<string> = new Set(),
): ModelRow[] {
  const own = new Map(runs.filter(({ plan }) => plan.folder === folder).map((run) => [run.plan.id, run]));
  const rows = models.map((model) => {
    const run = own.get(model.id);
    own.delete(model.id);
    return rowOf(folder, model, run, wanted.has(model.id));
  });
  for (const run of own.values()) rows.push(plannedRow(folder, run));
  return rows.sort(byAge);
}

function byAge(a: ModelRow, b: ModelRow): number {
  return (b.created ?? '9').localeCompare(a.created ?? '9') || a.id.localeCompare(b.id, 'en');
}

function rowOf(folder: string, model: KnownModel, run: LiveRun | undefined, wanted: boolean): ModelRow {
  if (!model.manifest) return damagedRow(folder, model.id, model.error.message);
  const { config, tool, dataset, progress, status, failure, ...rest } = model.manifest;
  const { validation, evaluations, device, placement, parameters, flops, created, updated } = rest;
  return {
    folder,
    id: model.id,
    status: run ? run.phase : statusOf(status, model.elsewhere, wanted),
    ...(failure !== undefined && !run ? { failure } : {}),
    dataset: dataset.name,
    simulated: dataset.simulated,
    model: config.model,
    title: modelTitle(model.manifest),
    loss: config.loss,
    ...(tool ? { tool: { attribute: tool.attribute, mode: tool.mode, backbone: tool.backbone } } : {}),
    config: { ...config },
    epoch: run?.latest ? Math.floor(run.latest.epoch) : progress.epoch,
    epochs: config.epochs,
    bestEpoch: progress.bestEpoch,
    steps: run?.latest?.step ?? progress.step,
    seconds: run?.latest?.seconds ?? progress.seconds,
    ...(validation ? { validation } : {}),
    ...(evaluations ? { evaluations } : {}),
    device,
    ...(placement ? { placement } : {}),
    parameters,
    flops,
    created,
    updated,
    ...(run ? { live: liveOf(run) } : {}),
  };
}

function statusOf(status: RunStatus, elsewhere: boolean, wanted: boolean): RunStatus {
  if (elsewhere) return 'elsewhere';
  // One that this window is about to go on with is not one that was left behind.
  if (status === 'training') return wanted ? 'waiting' : 'interrupted';
  return status;
}

function plannedRow(folder: string, run: LiveRun): ModelRow {
  const { plan } = run;
  const text = (key: string, fallback: string) => {
    const value = plan.config[key];
    return typeof value === 'string' ? value : fallback;
  };
  const epochs = plan.config['epochs'];
  return {
    folder,
    id: plan.id,
    status: run.phase,
    dataset: plan.dataset,
    simulated: false,
    model: text('model', plan.preset?.includes('bert4rec') ? 'bert4rec' : 'sasrec'),
    title: plan.tool ? `${plan.tool.mode} + ${plan.tool.attribute}` : plannedTitle(plan),
    loss: text('loss', plan.preset === 'paper-sasrec' ? 'bpr' : 'cross-entropy'),
    ...(plan.tool
      ? { tool: { attribute: plan.tool.attribute, mode: plan.tool.mode, backbone: plan.tool.backbone } }
      : {}),
    config: {},
    epoch: 0,
    epochs: typeof epochs === 'number' ? epochs : 0,
    bestEpoch: 0,
    steps: 0,
    seconds: 0,
    live: liveOf(run),
  };
}

function plannedTitle({ preset, config }: LiveRun['plan']): string {
  const model = typeof config['model'] === 'string' ? config['model'] : (preset ?? 'sasrec');
  return model.includes('bert4rec') ? 'BERT4Rec' : 'SASRec';
}

function damagedRow(folder: string, id: string, failure: string): ModelRow {
  return {
    folder,
    id,
    status: 'damaged',
    failure,
    dataset: '',
    simulated: false,
    model: '',
    title: '',
    loss: '',
    config: {},
    epoch: 0,
    epochs: 0,
    bestEpoch: 0,
    steps: 0,
    seconds: 0,
  };
}

function liveOf(run: LiveRun): NonNullable<ModelRow['live']> {
  const left = secondsLeft(run);
  return {
    message: run.message,
    ...(run.done === undefined ? {} : { done: run.done }),
    ...(run.total === undefined ? {} : { total: run.total }),
    ...(left === undefined ? {} : { secondsLeft: left }),
    ...(run.latest ? { loss: run.latest.loss, tokensPerSecond: run.latest.tokensPerSecond } : {}),
  };
}

const underWay: ReadonlySet<RunStatus> = new Set([
  'waiting',
  'preparing',
  'training',
  'pausing',
  'stopping',
  'elsewhere',
]);

/** True while some process trains it or is about to. */
export function isUnderWay({ status }: ModelRow): boolean {
  return underWay.has(status);
}

/** True when its parameters can be used: a best epoch is on disk. */
export function isUsable({ bestEpoch, status }: ModelRow): boolean {
  return bestEpoch > 0 && status !== 'damaged';
}

export function canResume({ status }: ModelRow): boolean {
  return status === 'paused' || status === 'stopped' || status === 'interrupted' || status === 'failed';
}

/** Ids of the best backbone and the best tool of each dataset, by NDCG@10 on validation. */
export function bestIds(rows: readonly ModelRow[]): ReadonlySet<string> {
  const best = new Map<string, ModelRow>();
  for (const row of rows) {
    const own = row.validation?.[listMetric];
    if (own === undefined) continue;
    const other = best.get(row.dataset)?.validation?.[listMetric] ?? -1;
    if (own > other) best.set(row.dataset, row);
  }
  // The best of one says nothing.
  const several = (dataset: string) =>
    rows.filter((row) => row.dataset === dataset && row.validation).length > 1;
  return new Set([...best.values()].filter(({ dataset }) => several(dataset)).map(({ id }) => id));
}

/** Backbones of a dataset with their tools under them; tools whose backbone is gone stand with the backbones. */
export function modelHierarchy(
  rows: readonly ModelRow[],
  dataset: string,
): { readonly row: ModelRow; readonly tools: readonly ModelRow[] }[] {
  const own = rows.filter((row) => row.dataset === dataset);
  const backbones = new Set(own.filter(({ tool }) => !tool).map(({ id }) => id));
  const isTop = ({ tool }: ModelRow) => !tool || !backbones.has(tool.backbone);
  const byName = (a: ModelRow, b: ModelRow) => a.id.localeCompare(b.id, 'en', { numeric: true });
  return own
    .filter(isTop)
    .sort(byName)
    .map((row) => ({
      row,
      tools: own.filter(({ tool }) => tool?.backbone === row.id && !row.tool).sort(byName),
    }));
}
