/** Sums, means, extremes and softmax. */
import * as tf from '@tensorflow/tfjs-core';
import { captureKernel, infoOf, valueOf } from '../backend.ts';

/** TensorFlow.js names the axes `axis` in Sum and Mean, `reductionIndices` in Max and Min. */
interface ReductionAttributes {
  readonly axis?: number | number[];
  readonly reductionIndices?: number | number[];
  readonly keepDims: boolean;
}

function reduction(kernelName: string, type: string): void {
  captureKernel<ReductionAttributes>(kernelName, (graph, inputs, attributes) => {
    const x = inputs['x']!;
    const { axis, reductionIndices, keepDims } = attributes;
    const axes = tf.util.parseAxisParam((axis ?? reductionIndices)!, x.shape);
    const [kept] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
    const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(kept, axes) : kept;
    // ONNX reads an empty list of axes as all of them.
    if (axes.length === 0) return infoOf(valueOf(x), shape, x.dtype);
    const value = graph.node(type, [valueOf(x), graph.int64s(axes)], {
      attributes: { keepdims: { i: keepDims ? 1 : 0 } },
    });
    return infoOf(value, shape, x.dtype);
  });
}

reduction(tf.Sum, 'ReduceSum');
reduction(tf.Mean, 'ReduceMean');
reduction(tf.Max, 'ReduceMax');
reduction(tf.Min, 'ReduceMin');

captureKernel<tf.SoftmaxAttrs>(tf.Softmax, (graph, inputs, { dim }) => {
  const logits = inputs['logits']!;
  const value = graph.node('Softmax', [valueOf(logits)], { attributes: { axis: { i: dim } } });
  return infoOf(value, logits.shape, logits.dtype);
});

captureKernel<tf.LogSoftmaxAttrs>(tf.LogSoftmax, (graph, inputs, { axis }) => {
  const logits = inputs['logits']!;
  const value = graph.node('LogSoftmax', [valueOf(logits)], { attributes: { axis: { i: axis } } });
  return infoOf(value, logits.shape, logits.dtype);
});

captureKernel<tf.TopKAttrs>(tf.TopK, (graph, inputs, { k, sorted }) => {
  const x = inputs['x']!;
  const [values, indices] = graph.nodeWithOutputs('TopK', [valueOf(x), graph.int64s([k])], {
    attributes: { sorted: { i: sorted ? 1 : 0 } },
    outputs: 2,
  });
  const shape = [...x.shape.slice(0, -1), k];
  const asInt32 = graph.node('Cast', [indices!], { attributes: { to: { i: 6 } } });
  return [infoOf(values!, shape, x.dtype), infoOf(asInt32, shape, 'int32')];
});
