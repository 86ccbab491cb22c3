import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Dataset } from '../data/dataset.ts';
import { createEngine, type DeviceName } from '../engine/devices.ts';
import type { HostTensor, NamedHostTensors } from '../engine/program.ts';
import {
  checkDataset,
  type DefinedModel,
  defineModel,
  definitionOf,
  openModel,
  type ToolRequest,
} from '../recommender/model-library.ts';
import { type ModelManifest, readManifest, trainingStateFile } from '../recommender/checkpoint.ts';
import type { TextRequest } from '../recommender/text-embeddings/source.ts';
import { parseTrainingConfig, presets, type PresetName, type TrainingConfig } from '../recommender/config.ts';
import { newManifest } from '../recommender/manifest.ts';
import { checkMemory } from '../recommender/memory.ts';
import { freeModelId, modelIdOf } from '../recommender/model-id.ts';
import { refuseSeenBackbone, refuseSeenStart } from '../recommender/seen-part.ts';
import { SequenceRecommender } from '../recommender/scoring.ts';
import { pauseReason, train } from '../recommender/trainer.ts';
import type { TrainingEvent } from '../recommender/training-event.ts';
import { alreadyTraining, lockTraining, takeWish, type TrainingLock } from '../recommender/training-lock.ts';
import { StorageError, throwIfCancelled, UsageError } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import { Random } from '../shared/random.ts';
import type { Workspace } from '../shared/workspace.ts';
import { chooseDevice, type DeviceTask } from './device-choice.ts';

export interface TrainingRequest {
  readonly id?: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
  readonly preset?: string | undefined;
  readonly tool?: ToolRequest | undefined;
  readonly text?: TextRequest | undefined;
  /** Begin with the best parameters of this model, which has the same shape. */
  readonly startFrom?: string | undefined;
  readonly resume: boolean;
  readonly device: DeviceName | 'auto';
  readonly threads: number;
  readonly allowChangedDataset: boolean;
  readonly onEvent?: (id: string, event: TrainingEvent) => void;
}

const aborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', resolve, { once: true });
  });

type Placement = NonNullable<ModelManifest['placement']>;

/** How often a training looks whether another process wants it to end, in ms. */
const wishMs = 400;

/** Training runs of this process: one at a time, in the order they were asked for. */
export class TrainingQueue {
  private turn: Promise<unknown> = Promise.resolve();
  private readonly running = new Map<string, AbortController>();

  /** @throws UsageError `already-training`, `model-exists`, `unknown-preset`, and whatever training throws */
  async train(
    workspace: Workspace,
    dataset: Dataset,
    request: TrainingRequest,
    work: LongWork,
  ): Promise<ModelManifest> {
    const id = request.id ?? (await freeId(workspace, request, dataset.name));
    const directory = workspace.entry('models', id);
    if (this.running.has(directory)) throw alreadyTraining(id);
    const stop = new AbortController();
    this.running.set(directory, stop);
    const cancel = () => stop.abort(work.signal?.reason);
    work.signal?.addEventListener('abort', cancel);
    // Other windows and command lines see the lock, and leave a wish where they want it to end.
    const wishes = setInterval(() => {
      void takeWish(workspace, id).then((wish) => {
        if (wish) stop.abort(wish === 'pause' ? pauseReason : undefined);
      });
    }, wishMs);
    wishes.unref();
    let lock: TrainingLock | undefined;
    let finish = (): void => undefined;
    const own = new Promise<void>((resolve) => (finish = resolve));
    // Taken before anything is waited for: the order of the runs is that of the requests.
    const before = this.turn;
    this.turn = Promise.all([before, own]);
    try {
      lock = await lockTraining(workspace, id);
      await this.refuseAtOnce(workspace, request);
      if (this.running.size > 1) work.onProgress?.({ message: 'Waiting for another training to end' });
      await Promise.race([before, aborted(stop.signal)]); // one that is called off need not wait on
      throwIfCancelled(stop.signal, 'Training');
      return await runTraining(workspace, dataset, id, request, { ...work, signal: stop.signal });
    } finally {
      clearInterval(wishes);
      work.signal?.removeEventListener('abort', cancel);
      this.running.delete(directory);
      await lock?.release();
      finish();
    }
  }

  /** One without its backbone need not wait for its turn to hear so, unless the backbone is about to be trained. */
  private async refuseAtOnce(workspace: Workspace, { tool }: TrainingRequest): Promise<void> {
    if (!tool) return;
    const backbone = workspace.entry('models', tool.backbone);
    if (!this.running.has(backbone)) await readManifest(backbone);
  }

