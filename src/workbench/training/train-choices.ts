import type { ModelRow } from '../../../webview/protocol.ts';
import type { RunPlan } from './run-plan.ts';
import { isUnderWay, isUsable, listMetric } from '../models/model-rows.ts';

/** What “ToolRec: Train” offers and what it takes when the person just presses Enter. Plain functions. */

export type TrainTarget =
  | {
      readonly kind: 'backbone';
      readonly model: 'sasrec' | 'bert4rec';
      /** Sees an embedding of the item's text too (SASRec_BERT, BERT4Rec_BERT). */
      readonly text: boolean;
    }
  | { readonly kind: 'tools'; readonly backbone: ModelRow; readonly mode: 'frozen' | 'full' };

export const sizes = ['standard', 'quick', 'paper'] as const;
/** How much training: named settings, or a number of epochs. */
export type TrainSize = (typeof sizes)[number] | { readonly epochs: number };

export interface TrainChoices {
  readonly folder: string;
  readonly dataset: string;
  readonly target: TrainTarget;
  /** Attributes of the tools; empty for a backbone. */
  readonly attributes: readonly string[];
  readonly size: TrainSize;
  readonly loss: string;
  readonly device: RunPlan['device'];
  readonly threads: number;
}

/** Backbones of a dataset that tools can be made from, the best first. */
export function backbonesFor(rows: readonly ModelRow[], dataset: string): ModelRow[] {
  const value = ({ validation }: ModelRow) => validation?.[listMetric] ?? -1;
  return rows
    .filter((row) => row.dataset === dataset && !row.tool && isUsable(row) && !isUnderWay(row))
    .sort((a, b) => value(b) - value(a) || a.id.localeCompare(b.id, 'en'));
}

/** Attributes that have no tool of that mode on the backbone yet. */
export function missingTools(
  rows: readonly ModelRow[],
  backbone: string,
  mode: 'frozen' | 'full',
  attributes: readonly string[],
): string[] {
  const there = rows
    .filter(({ tool, status }) => tool?.backbone === backbone && tool.mode === mode && status !== 'failed')
    .map(({ tool }) => tool!.attribute);
  return attributes.filter((attribute) => !there.includes(attribute));
}

/** Everything that can be trained on a dataset; the first is what should be trained next. */
export function trainTargets(
  rows: readonly ModelRow[],
  dataset: string,
  attributes: readonly string[],
  preferred?: string,
): TrainTarget[] {
  const backbones = backbonesFor(rows, dataset);
  const wanted = backbones.find(({ id }) => id === preferred);
  const ordered = wanted ? [wanted, ...backbones.filter((row) => row !== wanted)] : backbones;
  const tools = attributes.length === 0 ? [] : ordered.flatMap((backbone) => toolTargets(backbone));
  const models: TrainTarget[] = [
    { kind: 'backbone', model: 'sasrec', text: false },
    { kind: 'backbone', model: 'bert4rec', text: false },
    { kind: 'backbone', model: 'sasrec', text: true },
    { kind: 'backbone', model: 'bert4rec', text: true },
  ];
  const next = tools.find(
    (target) =>
      target.kind === 'tools' &&
      target.mode === 'frozen' &&
      missingTools(rows, target.backbone.id, 'frozen', attributes).length > 0,
  );
  // The backbone comes first; where there is one, its tools are what is missing.
  if (!next) return [...models, ...tools];
  return [next, ...tools.filter((target) => target !== next), ...models];
}

function toolTargets(backbone: ModelRow): TrainTarget[] {
  return [
    { kind: 'tools', backbone, mode: 'frozen' },
    { kind: 'tools', backbone, mode: 'full' },
  ];
}

/** The preset that a size stands for, and what differs from it. */
export function settingsOf(
  target: TrainTarget,
  size: TrainSize,
): { readonly preset?: string; readonly config: Readonly<Record<string, unknown>> } {
  if (target.kind === 'tools') {
    const { config } = target.backbone;
    // A tool is as wide as its backbone, and reads histories of the same length.
    const shape = Object.fromEntries(
      ['model', 'maxLength', 'hidden', 'layers', 'heads'].flatMap((key) =>
        config[key] === undefined ? [] : [[key, config[key]]],
      ),
    );
    return { config: { ...shape, ...epochsOf(size) } };
  }
  const { model, text } = target;
  if (size === 'paper') return { preset: `paper-${model}`, config: text ? { itemEncoder: 'text' } : {} };
  return { preset: text ? `${model}-text` : model, config: epochsOf(size) };
}

function epochsOf(size: TrainSize): Record<string, unknown> {
  if (size === 'quick') return { epochs: 5 };
  if (size === 'paper') {
    const schedule = { schedule: 'constant', warmupEpochs: 0 };
    return { epochs: 300, patience: 20, ...schedule, batchTokens: 6400, longHistories: 'latest' };
  }
  return typeof size === 'object' ? { epochs: size.epochs } : {};
}

/** The loss to start from: the paper's where the person wants the paper's settings. */
export function defaultLoss(target: TrainTarget, size: TrainSize): string {
  return size === 'paper' && !(target.kind === 'backbone' && target.model === 'bert4rec')
    ? 'bpr'
    : 'cross-entropy';
}

/** The runs that choices stand for, without their ids: one, or one an attribute. */
export function plansOf(choices: TrainChoices): Omit<RunPlan, 'id'>[] {
  const { folder, dataset, target, loss, device, threads } = choices;
  const { preset, config } = settingsOf(target, choices.size);
  const plan = {
    folder,
    dataset,
    device,
    threads,
    config: { ...config, loss },
    ...(preset === undefined ? {} : { preset }),
  };
  if (target.kind === 'backbone') return [plan];
  const { backbone, mode } = target;
  return choices.attributes.map((attribute) => ({
    ...plan,
    tool: { attribute, mode, backbone: backbone.id },
  }));
}
