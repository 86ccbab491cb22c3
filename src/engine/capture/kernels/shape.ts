/** Operations that move, repeat or select elements, and those that make tensors of one value. */
import * as tf from '@tensorflow/tfjs-core';
import { captureKernel, infoOf, onnxTypeOf, valueOf } from '../backend.ts';
import type { GraphRecorder, ValueName } from '../graph.ts';

captureKernel<tf.ReshapeAttrs>(tf.Reshape, (graph, inputs, { shape }) => {
  const x = inputs['x']!;
  const target = tf.util.inferFromImplicitShape([...shape], tf.util.sizeFromShape(x.shape));
  return infoOf(reshaped(graph, valueOf(x), x.shape, target), target, x.dtype);
});

captureKernel<tf.ExpandDimsAttrs>(tf.ExpandDims, (graph, inputs, { dim }) => {
  const input = inputs['input']!;
  const shape = [...input.shape];
  shape.splice(dim < 0 ? input.shape.length + dim + 1 : dim, 0, 1);
  return infoOf(graph.reshape(valueOf(input), shape), shape, input.dtype);
});

/** Chains of reshapes are common in TensorFlow.js's own code; only the last one counts. */
function reshaped(
  graph: GraphRecorder,
  x: ValueName,
  from: readonly number[],
  to: readonly number[],
): ValueName {
  if (from.length === to.length && from.every((size, axis) => size === to[axis])) return x;
  const origin = graph.originOf(x);
  return graph.reshape(origin?.node.type === 'Reshape' ? origin.node.inputs[0]! : x, to);
}

captureKernel<tf.TransposeAttrs>(tf.Transpose, (graph, inputs, { perm }) => {
  const x = inputs['x']!;
  const shape = perm.map((axis) => x.shape[axis]!);
  const value = perm.every((axis, place) => axis === place)
    ? valueOf(x)
    : graph.node('Transpose', [valueOf(x)], { attributes: { perm: { ints: perm } } });
  return infoOf(value, shape, x.dtype);
});

captureKernel<tf.TileAttrs>(tf.Tile, (graph, inputs, { reps }) => {
  const x = inputs['x']!;
  const shape = x.shape.map((size, axis) => size * reps[axis]!);
  // Repeating an axis of size 1 is a broadcast, which is cheaper.
  const broadcast = x.shape.every((size, axis) => size === 1 || reps[axis] === 1);
  const value = broadcast
    ? graph.node('Expand', [valueOf(x), graph.sizes(shape)])
    : graph.node('Tile', [valueOf(x), graph.sizes(reps)]);
  return infoOf(value, shape, x.dtype);
});

captureKernel<tf.SliceAttrs>(tf.Slice, (graph, inputs, attributes) => {
  const x = inputs['x']!;
  const begin = x.shape.map((_, axis) => listed(attributes.begin)[axis] ?? 0);
  const size = x.shape.map((length, axis) => {
    const wanted = listed(attributes.size)[axis] ?? -1;
    return wanted < 0 ? length - begin[axis]! : wanted;
  });
  if (size.every((length, axis) => length === x.shape[axis])) return infoOf(valueOf(x), size, x.dtype);
  const axes = size.map((_, axis) => axis).filter((axis) => size[axis] !== x.shape[axis]);
  const value = graph.node('Slice', [
    valueOf(x),
    graph.sizes(axes.map((axis) => begin[axis]!)),
    graph.sizes(axes.map((axis) => begin[axis]! + size[axis]!)),
    graph.int64s(axes),
  ]);
  return infoOf(value, size, x.dtype);
});

function listed(value: number | readonly number[]): readonly number[] {
  return typeof value === 'number' ? [value] : value;
}

captureKernel<tf.PadV2Attrs>(tf.PadV2, (graph, inputs, { paddings, constantValue }) => {
  const x = inputs['x']!;
  const shape = x.shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]);
  const filler = x.dtype === 'int32' ? graph.int32(constantValue) : graph.float(constantValue);
  const pads = graph.sizes([...paddings.map((pair) => pair[0]), ...paddings.map((pair) => pair[1])]);
  return infoOf(graph.node('Pad', [valueOf(x), pads, filler]), shape, x.dtype);
});

captureKernel<tf.ConcatAttrs>(tf.Concat, (graph, inputs, attributes) => {
  const parts = Object.values(inputs);
  const first = parts[0]!;
  const axis = tf.util.parseAxisParam(attributes.axis, first.shape)[0]!;
  const shape = tf.backend_util.computeOutShape(
    parts.map((part) => part.shape),
    axis,
  );
  return infoOf(
    graph.node('Concat', parts.map(valueOf), { attributes: { axis: { i: axis } } }),
    shape,
    first.dtype,
  );
});

captureKernel<tf.SplitVAttrs>(tf.SplitV, (graph, inputs, attributes) => {
  const x = inputs['x']!;
  const axis = tf.util.parseAxisParam(attributes.axis, x.shape)[0]!;
  const lengths = tf.backend_util.prepareSplitSize(x as tf.Tensor, attributes.numOrSizeSplits, axis);
  const values = graph.nodeWithOutputs('Split', [valueOf(x), graph.sizes(lengths)], {
    attributes: { axis: { i: axis } },
    outputs: lengths.length,
  });
  return values.map((value, part) => {
    const shape = [...x.shape];
    shape[axis] = lengths[part]!;
    return infoOf(value, shape, x.dtype);
  });
});

function filled(
  graph: GraphRecorder,
  shape: readonly number[],
  value: number,
  dtype: tf.DataType,
): tf.TensorInfo {
  const type = onnxTypeOf(dtype);
  const scalar =
    type === 'float32'
      ? graph.float(value)
      : type === 'int32'
        ? graph.int32(value)
        : graph.constant('bool', [], Uint8Array.of(value ? 1 : 0));
  return infoOf(shape.length ? graph.node('Expand', [scalar, graph.sizes(shape)]) : scalar, shape, dtype);
}

captureKernel<tf.FillAttrs>(tf.Fill, (graph, _inputs, { shape, value, dtype }) =>
  filled(graph, shape, Number(value), dtype ?? 'float32'),
);
captureKernel(tf.ZerosLike, (graph, inputs) => filled(graph, inputs['x']!.shape, 0, inputs['x']!.dtype));
captureKernel(tf.OnesLike, (graph, inputs) => filled(graph, inputs['x']!.shape, 1, inputs['x']!.dtype));