  pause(directory: string): boolean {
    const run = this.running.get(directory);
    run?.abort(pauseReason);
    return run !== undefined;
  }
}

async function runTraining(
  workspace: Workspace,
  dataset: Dataset,
  id: string,
  request: TrainingRequest,
  work: LongWork,
): Promise<ModelManifest> {
  const directory = workspace.entry('models', id);
  const existing = await readManifest(directory).catch((error: unknown) => {
    if (error instanceof StorageError && error.code === 'no-model') return undefined;
    throw error;
  });
  if (existing && !request.resume)
    throw new UsageError(
      'model-exists',
      `There is a model “${id}” already.`,
      'Go on with it (--resume), or choose another name.',
    );
  if (!existing && request.resume)
    throw new StorageError(
      'no-model',
      `There is no model “${id}” to go on with.`,
      'Train it without --resume.',
    );
  if (existing && !request.allowChangedDataset) checkDataset(existing, dataset);
  const backbone = request.tool && (await readManifest(workspace.entry('models', request.tool.backbone)));
  const config = existing?.config ?? configOf(request, backbone);
  if (backbone) refuseSeenBackbone(backbone, config.fitOn);
  work.onProgress?.({ message: 'Preparing the model' });
  const { model, origin } = existing
    ? await defineAgain(workspace, dataset, existing, request, work)
    : await defineModel(workspace, dataset, config, request, work);
  const random = model.initialise(new Random(`${config.seed} parameters`));
  const { startFrom } = request;
  const initial =
    existing || startFrom === undefined
      ? random
      : await parametersOf(workspace, dataset, startFrom, { config, expected: random });
  checkMemory(config, model, initial); // before the devices are tried: that takes as much
  const { threads } = request;
  const { device, placement } =
    request.device === 'auto'
      ? await fastestDevice(workspace, { config, model, params: initial, threads }, work)
      : { device: request.device, placement: { threads, chosen: 'given' } as const };
  const engine = await createEngine(device, { threads });
  const manifest =
    existing ??
    newManifest(id, config, dataset, model, initial, engine.device, { ...origin, startedFrom: startFrom });
  return train(
    {
      engine,
      dataset,
      model,
      initial,
      directory,
      manifest: { ...manifest, placement },
      onEvent: (event) => request.onEvent?.(id, event),
    },
    work,
  );
}

/** The best parameters of a model, to begin another of its shape with. @throws StorageError, UsageError */
async function parametersOf(
  workspace: Workspace,
  dataset: Dataset,
  id: string,
  { config, expected }: { config: TrainingConfig; expected: NamedHostTensors },
): Promise<NamedHostTensors> {
  const { manifest, params } = await openModel(workspace, dataset, id);
  refuseSeenStart(manifest, config.fitOn);
  const names = [...new Set([...Object.keys(expected), ...Object.keys(params)])];
  const other = names.find((name) => params[name]?.shape.join() !== expected[name]?.shape.join());
  if (other === undefined) return params;
  const shape = (tensor: HostTensor | undefined) => (tensor ? `[${tensor.shape.join()}]` : 'absent');
  throw new UsageError(
    'other-shape',
    `“${id}” has another shape: “${other}” is ${shape(params[other])} there and ${shape(expected[other])} here.`,
    'Give the same model, width, layers and length as that model has.',
  );
}

/** A model to go on with. Text embeddings are in its checkpoint, unless it was stopped before there was one. */
async function defineAgain(
  workspace: Workspace,
  dataset: Dataset,
  manifest: ModelManifest,
  { text }: TrainingRequest,
  work: LongWork,
): Promise<DefinedModel> {
  const checkpoint = path.join(workspace.entry('models', manifest.id), trainingStateFile);
  if (!manifest.text || existsSync(checkpoint))
    return { model: await definitionOf(workspace, dataset, manifest, work), origin: {} };
  const request = { source: manifest.text.source, ...(text?.apiKey ? { apiKey: text.apiKey } : {}) };
  return defineModel(workspace, dataset, manifest.config, { text: request }, work);
}

/** What a tool has from its backbone; nothing else would fit. */
const shapeKeys = ['model', 'maxLength', 'hidden', 'layers'] as const;

