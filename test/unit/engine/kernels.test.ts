import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import { capturedKernelNames } from '../../../src/engine/capture/backend.ts';
import { Dropout } from '../../../src/engine/ops/dropout.ts';
import { gelu } from '../../../src/engine/ops/gelu.ts';
import { layerNorm } from '../../../src/engine/ops/layer-norm.ts';
import { pickRows } from '../../../src/engine/ops/rows.ts';
import { softmaxCrossEntropy } from '../../../src/engine/ops/softmax-cross-entropy.ts';
import { type HostTensor, int32, type NamedTensors, type TensorSpec } from '../../../src/engine/program.ts';
import { Random } from '../../../src/shared/random.ts';
import { assertClose, captured, integers, normal, reference, runOn } from './engines.ts';

/** Letters are sizes; each case is recorded once with open dimensions and run at two sets of random sizes. */
type Draw = (random: Random, ...shape: number[]) => HostTensor;
const positive: Draw = (random, ...shape) => {
  const tensor = normal(random, ...shape);
  return { ...tensor, data: (tensor.data as Float32Array).map((x) => Math.abs(x) + 0.1) };
};
const index: Draw = (random, ...shape) => integers(random, 5, ...shape);

const reversed: Draw = (_random, count) => int32([...Array(count).keys()].reverse());

interface Case {
  readonly inputs: Readonly<Record<string, readonly [Draw, ...(number | string)[]]>>;
  readonly body: (inputs: NamedTensors) => tf.Tensor | tf.Tensor[];
  /** Input whose gradient is compared too. */
  readonly gradient?: string;
}

