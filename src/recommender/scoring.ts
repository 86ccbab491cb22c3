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
import type { Recommender } from './recommender.ts';

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

/** Positions encoded in one run, and scores returned by one: what bounds memory. */
const tokensPerRun = 8192;
const scoresPerRun = 4 * 1024 * 1024;

/** A sequence model resident in an engine, ready to score. */
export class SequenceRecommender implements Recommender {
  readonly itemCount: number;
  readonly batchSize: number;
  private readonly model: SequenceModel;
  private readonly program: Program;
  private readonly state: EngineState;

  private constructor(model: SequenceModel, program: Program, state: EngineState) {
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
    return new SequenceRecommender(model, await engine.compile(scoringStep(model, params)), state);
  }

  dispose(): Promise<void> {
    return this.program.dispose();
  }

  /** A history without any item the model knows says nothing: all its scores are 0. */
  async scoreBatch(histories: readonly Uint32Array[], scores: Float32Array): Promise<void> {
    const known = histories.map((history) =>
      history.every((item) => item < this.itemCount)
        ? history
        : history.filter((item) => item < this.itemCount),
    );
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
