import path from 'node:path';
import * as z from 'zod';
import type { Dataset } from '../data/dataset.ts';
import { historyBefore, partOf } from '../data/dataset.ts';
import {
  type Engine,
  type EngineState,
  type HostTensor,
  int32,
  type NamedHostTensors,
  type Program,
} from '../engine/program.ts';
import { EngineError, StorageError, throwIfCancelled, ToolRecError, UsageError } from '../shared/errors.ts';
import { type LongWork, shutdownReason } from '../shared/progress.ts';
import { hashText, Random } from '../shared/random.ts';
import {
  endOfPart,
  type ItemSequence,
  planEpoch,
  trainingBatch,
  type TrainingPart,
  trainingParts,
} from './batches.ts';
import {
  type ModelManifest,
  parametersFile,
  readTensors,
  takeTensors,
  trainingLogFile,
  trainingStateFile,
  writeManifest,
  writeTensors,
} from './checkpoint.ts';
import { learningRateAt, type TrainingConfig } from './config.ts';
import { evaluate } from './evaluation.ts';
import { type Loss, lossOf } from './losses.ts';
import { checkMemory } from './memory.ts';
import type { SequenceModel } from './models/model.ts';
import { adamDefaults, initialMoments, type OptimiserOptions, updateInputs } from './optimiser.ts';
import { SequenceRecommender } from './scoring.ts';
import type { TrainingEvent } from './training-event.ts';
import { TrainingLog } from './training-log.ts';
import { trainingStep } from './training-step.ts';

/** Reason to give an AbortController so that training counts as paused rather than stopped. */
export const pauseReason = 'pause';

/** The metric that chooses the best epoch. */
export const validationMetric = 'ndcg@10';
const validationMetrics = [validationMetric, 'recall@10'];

export interface TrainingOptions {
  readonly engine: Engine;
  readonly dataset: Dataset;
  readonly model: SequenceModel;
  /** Parameters to start from; drawn from the seed when absent. */
  readonly initial?: NamedHostTensors | undefined;
  /** `models/<id>`; checkpoints go there. */
  readonly directory: string;
  /** The description so far: a fresh one, or that of the model to go on with. */
  readonly manifest: ModelManifest;
  /** Seconds between checkpoints within an epoch. */
  readonly checkpointSeconds?: number;
  /** Each line of `training.jsonl` as it is made. */
  readonly onEvent?: (event: TrainingEvent) => void;
}

/** Where training stands; kept in the header of `optimizer.safetensors`. */
const positionSchema = z.object({
  /** Epoch under way, from 0. */
  epoch: z.int().nonnegative(),
  /** Batches of it that are done. */
  batch: z.int().nonnegative(),
  step: z.int().nonnegative(),
  /** Sums over the epoch so far. */
  lossSum: z.number(),
  targets: z.int().nonnegative(),
  bestEpoch: z.int().nonnegative(),
  bestMetric: z.number(),
  seconds: z.number().nonnegative(),
});
type Position = z.output<typeof positionSchema>;

const start: Position = {
  epoch: 0,
  batch: 0,
  step: 0,
  lossSum: 0,
  targets: 0,
  bestEpoch: 0,
  bestMetric: -1,
  seconds: 0,
};

/**
 * Trains a model to the end, or until it is paused or stopped, with a checkpoint after each epoch and every minute.
 * Started again on the same directory it goes on from the last checkpoint with the same losses as an uninterrupted
 * run: everything drawn depends on the seed and the position alone.
 * @returns the final manifest; its status is `finished`, `paused` or `stopped`, or `training` when the program ends
 * @throws EngineError `loss-not-finite`, `not-enough-memory`; UsageError `nothing-to-train`
 */
export async function train(options: TrainingOptions, work: LongWork = {}): Promise<ModelManifest> {
  const training = await Training.open(options);
  try {
    return await training.run(work);
  } finally {
    await training.dispose();
  }
}

