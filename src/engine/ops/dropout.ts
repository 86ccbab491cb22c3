/**
 * Dropout whose noise is a function of (seed, call, position), so that a run can be repeated, resumed and compared
 * between engines, and so that a captured graph draws fresh noise at every step.
 *
 * The noise for element (i, j) of a matrix of `rows × columns` is the 32-bit product `row[i] · column[j]` of two odd
 * random numbers, compared with a threshold. Rows share `row` between calls with equally many rows; each call has its
 * own `column`. Within a row and within a column elements are independent; the product costs one pass over memory,
 * where a generator for each element costs ten.
 */
import * as tf from '@tensorflow/tfjs-core';
import { captureKernel, infoOf, valueOf } from '../capture/backend.ts';
import type { GraphRecorder, ValueName } from '../capture/graph.ts';

const kernelName = 'ToolRecDropoutMask';

interface MaskAttributes extends tf.NamedAttrMap {
  readonly shape: number[];
  readonly rate: number;
  readonly call: number;
}

/** The dropout of one step. `seed` is an int32 scalar, an input that differs from step to step. */
export class Dropout {
  private readonly seed: tf.Tensor | undefined;
  private calls = 0;

  /** Without a seed nothing is dropped (evaluation). */
  constructor(seed?: tf.Tensor) {
    this.seed = seed;
  }

  /** Sets each element to 0 with probability `rate` and scales the others by 1 / (1 − rate). */
  apply(x: tf.Tensor, rate: number): tf.Tensor {
    if (!this.seed || rate <= 0) return x;
    const mask: tf.Tensor = tf.engine().runKernel(kernelName, { seed: this.seed }, {
      shape: x.shape,
      rate,
      call: this.calls++,
    } satisfies MaskAttributes);
    return tf.mul(x, mask);
  }
}

// Noise: the finaliser of a 32-bit hash (two rounds of xor-shift and multiply), then made odd.
const spreadFactor = 0x9e3779b1 | 0;
const callFactor = 0x85ebca6b | 0;
const mixFactors = [0x21f0aaad | 0, 0x735a2d97 | 0] as const;
const shift = 15;

/** Odd hash of position `index`; stream −1 is that of rows, others are calls. */
function hash(seed: number, stream: number, index: number): number {
  let h = (Math.imul(index, spreadFactor) + seed + Math.imul(stream, callFactor)) | 0;
  for (const factor of mixFactors) h = Math.imul(h ^ (h >>> shift), factor);
  return (h ^ (h >>> shift)) | 1;
}

/** Products below this are dropped; a product is uniform over the odd 32-bit numbers. */
function threshold(rate: number): number {
  return Math.min(Math.round(rate * 2 ** 32) - 2 ** 31, 2 ** 31 - 1);
}

function matrixOf(shape: readonly number[]): readonly [rows: number, columns: number] {
  const columns = shape[shape.length - 1] ?? 1;
  return [shape.slice(0, -1).reduce((product, size) => product * size, 1), columns];
}

/** The mask as plain numbers: 0 or 1 / (1 − rate). */
export function dropoutMask(seed: number, { shape, rate, call }: MaskAttributes): Float32Array {
  const [rows, columns] = matrixOf(shape);
  const limit = threshold(rate);
  const kept = 1 / (1 - rate);
  const column = Int32Array.from({ length: columns }, (_, j) => hash(seed, call, j));
  const mask = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const row = hash(seed, -1, i);
    for (let j = 0; j < columns; j++) mask[i * columns + j] = Math.imul(row, column[j]!) >= limit ? kept : 0;
  }
  return mask;
}

for (const backendName of ['cpu', 'wasm', 'tensorflow']) {
  if (tf.getKernel(kernelName, backendName)) continue;
  tf.registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const attributes = attrs as MaskAttributes;
      const store = backend as tf.KernelBackend;
      const seed = store.readSync(inputs['seed']!.dataId) as Int32Array;
      const mask = dropoutMask(seed[0]!, attributes);
      return {
        dataId: store.write(mask, attributes.shape, 'float32'),
        shape: attributes.shape,
        dtype: 'float32',
      };
    },
  });
}

captureKernel<MaskAttributes>(kernelName, (graph, inputs, { shape, rate, call }) => {
  const seed = valueOf(inputs['seed']!);
  const [rows, columns] = matrixOf(shape);
  const row = graph.reshape(hashNodes(graph, seed, -1, rows), [rows, 1]);
  const column = graph.reshape(hashNodes(graph, seed, call, columns), [1, columns]);
  const noise = graph.node('Mul', [row, column]); // [rows, columns]
  const keep = graph.node('GreaterOrEqual', [noise, graph.int32(threshold(rate))]);
  const one = graph.node('Cast', [keep], { attributes: { to: { i: 1 } } });
  const mask = graph.node('Mul', [one, graph.float(1 / (1 - rate))]);
  return infoOf(graph.reshape(mask, shape), shape, 'float32');
});

/** `hash` for index 0 … count−1, as int32 `[count]`. */
function hashNodes(graph: GraphRecorder, seed: ValueName, stream: number, count: number): ValueName {
  const cast = (value: ValueName, type: 'int32' | 'uint32' | 'int64') =>
    graph.node('Cast', [value], { attributes: { to: { i: { int32: 6, uint32: 12, int64: 7 }[type] } } });
  const zero = graph.constant('int64', [], new Uint8Array(8));
  const one = graph.constant('int64', [], new Uint8Array(BigInt64Array.of(1n).buffer));
  const end = graph.node('Squeeze', [graph.sizes([count])]);
  const index = cast(graph.node('Range', [zero, end, one]), 'int32');
  const start = graph.node('Add', [seed, graph.int32(Math.imul(stream, callFactor))]);
  let h = graph.node('Add', [graph.node('Mul', [index, graph.int32(spreadFactor)]), start]);
  const shiftBy = graph.constant('uint32', [], new Uint8Array(Uint32Array.of(shift).buffer));
  const folded = () => {
    const unsigned = cast(h, 'uint32');
    const shifted = graph.node('BitShift', [unsigned, shiftBy], {
      attributes: { direction: { s: 'RIGHT' } },
    });
    return cast(graph.node('BitwiseXor', [unsigned, shifted]), 'int32');
  };
  for (const factor of mixFactors) h = graph.node('Mul', [folded(), graph.int32(factor)]);
  return graph.node('BitwiseOr', [folded(), graph.int32(1)]);
}
