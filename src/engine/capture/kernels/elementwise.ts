/** Operations on each element, with NumPy broadcasting for those of two inputs. */
import * as tf from '@tensorflow/tfjs-core';
import { captureKernel, infoOf, onnxTypeOf, valueOf } from '../backend.ts';
import type { GraphRecorder, ValueName } from '../graph.ts';

function binary(kernelName: string, type: string, dtype?: tf.DataType): void {
  captureKernel(kernelName, (graph, inputs) => {
    const a = inputs['a']!;
    const b = inputs['b']!;
    const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    return infoOf(graph.node(type, [valueOf(a), valueOf(b)]), shape, dtype ?? a.dtype);
  });
}

binary(tf.Add, 'Add');
binary(tf.Sub, 'Sub');
binary(tf.Multiply, 'Mul');
binary(tf.RealDiv, 'Div');
binary(tf.Maximum, 'Max');
binary(tf.Minimum, 'Min');
binary(tf.Pow, 'Pow');
for (const [kernelName, type] of [
  [tf.Greater, 'Greater'],
  [tf.GreaterEqual, 'GreaterOrEqual'],
  [tf.Less, 'Less'],
  [tf.LessEqual, 'LessOrEqual'],
  [tf.Equal, 'Equal'],
  [tf.LogicalAnd, 'And'],
  [tf.LogicalOr, 'Or'],
] as const)
  binary(kernelName, type, 'bool');

captureKernel(tf.NotEqual, (graph, inputs) => {
  const a = inputs['a']!;
  const b = inputs['b']!;
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  return infoOf(graph.node('Not', [graph.node('Equal', [valueOf(a), valueOf(b)])]), shape, 'bool');
});

captureKernel(tf.SquaredDifference, (graph, inputs) => {
  const a = inputs['a']!;
  const b = inputs['b']!;
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const difference = graph.node('Sub', [valueOf(a), valueOf(b)]);
  return infoOf(graph.node('Mul', [difference, difference]), shape, a.dtype);
});

captureKernel(tf.AddN, (graph, inputs) => {
  const terms = Object.values(inputs);
  const first = terms[0]!;
  const sum = terms.map(valueOf).reduce((total, term) => graph.node('Add', [total, term]));
  return infoOf(sum, first.shape, first.dtype);
});

function unary(kernelName: string, record: (graph: GraphRecorder, x: ValueName) => ValueName): void {
  captureKernel(kernelName, (graph, inputs) => {
    const x = inputs['x']!;
    return infoOf(record(graph, valueOf(x)), x.shape, x.dtype);
  });
}

for (const type of [
  'Neg',
  'Abs',
  'Exp',
  'Log',
  'Sqrt',
  'Relu',
  'Sigmoid',
  'Tanh',
  'Softplus',
  'Erf',
  'Floor',
] as const)
  unary(type, (graph, x) => graph.node(type, [x]));
unary(tf.LogicalNot, (graph, x) => graph.node('Not', [x]));
unary(tf.Identity, (_graph, x) => x);
unary(tf.Square, (graph, x) => graph.node('Mul', [x, x]));
unary(tf.Rsqrt, (graph, x) => graph.node('Reciprocal', [graph.node('Sqrt', [x])]));
unary(tf.Reciprocal, (graph, x) => graph.node('Reciprocal', [x]));

captureKernel<tf.StepAttrs>(tf.Step, (graph, inputs, { alpha }) => {
  const x = inputs['x']!;
  const positive = graph.node('Greater', [valueOf(x), graph.float(0)]);
  const one = graph.node('Cast', [positive], { attributes: { to: { i: 1 } } });
  if (alpha === 0) return infoOf(one, x.shape, x.dtype);
  // slope `alpha` where x is not positive: alpha + (1 − alpha) · [x > 0]
  const scaled = graph.node('Mul', [one, graph.float(1 - alpha)]);
  return infoOf(graph.node('Add', [scaled, graph.float(alpha)]), x.shape, x.dtype);
});

captureKernel<tf.ClipByValueAttrs>(tf.ClipByValue, (graph, inputs, { clipValueMin, clipValueMax }) => {
  const x = inputs['x']!;
  const clipped = graph.node('Clip', [valueOf(x), graph.float(clipValueMin), graph.float(clipValueMax)]);
  return infoOf(clipped, x.shape, x.dtype);
});

captureKernel<tf.LeakyReluAttrs>(tf.LeakyRelu, (graph, inputs, { alpha }) => {
  const x = inputs['x']!;
  return infoOf(
    graph.node('LeakyRelu', [valueOf(x)], { attributes: { alpha: { f: alpha } } }),
    x.shape,
    x.dtype,
  );
});

captureKernel(tf.Select, (graph, inputs) => {
  const condition = inputs['condition']!;
  const t = inputs['t']!;
  const e = inputs['e']!;
  return infoOf(graph.node('Where', [valueOf(condition), valueOf(t), valueOf(e)]), t.shape, t.dtype);
});

captureKernel<tf.CastAttrs>(tf.Cast, (graph, inputs, { dtype }) => {
  const x = inputs['x']!;
  const elementTypes = { float32: 1, int32: 6, bool: 9 } as const;
  const value =
    x.dtype === dtype
      ? valueOf(x)
      : graph.node('Cast', [valueOf(x)], {
          attributes: { to: { i: elementTypes[onnxTypeOf(dtype) as keyof typeof elementTypes] } },
        });
  return infoOf(value, x.shape, dtype);
});