class Training {
  private readonly options: TrainingOptions;
  private readonly config: TrainingConfig;
  private readonly sequences: readonly ItemSequence[];
  private readonly parts: readonly TrainingPart[];
  private readonly lengths: readonly number[];
  private readonly loss: Loss;
  private readonly optimiser: OptimiserOptions;
  private readonly state: EngineState;
  private readonly program: Program;
  private readonly scorer: SequenceRecommender;
  private readonly paramNames: readonly string[];
  private readonly stateNames: readonly string[];
  private readonly log: TrainingLog;
  private readonly position: Position;
  private manifest: ModelManifest;

  private constructor(parts: {
    options: TrainingOptions;
    sequences: readonly ItemSequence[];
    parts: readonly TrainingPart[];
    loss: Loss;
    optimiser: OptimiserOptions;
    state: EngineState;
    program: Program;
    scorer: SequenceRecommender;
    paramNames: readonly string[];
    stateNames: readonly string[];
    log: TrainingLog;
    position: Position;
  }) {
    this.options = parts.options;
    this.config = parts.options.manifest.config;
    this.sequences = parts.sequences;
    this.parts = parts.parts;
    this.lengths = parts.parts.map(({ length }) => length);
    this.loss = parts.loss;
    this.optimiser = parts.optimiser;
    this.state = parts.state;
    this.program = parts.program;
    this.scorer = parts.scorer;
    this.paramNames = parts.paramNames;
    this.stateNames = parts.stateNames;
    this.log = parts.log;
    this.position = parts.position;
    this.manifest = parts.options.manifest;
  }

  static async open(options: TrainingOptions): Promise<Training> {
    const { engine, dataset, model, directory, manifest } = options;
    const { config } = manifest;
    const sequences = Array.from({ length: dataset.userCount }, (_, user) =>
      config.fitOn === 'train' ? partOf(dataset, user, 'train') : historyBefore(dataset, user, 'test'),
    );
    const parts = trainingParts(model, sequences, config.longHistories);
    if (!parts.some(({ length }) => length > 0))
      throw new UsageError(
        'nothing-to-train',
        `No user of “${dataset.name}” has two items in the training part.`,
        'Import with less filtering, or choose another dataset.',
      );
    const params = options.initial ?? model.initialise(new Random(`${config.seed} parameters`));
    checkMemory(config, model, params);
    const loss = lossOf(config, model.itemCount);
    const optimiser = { ...adamDefaults, weightDecay: config.weightDecay, clipNorm: config.clipNorm };
    const fresh = { ...params, ...initialMoments(params) };
    const { tensors, position } = await restore(directory, fresh, manifest);
    const program = await engine.compile(trainingStep(model, params, loss, optimiser));
    const state = await engine.createState({ ...tensors, ...model.frozen });
    const scorer = await SequenceRecommender.create(engine, model, params, state);
    return new Training({
      options,
      sequences,
      parts,
      loss,
      optimiser,
      state,
      program,
      scorer,
      paramNames: Object.keys(params),
      stateNames: Object.keys(fresh),
      log: await TrainingLog.open(path.join(directory, trainingLogFile), position.step),
      position,
    });
  }

  async dispose(): Promise<void> {
    await this.scorer.dispose();
    await this.program.dispose();
    this.state.dispose();
  }

  async run(work: LongWork): Promise<ModelManifest> {
    await this.describe('training');
    try {
      while (!this.done) await this.runEpoch(work);
      await this.log.flush();
      return await this.describe('finished');
    } catch (error) {
      await this.log.flush();
      if (work.signal?.aborted) {
        await this.checkpoint();
        if (this.position.bestEpoch === 0) await this.writeParameters(); // so that what there is can be used
        // A program that ends goes on with it when it is back: the model is still in training.
        if (work.signal.reason === shutdownReason) return await this.describe('training');
        return await this.describe(work.signal.reason === pauseReason ? 'paused' : 'stopped');
      }
      await this.describe('failed', error instanceof ToolRecError ? error.message : String(error));
      throw error;
    }
  }

