import * as tf from '@tensorflow/tfjs-core';
import { Dropout } from '../engine/ops/dropout.ts';
import { pickRows } from '../engine/ops/rows.ts';
import {
  type Engine,
  type EngineState,
  type NamedHostTensors,
  type NamedTensors,
  type Program,
  specOf,
  type StepDefinition,
} from '../engine/program.ts';
import { type ItemSequence, predictionBatch } from './batches.ts';
import type { SequenceModel } from './models/model.ts';
import type { Recommender, ScoredItem } from './recommender.ts';
import { outside } from './retrieval.ts';

/** Output: `scores [batch, itemCount]`, of every item as the next one after each history. */
export function scoringStep(model: SequenceModel, params: NamedHostTensors): StepDefinition {
  const held = { ...params, ...model.frozen };
  return {
    name: `${model.name}-score`,
    inputs: { ...model.batchInputs, rows: { dtype: 'int32', shape: ['batch'] } },
    state: Object.fromEntries(Object.entries(held).map(([name, value]) => [name, specOf(value)])),
    body(inputs: NamedTensors, state: NamedTensors) {
      const hidden = model.encode(state, inputs, new Dropout()); // [N, D]
      const last = model.head(state, pickRows(hidden, inputs['rows']!)) as tf.Tensor2D; // [B, D]
      const product = tf.matMul(last, model.itemTable(state) as tf.Tensor2D, false, true); // [B, V]
      const bias = model.itemBias(state);
      return { outputs: { scores: bias ? tf.add(product, bias) : product } };
    },
  };
}

/** Outputs: `values` and `items [batch, count]`, the best-scored items of each row, best first. */
export function bestStep(model: SequenceModel, params: NamedHostTensors, count: number): StepDefinition {
  const scoring = scoringStep(model, params);
  return {
    ...scoring,
    name: `${model.name}-best-${count}`,
    body(inputs, state) {
      const { values, indices } = tf.topk(scoring.body(inputs, state).outputs['scores']!, count);
      return { outputs: { values, items: indices } };
    },
  };
}

/** Outputs: `vectors [batch, hidden]`, what item vectors are compared with; where items have a bias, a 1 beside it. */
export function vectorStep(model: SequenceModel, params: NamedHostTensors): StepDefinition {
  const scoring = scoringStep(model, params);
  return {
    ...scoring,
    name: `${model.name}-vectors`,
    body(inputs: NamedTensors, state: NamedTensors) {
      const hidden = model.encode(state, inputs, new Dropout()); // [N, D]
      const last = model.head(state, pickRows(hidden, inputs['rows']!)); // [B, D]
      if (!model.itemBias(state)) return { outputs: { vectors: last } };
      const one = tf.add(tf.mul(tf.sum(last, 1, true), 0), 1); // [B, 1]
      return { outputs: { vectors: tf.concat([last, one], 1) } }; // [B, D + 1]
    },
  };
}

/** Output: `vectors [itemCount, hidden]`; where items have a bias, that beside them. */
export function itemVectorStep(model: SequenceModel, params: NamedHostTensors): StepDefinition {
  const { state } = scoringStep(model, params);
  return {
    name: `${model.name}-items`,
    inputs: {},
    state,
    body(_inputs: NamedTensors, held: NamedTensors) {
      const table = model.itemTable(held);
      const bias = model.itemBias(held);
      return { outputs: { vectors: bias ? tf.concat([table, tf.reshape(bias, [-1, 1])], 1) : table } };
    },
  };
}

/** Positions encoded in one run, and scores returned by one: what bounds memory. */
const tokensPerRun = 8192;
const scoresPerRun = 4 * 1024 * 1024;
/** From so many items on the best are picked in the graph (measured: a third faster at 100,000, slower at 3,416). */
const bestInGraphFrom = 20_000;

/** A sequence model resident in an engine, ready to score. */
export class SequenceRecommender implements Recommender {
  readonly itemCount: number;
  readonly batchSize: number;
  readonly model: SequenceModel;
  private readonly engine: Engine;
  private readonly params: NamedHostTensors;
  private readonly program: Program;
  private readonly others = new Map<string, Promise<Program>>();
  private readonly state: EngineState;

  private constructor(
    engine: Engine,
    model: SequenceModel,
    params: NamedHostTensors,
    program: Program,
    state: EngineState,
  ) {
    this.engine = engine;
    this.params = params;
    this.model = model;
    this.program = program;
    this.state = state;
    this.itemCount = model.itemCount;
    this.batchSize = Math.max(1, Math.min(512, Math.floor((4 * scoresPerRun) / model.itemCount)));
  }

  /** @param state has the parameters and frozen tensors under their names; its owner disposes of it */
  static async create(
    engine: Engine,
    model: SequenceModel,
    params: NamedHostTensors,
    state: EngineState,
  ): Promise<SequenceRecommender> {
    const program = await engine.compile(scoringStep(model, params));
    return new SequenceRecommender(engine, model, params, program, state);
  }

