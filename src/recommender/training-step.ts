import * as tf from '@tensorflow/tfjs-core';
import { Dropout } from '../engine/ops/dropout.ts';
import { pickRows } from '../engine/ops/rows.ts';
import { type NamedHostTensors, type NamedTensors, specOf, type StepDefinition } from '../engine/program.ts';
import { type Loss, targetInputs } from './losses.ts';
import { itemGroupInputs, type SequenceModel } from './models/model.ts';
import { adamUpdate, momentSpecs, type OptimiserOptions, updateInputSpecs } from './optimiser.ts';

/**
 * Forward pass, loss, gradients and optimiser as one step. Outputs: `loss` and `gradient_norm`, scalars.
 * Its state is the model's parameters, their moments and the frozen tensors.
 */
export function trainingStep(
  model: SequenceModel,
  params: NamedHostTensors,
  loss: Loss,
  optimiser: OptimiserOptions,
): StepDefinition {
  const paramSpecs = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, specOf(value)]));
  const frozenSpecs = Object.fromEntries(
    Object.entries(model.frozen).map(([name, value]) => [name, specOf(value)]),
  );
  const names = Object.keys(params);
  return {
    name: `${model.name}-train`,
    inputs: {
      ...model.batchInputs,
      ...itemGroupInputs,
      ...targetInputs,
      ...loss.inputs,
      ...updateInputSpecs,
      noise_seed: { dtype: 'int32', shape: [] },
    },
    state: { ...paramSpecs, ...momentSpecs(paramSpecs), ...frozenSpecs },
    body(inputs, state) {
      const forward = (...values: tf.Tensor[]) => {
        const current: NamedTensors = {
          ...state,
          ...Object.fromEntries(names.map((name, index) => [name, values[index]!])),
        };
        const dropout = new Dropout(inputs['noise_seed']);
        const hidden = model.encode(current, inputs, dropout); // [N, D]
        const rows = model.head(current, pickRows(hidden, inputs['rows']!)); // [R, D]
        return loss.value(rows, model.itemTable(current), model.itemBias(current), inputs) as tf.Scalar;
      };
      const values = names.map((name) => state[name]!);
      const { value, grads } = tf.valueAndGrads(forward)(values);
      const gradients = Object.fromEntries(names.map((name, index) => [name, grads[index]!]));
      const old = Object.fromEntries(names.map((name) => [name, state[name]!]));
      const update = adamUpdate(old, gradients, state, inputs, optimiser);
      return {
        outputs: { loss: value, gradient_norm: update.gradientNorm },
        state: update.state,
      };
    },
  };
}