  private get done(): boolean {
    const { epoch, bestEpoch } = this.position;
    return epoch >= this.config.epochs || (epoch > 0 && epoch - bestEpoch >= this.config.patience);
  }

  private async runEpoch(work: LongWork): Promise<void> {
    const { position, config } = this;
    const plan = planEpoch(this.lengths, config, position.epoch);
    const tokensTotal = plan.length;
    let saved = performance.now();
    while (position.batch < plan.length) {
      throwIfCancelled(work.signal, 'Training');
      const loss = await this.step(plan[position.batch]!, plan.length);
      work.onProgress?.({
        message: this.message(loss, tokensTotal),
        done: position.epoch * plan.length + position.batch,
        total: config.epochs * plan.length,
        unit: 'steps',
      });
      if (performance.now() - saved > 1000 * (this.options.checkpointSeconds ?? 60)) {
        await this.checkpoint();
        await this.describe('training');
        saved = performance.now();
      }
    }
    await this.finishEpoch(work);
  }

  private message(loss: number, batches: number): string {
    const { position, config } = this;
    const perStep = position.seconds / position.step;
    const left = perStep * (batches * config.epochs - position.epoch * batches - position.batch);
    return `Epoch ${position.epoch + 1} of ${config.epochs}, loss ${loss.toFixed(4)}, ${duration(left)} left at most`;
  }

  /** One batch. @returns its loss */
  private async step(members: readonly number[], batches: number): Promise<number> {
    const { position, config } = this;
    const started = performance.now();
    const epoch = position.epoch + position.batch / batches;
    const learningRate = learningRateAt(config, epoch);
    const random = new Random(`${config.seed} batch ${position.epoch} ${position.batch}`);
    const { model } = this.options;
    const parts = members.map((member) => this.parts[member]!);
    const sequences = parts.map(({ sequence }) => this.sequences[sequence]!);
    const ends = parts.map((part, b) => endOfPart(model, sequences[b]!, part, random));
    const batch = trainingBatch(model, this.loss, config, sequences, random, ends);
    const outputs = await this.program.run(this.state, {
      ...batch.inputs,
      ...updateInputs(position.step + 1, learningRate, this.optimiser),
      noise_seed: int32([hashText(`${config.seed} noise ${position.step}`) | 0], []),
    });
    const loss = outputs['loss']!.data[0]!;
    const gradientNorm = outputs['gradient_norm']!.data[0]!;
    // Nothing is written after this step: the checkpoint on disk is from before.
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm))
      throw notFinite(Number.isFinite(loss) ? 'gradient' : 'loss', position.step + 1, position);
    const seconds = (performance.now() - started) / 1000;
    position.step++;
    position.batch++;
    position.lossSum += loss * batch.targetCount;
    position.targets += batch.targetCount;
    position.seconds += seconds;
    this.record({
      kind: 'step',
      step: position.step,
      epoch: position.epoch + position.batch / batches,
      loss,
      learningRate,
      gradientNorm,
      seconds: position.seconds,
      tokensPerSecond: batch.targetCount / seconds,
    });
    await this.log.flushSometimes();
    return loss;
  }

  private async finishEpoch(work: LongWork): Promise<void> {
    const { position } = this;
    const started = performance.now();
    const validation = await this.validate(work);
    // Without validation every epoch is the best so far: the last one counts.
    const metric = validation[validationMetric] ?? position.epoch;
    const loss = position.lossSum / position.targets;
    position.seconds += (performance.now() - started) / 1000;
    position.epoch++;
    position.batch = 0;
    position.lossSum = 0;
    position.targets = 0;
    const best = metric > position.bestMetric;
    if (best) {
      position.bestMetric = metric;
      position.bestEpoch = position.epoch;
      await this.writeParameters();
      if (validationMetric in validation) this.manifest = { ...this.manifest, validation };
    }
    this.record({
      kind: 'epoch',
      step: position.step,
      epoch: position.epoch,
      loss,
      validation,
      best,
      seconds: position.seconds,
      memory: process.memoryUsage.rss(),
    });
    await this.checkpoint();
    await this.describe('training');
  }

  private record(event: TrainingEvent): void {
    this.log.add(event);
    this.options.onEvent?.(event);
  }

  private async validate(work: LongWork): Promise<Record<string, number>> {
    const { dataset } = this.options;
    const { validationUsers, seed, fitOn } = this.config;
    if (fitOn !== 'train') return {};
    const users = Array.from({ length: dataset.userCount }, (_, user) => user).filter(
      (user) =>
        partOf(dataset, user, 'validation').length > 0 &&
        historyBefore(dataset, user, 'validation').length > 0,
    );
    if (users.length === 0) return {}; // nothing held out there: means of nothing would choose no epoch
    if (validationUsers > 0 && validationUsers < users.length)
      new Random(`${seed} validation users`).shuffle(users).length = validationUsers;
    const { metrics } = await evaluate(
      this.scorer,
      dataset,
      { part: 'validation', metrics: validationMetrics, maskSeen: true, users },
      { signal: work.signal },
    );
    return { ...metrics };
  }

  private async writeParameters(): Promise<void> {
    const tensors = await this.state.read(this.paramNames);
    const { dataset, id } = this.manifest;
    const metadata = { model: id, dataset: dataset.hash, epoch: String(this.position.epoch) };
    await writeTensors(this.options.directory, parametersFile, { tensors, metadata });
  }

  private async checkpoint(): Promise<void> {
    await this.log.flush();
    const tensors = await this.state.read(this.stateNames);
    const { dataset, id } = this.manifest;
    const metadata = { model: id, dataset: dataset.hash, position: JSON.stringify(this.position) };
    await writeTensors(this.options.directory, trainingStateFile, { tensors, metadata });
  }

  private async describe(status: ModelManifest['status'], failure?: string): Promise<ModelManifest> {
    const { epoch, step, bestEpoch, seconds } = this.position;
    const { failure: _old, ...rest } = this.manifest;
    this.manifest = {
      ...rest,
      status,
      ...(failure === undefined ? {} : { failure }),
      updated: new Date().toISOString(),
      device: this.options.engine.device,
      progress: { epoch, step, bestEpoch, seconds },
    };
    await writeManifest(this.options.directory, this.manifest);
    return this.manifest;
  }
}

