/**
 * Full softmax cross-entropy over a catalogue. Both gradients are made in the forward pass, part by part, so that the
 * matrix of probabilities exists for one part of the rows at a time.
 */
import * as tf from '@tensorflow/tfjs-core';
import { captureBackendName, captureKernel, infoOf, valueOf } from '../capture/backend.ts';

const kernelName = 'ToolRecPick';

/** Element `index[r]` of each row: `[rows, columns]` and `[rows]` → `[rows, 1]`. */
function pick(x: tf.Tensor, index: tf.Tensor): tf.Tensor {
  if (tf.getBackend() === captureBackendName) return tf.engine().runKernel(kernelName, { x, index });
  const chosen = tf.cast(tf.oneHot(index as tf.Tensor1D, x.shape[1]!), 'float32');
  return tf.sum(tf.mul(x, chosen), -1, true);
}

captureKernel(kernelName, (graph, inputs) => {
  const x = inputs['x']!;
  const index = inputs['index']!;
  const shape = [index.shape[0]!, 1];
  const value = graph.node('GatherElements', [valueOf(x), graph.reshape(valueOf(index), shape)], {
    attributes: { axis: { i: 1 } },
  });
  return infoOf(value, shape, x.dtype);
});

/**
 * Σ weights[r] · −log softmax(hidden[r] · itemsᵀ + bias)[targets[r]]
 * @param hidden `[rows, width]`
 * @param items `[count, width]`
 * @param bias `[count]`
 * @param targets int32 `[rows]`
 * @param weights `[rows]`
 * @param sumByTarget sums rows that have the same target: `[rows, n]` → `[count, n]`
 * @param parts into how many the rows are cut; `rows` must be divisible by it.
 */
export function softmaxCrossEntropy(
  hidden: tf.Tensor,
  items: tf.Tensor,
  bias: tf.Tensor | undefined,
  targets: tf.Tensor,
  weights: tf.Tensor,
  sumByTarget: (x: tf.Tensor) => tf.Tensor,
  parts = 1,
): tf.Tensor {
  const rows = hidden.shape[0]!;
  const count = items.shape[0]!;
  const differentiable = tf.customGrad((...all: unknown[]) => {
    const [hidden, items, bias, save] = (all.length === 4 ? all : [all[0], all[1], undefined, all[2]]) as [
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor | undefined,
      tf.GradSaveFunc,
    ];
    const column = tf.reshape(weights, [rows, 1]);
    const weighted = tf.mul(hidden, column); // [rows, width]
    const size = rows / parts;
    const cut = (x: tf.Tensor) => (parts === 1 ? [x] : tf.split(x, parts));
    const hiddens = cut(hidden);
    const weighteds = cut(weighted);
    const columns = cut(column);
    const labels = cut(targets);
    const losses: tf.Tensor[] = [];
    const toHidden: tf.Tensor[] = [];
    const toItems: tf.Tensor[] = [];
    const toBias: tf.Tensor[] = [];
    for (let part = 0; part < parts; part++) {
      const scores = tf.matMul(hiddens[part] as tf.Tensor2D, items, false, true); // [size, count]
      const probabilities = tf.softmax(bias ? tf.add(scores, bias) : scores) as tf.Tensor2D;
      const target = tf.reshape(pick(probabilities, tf.reshape(labels[part]!, [size])), [size, 1]);
      losses.push(tf.sum(tf.mul(tf.log(tf.maximum(target, 1e-30)), columns[part]!)));
      toHidden.push(tf.matMul(probabilities, items)); // [size, width]
      toItems.push(tf.matMul(probabilities, weighteds[part] as tf.Tensor2D, true, false)); // [count, width]
      if (bias)
        toBias.push(tf.reshape(tf.matMul(columns[part] as tf.Tensor2D, probabilities, true), [count]));
    }
    const expected = parts === 1 ? toHidden[0]! : tf.concat(toHidden, 0);
    const own = tf.gather(items, targets as tf.Tensor1D); // [rows, width]
    save([
      tf.mul(tf.sub(expected, own), column),
      tf.sub(total(toItems), sumByTarget(weighted)),
      ...(bias ? [tf.sub(total(toBias), tf.reshape(sumByTarget(column), [count]))] : []),
    ]);
    return {
      value: tf.neg(total(losses)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => saved.map((gradient) => tf.mul(gradient, dy)),
    };
  });
  return bias ? differentiable(hidden, items, bias) : differentiable(hidden, items);
}

function total(terms: readonly tf.Tensor[]): tf.Tensor {
  return terms.length === 1 ? terms[0]! : tf.addN([...terms]);
}
