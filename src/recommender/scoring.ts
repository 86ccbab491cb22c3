/**
 * Scores of all items for a batch of histories, with the items already seen set aside, as one captured step that
 * returns ranks and the best K.
 */
import * as tf from '@tensorflow/tfjs-core';
import { Dropout } from '../engine/ops/dropout.ts';
import { pickRows } from '../engine/ops/rows.ts';
import {
  type Engine,
  type EngineState,
  int32,
  type NamedHostTensors,
  type NamedTensors,
  type Program,
  specOf,
  type StepDefinition,
} from '../engine/program.ts';
import { type ItemSequence, predictionBatch } from './batches.ts';
import type { SequenceModel } from './models/model.ts';

/** Below every score a model can give; what is set aside gets it. */
const setAside = -3e38;

/** Inputs beyond the model's: pairs of (row of the batch, item code), flattened to row · itemCount + code. */
const scoringInputs = {
  rows: { dtype: 'int32', shape: ['batch'] },
  seen: { dtype: 'int32', shape: ['seen_pairs'] },
  target_rows: { dtype: 'int32', shape: ['targets'] },
  target_places: { dtype: 'int32', shape: ['targets'] },
} as const;

/**
 * Outputs: `ranks [targets]`, the number of items that do not score below the target (0 = best; ties and NaN count
 * against it), and `items`, `scores [batch, K]`, best first.
 */
export function scoringStep(model: SequenceModel, params: NamedHostTensors, k: number): StepDefinition {
  const held = { ...params, ...model.frozen };
  return {
    name: `${model.name}-score`,
    inputs: { ...model.batchInputs, ...scoringInputs },
    state: Object.fromEntries(Object.entries(held).map(([name, value]) => [name, specOf(value)])),
    body(inputs: NamedTensors, state: NamedTensors) {
      const hidden = model.encode(state, inputs, new Dropout());
      const last = model.head(state, pickRows(hidden, inputs['rows']!)) as tf.Tensor2D; // [B, D]
      const product = tf.matMul(last, model.itemTable(state) as tf.Tensor2D, false, true); // [B, V]
      const bias = model.itemBias(state);
      const all = bias ? tf.add(product, bias) : product;
      const [batch, count] = all.shape as [number, number];
      const flat = tf.reshape(all, [batch * count]); // [B·V]
      const seen = inputs['seen']!;
      const masked = tf.tensorScatterUpdate(
        flat,
        tf.reshape(seen, [seen.size, 1]),
        tf.fill([seen.size], setAside),
      ); // [B·V]
      const scores = tf.reshape(masked, [batch, count]); // [B, V]
      const targetScores = tf.gather(masked, inputs['target_places'] as tf.Tensor1D); // [T]
      const compared = tf.gather(scores, inputs['target_rows'] as tf.Tensor1D); // [T, V]
      const below = tf.cast(tf.less(compared, tf.reshape(targetScores, [targetScores.size, 1])), 'float32');
      const ranks = tf.cast(tf.sub(count - 1, tf.sum(below, -1)), 'int32'); // [T]
      const { values, indices } = tf.topk(scores, Math.min(k, count));
      return { outputs: { ranks, items: indices, scores: values } };
    },
  };
}

export interface ScoringRequest {
  /** What the model sees, oldest first. At least one item. */
  readonly history: ItemSequence;
  /** Items that may not be returned. */
  readonly exclude: ItemSequence;
  /** Items whose rank is wanted. */
  readonly targets: ItemSequence;
}

export interface ScoringResult {
  /** Best first; fewer than K when the catalogue without the excluded has fewer. */
  readonly items: Int32Array;
  readonly scores: Float32Array;
  /** Rank of each target, from 0; an excluded target is last. */
  readonly ranks: Int32Array;
}

/** A model ready to score, resident in an engine. */
export class Scorer {
  readonly model: SequenceModel;
  readonly k: number;
  private readonly program: Program;
  private readonly state: EngineState;

  private constructor(model: SequenceModel, k: number, program: Program, state: EngineState) {
    this.model = model;
    this.k = k;
    this.program = program;
    this.state = state;
  }

  /** @param state holds the parameters and frozen tensors under their names; it is not disposed of here */
  static async create(
    engine: Engine,
    model: SequenceModel,
    params: NamedHostTensors,
    state: EngineState,
    k: number,
  ): Promise<Scorer> {
    return new Scorer(model, k, await engine.compile(scoringStep(model, params, k)), state);
  }

  dispose(): Promise<void> {
    return this.program.dispose();
  }

  /** Scores a batch in one run; the caller keeps batches to what memory allows (`batch × itemCount`). */
  async score(requests: readonly ScoringRequest[]): Promise<ScoringResult[]> {
    if (requests.length === 0) return [];
    const { itemCount } = this.model;
    const seen: number[] = [];
    const targetRows: number[] = [];
    const places: number[] = [];
    requests.forEach(({ exclude, targets }, row) => {
      // A set: the same place twice would be written twice.
      for (const item of new Set(exclude)) if (item < itemCount) seen.push(row * itemCount + item);
      for (const item of targets) {
        targetRows.push(row);
        places.push(row * itemCount + Math.min(item, itemCount - 1));
      }
    });
    const output = await this.program.run(this.state, {
      ...predictionBatch(
        this.model,
        requests.map(({ history }) => history),
      ),
      seen: int32(seen),
      target_rows: int32(targetRows),
      target_places: int32(places),
    });
    return this.split(requests, output);
  }

  private split(requests: readonly ScoringRequest[], output: NamedHostTensors): ScoringResult[] {
    const width = output['items']!.shape[1]!;
    let target = 0;
    return requests.map(({ targets }, row) => {
      const scores = output['scores']!.data.slice(row * width, (row + 1) * width) as Float32Array;
      const usable = scores.findIndex((score) => score <= setAside);
      const count = usable < 0 ? width : usable;
      const items = output['items']!.data.slice(row * width, row * width + count) as Int32Array;
      const ranks = output['ranks']!.data.slice(target, target + targets.length) as Int32Array;
      target += targets.length;
      targets.forEach((item, i) => {
        if (item >= this.model.itemCount) ranks[i] = this.model.itemCount; // an item the model does not know
      });
      return { items, scores: scores.subarray(0, count), ranks };
    });
  }
}
