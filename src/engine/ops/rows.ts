/**
 * Rows of tables by index, with gradients that need no scatter with addition. The stock gradient adds row after row
 * on one thread (onnxruntime's ScatterElements) or is missing (TensorFlow.js wasm); a fifth of a training step went
 * there.
 */
import * as tf from '@tensorflow/tfjs-core';
import { captureBackendName, captureKernel, infoOf, valueOf } from '../capture/backend.ts';
import { type HostTensor, int32, type NamedTensors, type TensorSpec } from '../program.ts';

const kernelName = 'ToolRecScatterRows';

interface ScatterAttributes extends tf.NamedAttrMap {
  readonly count: number;
}

captureKernel<ScatterAttributes>(kernelName, (graph, inputs, { count }) => {
  const x = inputs['x']!; // [rows, width]
  const index = inputs['index']!; // [rows]
  const [rows, width] = x.shape as [number, number];
  const zeros = graph.node('Expand', [graph.float(0), graph.sizes([count, width])]);
  const places = graph.reshape(valueOf(index), [rows, 1]);
  const asInt64 = graph.node('Cast', [places], { attributes: { to: { i: 7 } } });
  return infoOf(graph.node('ScatterND', [zeros, asInt64, valueOf(x)]), [count, width], x.dtype);
});

/** Puts row r of `x` at `index[r]` among `count` rows of zeros. No index may occur twice. */
function scatterRows(x: tf.Tensor, index: tf.Tensor, count: number): tf.Tensor {
  if (tf.getBackend() === captureBackendName)
    return tf.engine().runKernel(kernelName, { x, index }, { count } satisfies ScatterAttributes);
  return tf.scatterND(tf.reshape(index, [index.shape[0]!, 1]), x, [count, x.shape[1]!]);
}

function withGradient(
  x: tf.Tensor,
  forward: (x: tf.Tensor) => tf.Tensor,
  backward: (dy: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  const differentiable = tf.customGrad((...all: unknown[]) => {
    const value = forward(all[0] as tf.Tensor);
    return { value, gradFunc: (dy: tf.Tensor) => [backward(dy)] };
  });
  return differentiable(x);
}

/** `x[rows]` for rows that are all different: `[n, width]` and int32 `[r]` → `[r, width]`. */
export function pickRows(x: tf.Tensor, rows: tf.Tensor): tf.Tensor {
  return withGradient(
    x,
    (x) => tf.gather(x, rows as tf.Tensor1D),
    (dy) => scatterRows(dy, rows, x.shape[0]!),
  );
}

const groupSize = 4;

/**
 * How the gradient of a lookup is summed for each code: positions with the same code in groups of four, the groups of
 * frequent codes once more.
 */
export interface RowGroups {
  /** `[groups, 4]`: positions in the list of codes; one past the end where a group is short. The last is all empty. */
  readonly first: HostTensor;
  /** `[frequent, fan]`: groups of each code that has several; the last group where there are fewer. */
  readonly second: HostTensor;
  /** `[distinct]`: where the sum of each code is: a group, or groups + row of `second`. */
  readonly source: HostTensor;
  /** `[distinct]`: the codes. */
  readonly codes: HostTensor;
}

/** Inputs of a step for the groups of one lookup. */
export function rowGroupSpecs(name: string): Record<string, TensorSpec> {
  return {
    [`${name}.first`]: { dtype: 'int32', shape: [`${name}.groups`, groupSize] },
    [`${name}.second`]: { dtype: 'int32', shape: [`${name}.frequent`, `${name}.fan`] },
    [`${name}.source`]: { dtype: 'int32', shape: [`${name}.distinct`] },
    [`${name}.codes`]: { dtype: 'int32', shape: [`${name}.distinct`] },
  };
}

export function rowGroupInputs(name: string, groups: RowGroups): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(groups).map(([key, value]) => [`${name}.${key}`, value as HostTensor]),
  );
}

/**
 * @param codes int32 list that will be looked up; a negative code is a position whose gradient is not wanted
 */
export function groupRows(codes: Int32Array): RowGroups {
  const empty = codes.length;
  let highest = -1;
  for (let i = 0; i < codes.length; i++) highest = Math.max(highest, codes[i]!);
  // Counting sort: `start[code]` … `start[code + 1]` are the places of a code in `order`.
  const start = new Int32Array(highest + 2);
  for (let i = 0; i < codes.length; i++) if (codes[i]! >= 0) start[codes[i]! + 1]!++;
  let distinct = 0;
  let groups = 0;
  let frequent = 0;
  let fan = 1;
  for (let code = 0; code <= highest; code++) {
    const count = start[code + 1]!;
    const own = Math.ceil(count / groupSize);
    if (count > 0) distinct++;
    if (own > 1) frequent++;
    groups += own;
    fan = Math.max(fan, own);
    start[code + 1]! += start[code]!;
  }
  const order = new Int32Array(start[highest + 1] ?? 0);
  const next = start.slice();
  for (let i = 0; i < codes.length; i++) if (codes[i]! >= 0) order[next[codes[i]!]!++] = i;

  const first = new Int32Array((groups + 1) * groupSize).fill(empty);
  const second = new Int32Array(Math.max(frequent, 1) * fan).fill(groups);
  const source = new Int32Array(distinct);
  const listed = new Int32Array(distinct);
  let group = 0;
  let row = 0;
  let at = 0;
  for (let code = 0; code <= highest; code++) {
    const from = start[code]!;
    const count = start[code + 1]! - from;
    if (count === 0) continue;
    const own = Math.ceil(count / groupSize);
    for (let i = 0; i < count; i++) first[group * groupSize + i] = order[from + i]!;
    listed[at] = code;
    source[at++] = own === 1 ? group : groups + 1 + row;
    if (own > 1) {
      for (let i = 0; i < own; i++) second[row * fan + i] = group + i;
      row++;
    }
    group += own;
  }
  return {
    first: int32(first, [groups + 1, groupSize]),
    second: int32(second, [Math.max(frequent, 1), fan]),
    source: int32(source),
    codes: int32(listed),
  };
}

/**
 * Rows of `table` by code: `[count, width]` and int32 `[n]` → `[n, width]`.
 * @param name whose `rowGroupInputs` are among `inputs`; without them (evaluation) there is no gradient to take
 */
export function lookUp(table: tf.Tensor, codes: tf.Tensor, name: string, inputs: NamedTensors): tf.Tensor {
  return withGradient(
    table,
    (table) => tf.gather(table, codes as tf.Tensor1D),
    (dy) => sumByCode(dy, table.shape[0]!, name, inputs),
  );
}

/** Sums the rows that have the same code: `[n, width]` → `[count, width]`. */
export function sumByCode(x: tf.Tensor, count: number, name: string, inputs: NamedTensors): tf.Tensor {
  const padded = tf.concat([x, tf.zeros([1, x.shape[1]!])]); // [n + 1, width]
  const groupSums = tf.sum(tf.gather(padded, inputs[`${name}.first`]!), 1); // [groups, width]
  const codeSums = tf.sum(tf.gather(groupSums, inputs[`${name}.second`]!), 1); // [frequent, width]
  const sums = tf.gather(tf.concat([groupSums, codeSums]), inputs[`${name}.source`] as tf.Tensor1D); // [distinct, width]
  return scatterRows(sums, inputs[`${name}.codes`]!, count);
}