  async dispose(): Promise<void> {
    for (const program of this.others.values()) await (await program).dispose();
    await this.program.dispose();
  }

  /** In the graph, for large catalogues: what crosses to this side are the best, not all scores. */
  best(histories: readonly Uint32Array[], k: number): Promise<ScoredItem[][]> | undefined {
    const longest = Math.max(...histories.map((history) => history.length));
    // Powers of two, so that few graphs serve all; the history's own items may all be among the best.
    const count = 2 ** Math.ceil(Math.log2(k + longest));
    if (this.itemCount < bestInGraphFrom || count > this.itemCount / 16 || longest === 0) return undefined;
    return this.bestInGraph(histories, k, count);
  }

  private async bestInGraph(
    histories: readonly Uint32Array[],
    k: number,
    count: number,
  ): Promise<ScoredItem[][]> {
    const program = await this.other(bestStep(this.model, this.params, count));
    const known = histories.map((history) => this.knownOf(history));
    // Nothing known: all scores are equal, and the lowest codes come first.
    const lists = histories.map((history) =>
      outside(
        history,
        Array.from({ length: count }, (_, item) => ({ item, score: 0 })),
        k,
      ),
    );
    for (const rows of this.runs(known)) {
      const output = await program.run(
        this.state,
        predictionBatch(
          this.model,
          rows.map((row) => known[row]!),
        ),
      );
      const { values, items } = output;
      rows.forEach((row, i) => {
        const candidates = Array.from({ length: count }, (_, n) => ({
          item: items!.data[i * count + n]!,
          score: values!.data[i * count + n]!,
        }));
        lists[row] = outside(histories[row]!, candidates, k);
      });
    }
    return lists;
  }

  /** What item vectors are compared with, `[histories, width]`; rows of zeros for histories that say nothing. */
  async vectors(histories: readonly Uint32Array[]): Promise<{ width: number; values: Float32Array }> {
    const program = await this.other(vectorStep(this.model, this.params));
    const known = histories.map((history) => this.knownOf(history));
    let width = this.model.hidden;
    let values = new Float32Array(histories.length * width);
    for (const rows of this.runs(known)) {
      const output = await program.run(
        this.state,
        predictionBatch(
          this.model,
          rows.map((row) => known[row]!),
        ),
      );
      const { shape, data } = output['vectors']!;
      if (shape[1]! !== width) {
        width = shape[1]!;
        values = new Float32Array(histories.length * width);
      }
      rows.forEach((row, i) =>
        values.set((data as Float32Array).subarray(i * width, (i + 1) * width), row * width),
      );
    }
    return { width, values };
  }

  /** `[itemCount, width]`: the inner product with `vectors` is the score. */
  async itemVectors(): Promise<{ width: number; values: Float32Array }> {
    const program = await this.engine.compile(itemVectorStep(this.model, this.params));
    try {
      const { shape, data } = (await program.run(this.state, {}))['vectors']!;
      return { width: shape[1]!, values: Float32Array.from(data) };
    } finally {
      await program.dispose();
    }
  }

  private other(step: StepDefinition): Promise<Program> {
    let program = this.others.get(step.name);
    if (!program) this.others.set(step.name, (program = this.engine.compile(step)));
    return program;
  }

  private knownOf(history: Uint32Array): Uint32Array {
    return history.every((item) => item < this.itemCount)
      ? history
      : history.filter((item) => item < this.itemCount);
  }

  /** A history without any item the model knows says nothing: all its scores are 0. */
  async scoreBatch(histories: readonly Uint32Array[], scores: Float32Array): Promise<void> {
    const known = histories.map((history) => this.knownOf(history));
    for (const rows of this.runs(known)) {
      const parts: ItemSequence[] = rows.map((row) => known[row]!);
      const output = await this.program.run(this.state, predictionBatch(this.model, parts));
      const found = output['scores']!.data as Float32Array;
      rows.forEach((row, i) =>
        scores.set(found.subarray(i * this.itemCount, (i + 1) * this.itemCount), row * this.itemCount),
      );
    }
    known.forEach((history, row) => {
      if (history.length === 0) scores.fill(0, row * this.itemCount, (row + 1) * this.itemCount);
    });
  }

  /** Rows put together by length, so that little is computed for padding. */
  private runs(histories: readonly ItemSequence[]): number[][] {
    const length = (row: number) => Math.min(histories[row]!.length + 1, this.model.maxLength);
    const order = [...histories.keys()].filter((row) => histories[row]!.length > 0);
    order.sort((a, b) => length(a) - length(b));
    const runs: number[][] = [];
    let run: number[] = [];
    for (const row of order) {
      const size = run.length + 1;
      if (run.length > 0 && (size * length(row) > tokensPerRun || size * this.itemCount > scoresPerRun)) {
        runs.push(run);
        run = [];
      }
      run.push(row);
    }
    if (run.length > 0) runs.push(run);
    return runs;
  }
}