const ab = { a: [normal, 'm', 'n'], b: [normal, 'm', 'n'] } as const;
const x = { x: [normal, 'm', 'n'] } as const;
const xp = { x: [positive, 'm', 'n'] } as const;
const two = (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Case => ({
  inputs: ab,
  body: ({ a, b }) => f(a!, b!),
});
const one = (f: (x: tf.Tensor) => tf.Tensor | tf.Tensor[], inputs: Case['inputs'] = x): Case => ({
  inputs,
  body: ({ x }) => f(x!),
});
const differentiable = (c: Case, gradient = Object.keys(c.inputs)[0]!): Case => ({ ...c, gradient });

const bySegment = (codes: tf.Tensor) => (rows: tf.Tensor) =>
  tf.unsortedSegmentSum(rows, codes as tf.Tensor1D, 5);

const cases: Record<string, Case> = {
  Add: differentiable(two(tf.add)),
  'Add, broadcast': differentiable({
    inputs: { a: [normal, 'n'], b: [normal, 'm', 'n'] },
    body: ({ a, b }) => tf.add(a!, b!),
  }),
  Sub: differentiable(two(tf.sub)),
  Multiply: differentiable(two(tf.mul)),
  RealDiv: differentiable(
    {
      inputs: { a: [normal, 'm', 'n'], b: [positive, 'm', 1] },
      body: ({ a, b }) => tf.div(a!, b!),
    },
    'b',
  ),
  Maximum: differentiable(two(tf.maximum)),
  Minimum: differentiable(two(tf.minimum)),
  Pow: differentiable(one((x) => tf.pow(x, 3), xp)),
  SquaredDifference: differentiable(two(tf.squaredDifference)),
  Greater: two(tf.greater),
  GreaterEqual: two(tf.greaterEqual),
  Less: two(tf.less),
  LessEqual: two(tf.lessEqual),
  Equal: { inputs: { a: [index, 'm'], b: [index, 'm'] }, body: ({ a, b }) => tf.equal(a!, b!) },
  NotEqual: { inputs: { a: [index, 'm'], b: [index, 'm'] }, body: ({ a, b }) => tf.notEqual(a!, b!) },
  'LogicalAnd, LogicalOr, LogicalNot': two((a, b) =>
    tf.logicalOr(tf.logicalAnd(tf.greater(a, 0), tf.less(b, 0)), tf.logicalNot(tf.less(a, -1))),
  ),
  AddN: differentiable(two((a, b) => tf.addN([a, b, a]))),
  Neg: differentiable(one(tf.neg)),
  Abs: differentiable(one(tf.abs)),
  Exp: differentiable(one(tf.exp)),
  Log: differentiable(one(tf.log, xp)),
  Sqrt: differentiable(one(tf.sqrt, xp)),
  Rsqrt: differentiable(one(tf.rsqrt, xp)),
  Reciprocal: differentiable(one(tf.reciprocal, xp)),
  Square: differentiable(one(tf.square)),
  Relu: differentiable(one(tf.relu)),
  LeakyRelu: one((x) => tf.leakyRelu(x, 0.1)),
  Sigmoid: differentiable(one(tf.sigmoid)),
  Tanh: differentiable(one(tf.tanh)),
  Softplus: differentiable(one(tf.softplus)),
  Erf: differentiable(one(tf.erf)),
  Floor: one(tf.floor),
  Step: one((x) => tf.step(x)),
  'Step, slope': one((x) => tf.step(x, 0.25)),
  Identity: one((x) => tf.clone(x)),
  ClipByValue: differentiable(one((x) => tf.clipByValue(x, -0.5, 0.5))),
  Select: differentiable({
    inputs: { a: [normal, 'm', 'n'], b: [normal, 'm', 'n'], c: [normal, 'm', 'n'] },
    body: ({ a, b, c }) => tf.where(tf.greater(c!, 0), a!, b!),
  }),
  Cast: one((x) => tf.cast(tf.cast(tf.greater(x, 0), 'int32'), 'float32')),
  Reshape: differentiable(one((x) => tf.reshape(x, [x.shape[1]!, x.shape[0]!]))),
  'Reshape, two open dimensions': differentiable({
    inputs: { x: [normal, 'm', 'n', 4] },
    body: ({ x }) => tf.reshape(tf.reshape(x!, [-1, 4]), [x!.shape[0]!, x!.shape[1]!, 2, 2]),
  }),
  ExpandDims: one((x) => tf.expandDims(x, 1)),
  Transpose: differentiable({
    inputs: { x: [normal, 'm', 'n', 3] },
    body: ({ x }) => tf.transpose(x!, [2, 0, 1]),
  }),
  Tile: differentiable(one((x) => tf.tile(x, [2, 3]))),
  'Tile, broadcast': {
    inputs: { x: [normal, 1, 'n'], y: [normal, 'm', 'n'] },
    body: ({ x, y }) => tf.tile(x!, [y!.shape[0]!, 1]),
  },
  Slice: differentiable({
    inputs: { x: [normal, 'm', 6] },
    body: ({ x }) => tf.slice(x!, [0, 2], [-1, 3]),
  }),
  PadV2: differentiable({
    inputs: { x: [normal, 5, 6] },
    body: ({ x }) =>
      tf.pad(
        x!,
        [
          [1, 2],
          [0, 3],
        ],
        0.5,
      ),
  }),
  Concat: differentiable(two((a, b) => tf.concat([a, b], 1))),
  'SplitV, equal': differentiable({
    inputs: { x: [normal, 'm', 6] },
    body: ({ x }) => {
      const [a, b, c] = tf.split(x!, 3, 1);
      return tf.add(tf.mul(a!, b!), c!);
    },
  }),
  'SplitV, at an open size': {
    inputs: { a: [normal, 'm', 2], b: [normal, 'm', 2] },
    body: ({ a, b }) => tf.split(tf.concat([a!, b!]), [a!.shape[0]!, b!.shape[0]!]),
  },
  'Fill, ZerosLike, OnesLike': one((x) =>
    tf.add(tf.add(tf.fill(x.shape, 2.5), tf.zerosLike(x)), tf.mul(tf.onesLike(x), x)),
  ),
  Sum: differentiable(one((x) => tf.sum(x, 0))),
  'Sum, all': differentiable(one((x) => tf.sum(x))),
  'Sum, kept': differentiable(one((x) => tf.sum(x, -1, true))),
  Mean: differentiable({ inputs: { x: [normal, 'm', 7] }, body: ({ x }) => tf.mean(x!, 1) }),
  Max: differentiable(one((x) => tf.max(x, 1))),
  Min: one((x) => tf.min(x, 0)),
  Softmax: differentiable(one((x) => tf.softmax(x))),
  LogSoftmax: differentiable(one((x) => tf.logSoftmax(x))),
  TopK: one((x) => {
    const { values, indices } = tf.topk(x, 2);
    return [values, indices];
  }),
  BatchMatMul: differentiable({
    inputs: { a: [normal, 'm', 4], b: [normal, 4, 'n'] },
    body: ({ a, b }) => tf.matMul(a!, b!),
  }),
  'BatchMatMul, transposed': differentiable({
    inputs: { a: [normal, 4, 'm'], b: [normal, 'n', 4] },
    body: ({ a, b }) => tf.matMul(a!, b!, true, true),
  }),
  'BatchMatMul, batches': differentiable(
    {
      inputs: { a: [normal, 'm', 2, 3, 4], b: [normal, 'm', 2, 5, 4] },
      body: ({ a, b }) => tf.matMul(a!, b!, false, true),
    },
    'b',
  ),
  _FusedMatMul: differentiable(
    {
      inputs: { a: [normal, 'm', 4], b: [normal, 4, 3], c: [normal, 3] },
      body: ({ a, b, c }) => tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias: c! }),
    },
    'c',
  ),
  '_FusedMatMul, relu': {
    inputs: { a: [normal, 'm', 4], b: [normal, 4, 3], c: [normal, 3] },
    body: ({ a, b, c }) =>
      tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias: c!, activation: 'relu' }),
  },
  'GatherV2 and UnsortedSegmentSum': differentiable({
    inputs: { x: [normal, 5, 3], i: [index, 'm'] },
    body: ({ x, i }) => tf.gather(x!, i as tf.Tensor1D),
  }),
  'GatherV2 of columns': {
    inputs: { x: [normal, 'm', 5], i: [index, 'n'] },
    body: ({ x, i }) => tf.gather(x!, i as tf.Tensor1D, 1),
  },
  UnsortedSegmentSum: {
    inputs: { x: [normal, 'm', 3], i: [index, 'm'] },
    body: ({ x, i }) => tf.unsortedSegmentSum(x!, i as tf.Tensor1D, 5),
  },
  TensorScatterUpdate: {
    inputs: { x: [normal, 'm'], i: [reversed, 2] },
    body: ({ x, i }) => tf.tensorScatterUpdate(x!, tf.reshape(i!, [2, 1]), tf.fill([2], -9)),
  },
  ToolRecScatterRows: differentiable({
    inputs: { x: [normal, 'm', 3], i: [reversed, 2] },
    body: ({ x, i }) => pickRows(x!, i!),
  }),
  ToolRecDropoutMask: differentiable({
    inputs: { x: [normal, 'm', 'n', 8], seed: [index] },
    body: ({ x, seed }) => {
      const dropout = new Dropout(seed!);
      return dropout.apply(dropout.apply(x!, 0.2), 0.5);
    },
  }),
  ToolRecGelu: differentiable(one(gelu)),
  ToolRecLayerNorm: differentiable(
    {
      inputs: { x: [normal, 'm', 8], g: [normal, 8], b: [normal, 8] },
      body: ({ x, g, b }) => layerNorm(x!, g!, b!),
    },
    'x',
  ),
  ToolRecPick: differentiable(
    {
      inputs: { h: [normal, 'm', 4], e: [normal, 5, 4], t: [index, 'm'], w: [positive, 'm'] },
      body: ({ h, e, t, w }) => softmaxCrossEntropy(h!, e!, undefined, t!, w!, bySegment(t!)),
    },
    'e',
  ),
  'ToolRecPick, biased': differentiable(
    {
      inputs: { h: [normal, 'm', 4], e: [normal, 5, 4], c: [normal, 5], t: [index, 'm'], w: [positive, 'm'] },
      body: ({ h, e, c, t, w }) => softmaxCrossEntropy(h!, e!, c!, t!, w!, bySegment(t!)),
    },
    'c',
  ),
};