/** @throws UsageError `unknown-preset`, `other-shape`; ConfigurationError `bad-training-config` */
function configOf(request: TrainingRequest, backbone?: ModelManifest): TrainingConfig {
  const { preset, config } = request;
  if (preset !== undefined && !Object.hasOwn(presets, preset))
    throw new UsageError(
      'unknown-preset',
      `There is no preset “${preset.slice(0, 80)}”.`,
      `Choose one of ${Object.keys(presets).join(', ')}.`,
    );
  const base = preset === undefined ? {} : presets[preset as PresetName];
  const text = request.text ? { itemEncoder: 'text' } : {};
  const shape = Object.fromEntries(backbone ? shapeKeys.map((key) => [key, backbone.config[key]]) : []);
  const other = Object.keys(shape).find((key) => config[key] !== undefined && config[key] !== shape[key]);
  if (other !== undefined)
    throw new UsageError(
      'other-shape',
      `A tool on “${backbone!.id}” has its ${other}: ${shape[other]}, not ${String(config[other]).slice(0, 80)}.`,
      `Leave ${other} out.`,
    );
  return parseTrainingConfig({ ...base, ...text, ...config, ...shape });
}

function nameOf({ model, itemEncoder }: TrainingConfig): string {
  return itemEncoder === 'text' ? `${model}-text` : model;
}

async function freeId(workspace: Workspace, request: TrainingRequest, dataset: string): Promise<string> {
  const { tool } = request;
  const parts = { model: tool ? '' : nameOf(configOf(request)), dataset, tool };
  return request.resume ? modelIdOf(parts) : freeModelId(workspace, parts);
}

async function fastestDevice(
  workspace: Workspace,
  task: DeviceTask,
  work: LongWork,
): Promise<{ device: DeviceName; placement: Placement }> {
  const { device, milliseconds, seconds } = await chooseDevice(task, workspace.directory('cache'), work);
  const times = Object.entries(milliseconds).map(([name, time]) => `${name} ${time.toFixed(0)} ms`);
  work.onProgress?.({ message: `Training on ${device} (a step: ${times.join(', ')})` });
  const placement = { threads: task.threads, chosen: 'timed', milliseconds } as const;
  return { device, placement: seconds === undefined ? placement : { ...placement, seconds } };
}

/** A model resident in the engine process. */
export interface ResidentModel {
  readonly manifest: ModelManifest;
  readonly recommender: SequenceRecommender;
  dispose(): Promise<void>;
}

/** Models kept in memory between requests; loaded anew when they were trained further. */
export class ResidentModels {
  private readonly limit: number;
  private readonly held = new Map<string, ResidentModel>();
  private loading: Promise<unknown> = Promise.resolve();

  constructor(limit = 6) {
    this.limit = limit;
  }

  get(
    workspace: Workspace,
    dataset: Dataset,
    id: string,
    options: { allowChangedDataset?: boolean | undefined } = {},
  ): Promise<ResidentModel> {
    const result = this.loading.then(() => this.load(workspace, dataset, id, options));
    this.loading = result.catch(() => undefined);
    return result;
  }

  private async load(
    workspace: Workspace,
    dataset: Dataset,
    id: string,
    options: { allowChangedDataset?: boolean | undefined },
  ): Promise<ResidentModel> {
    const directory = workspace.entry('models', id);
    const key = `${directory} ${dataset.hash}`;
    const held = this.held.get(key);
    this.held.delete(key);
    const manifest = await readManifest(directory);
    if (!options.allowChangedDataset) checkDataset(manifest, dataset); // it may be held for one who allowed it
    // A change of status alone (finished, evaluated) leaves the parameters as they were.
    if (
      held?.manifest.progress.bestEpoch === manifest.progress.bestEpoch &&
      held.manifest.created === manifest.created
    ) {
      this.held.set(key, held);
      return held;
    }
    await held?.dispose();
    const { model, params } = await openModel(workspace, dataset, id, options);
    const engine = await createEngine('onnx-cpu');
    const state = await engine.createState({ ...params, ...model.frozen });
    const recommender = await SequenceRecommender.create(engine, model, params, state);
    const resident: ResidentModel = {
      manifest,
      recommender,
      async dispose() {
        await recommender.dispose();
        state.dispose();
      },
    };
    this.held.set(key, resident);
    for (const [oldest, model] of this.held) {
      if (this.held.size <= this.limit) break;
      this.held.delete(oldest);
      await model.dispose();
    }
    return resident;
  }

  async dispose(): Promise<void> {
    const all = [...this.held.values()];
    this.held.clear();
    for (const model of all) await model.dispose();
  }
}