/** The last checkpoint, or the beginning where there is none. @throws StorageError `damaged-checkpoint`, `foreign-checkpoint` */
async function restore(
  directory: string,
  fresh: NamedHostTensors,
  manifest: ModelManifest,
): Promise<{ tensors: Readonly<Record<string, HostTensor>>; position: Position }> {
  const file = await readTensors(directory, trainingStateFile).catch((error: unknown) => {
    if (error instanceof ToolRecError && error.code === 'no-checkpoint') return undefined;
    throw error;
  });
  if (!file) return { tensors: fresh, position: { ...start } };
  const place = path.join(directory, trainingStateFile);
  const tensors = takeTensors(file, fresh, manifest.id, place);
  return { tensors, position: positionIn(file.metadata['position'], place) };
}

function positionIn(text: string | undefined, place: string): Position {
  let raw: unknown;
  try {
    raw = JSON.parse(text ?? '');
  } catch {
    raw = undefined;
  }
  const parsed = positionSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new StorageError(
    'damaged-checkpoint',
    'The checkpoint does not say how far training had come.',
    'Train the model again, or restore the file from a backup.',
    { place: { file: place } },
  );
}

function notFinite(what: 'loss' | 'gradient', step: number, { epoch, bestEpoch }: Position): EngineError {
  const kept =
    epoch > 0
      ? ` The last good checkpoint is kept; the best parameters are those of epoch ${bestEpoch}.`
      : '';
  return new EngineError(
    'loss-not-finite',
    `The ${what} is no longer a number at step ${step}.${kept}`,
    'Train again with a lower learning rate, a gradient limit (clipNorm 1), or more warm-up.',
  );
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