describe('captured kernels against the cpu backend', () => {
  for (const [name, { inputs, body, gradient }] of Object.entries(cases))
    it(name, async () => {
      const random = new Random(name);
      const specs: Record<string, TensorSpec> = {};
      for (const [key, [draw, ...shape]] of Object.entries(inputs))
        specs[key] = { dtype: draw === index || draw === reversed ? 'int32' : 'float32', shape };
      const outputsOf = (tensors: NamedTensors) => {
        const results = [body(tensors)].flat();
        const named = Object.fromEntries(results.map((tensor, i) => [`y${i}`, tensor]));
        if (gradient === undefined) return named;
        // Weighted, so that a gradient that sums to zero (softmax) is seen.
        const scalar = (x: tf.Tensor) => {
          const y = [body({ ...tensors, [gradient]: x })].flat()[0]!;
          return tf.sum(tf.mul(y, tf.sigmoid(y)));
        };
        return { ...named, gradient: tf.grad(scalar)(tensors[gradient]!) };
      };
      const step = {
        name,
        inputs: specs,
        state: {},
        body: (tensors: NamedTensors) => ({ outputs: outputsOf(tensors) }),
      };
      const feeds = [0, 1].map(() => {
        const sizes: Record<string, number> = { m: 2 + random.int(5), n: 2 + random.int(5) };
        return Object.fromEntries(
          Object.entries(inputs).map(([key, [draw, ...shape]]) => [
            key,
            draw(random, ...shape.map((size) => (typeof size === 'string' ? sizes[size]! : size))),
          ]),
        );
      });
      const expected = await runOn(reference, step, {}, feeds);
      const actual = await runOn(captured, step, {}, feeds);
      for (const [i, outputs] of expected.outputs.entries())
        for (const [key, value] of Object.entries(outputs))
          assertClose(actual.outputs[i]![key]!, value, 2e-5, `${key} of run ${i}`);
    });

  it('cover every kernel that can be captured', () => {
    const missing = capturedKernelNames().filter(
      (kernel) => !Object.keys(cases).some((name) => name.split(/,? and |, /).includes(kernel)),
    );
    assert.deepEqual(missing, []);
  });
});
