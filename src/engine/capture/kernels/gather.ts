/** Rows of tables by index, and its gradient. */
import * as tf from '@tensorflow/tfjs-core';
import { captureKernel, infoOf, notCapturable, valueOf } from '../backend.ts';

captureKernel<tf.GatherV2Attrs>(tf.GatherV2, (graph, inputs, attributes) => {
  const x = inputs['x']!;
  const indices = inputs['indices']!;
  if (attributes.batchDims) throw notCapturable('GatherV2 with batch dimensions');
  const axis = tf.util.parseAxisParam(attributes.axis, x.shape)[0]!;
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const value = graph.node('Gather', [valueOf(x), valueOf(indices)], { attributes: { axis: { i: axis } } });
  return infoOf(value, shape, x.dtype);
});

captureKernel<tf.UnsortedSegmentSumAttrs>(tf.UnsortedSegmentSum, (graph, inputs, { numSegments }) => {
  const x = inputs['x']!; // [rows, ...rest]
  const segmentIds = inputs['segmentIds']!; // [rows]
  const rows = x.shape[0]!;
  const width = tf.util.sizeFromShape(x.shape.slice(1));
  const zeros = graph.node('Expand', [graph.float(0), graph.sizes([numSegments, width])]);
  const column = graph.reshape(valueOf(segmentIds), [rows, 1]);
  const indices = graph.node('Expand', [column, graph.sizes([rows, width])]);
  // ScatterElements: onnxruntime's ScatterND with reduction=add is racy on more than one thread.
  const sums = graph.node('ScatterElements', [zeros, indices, graph.reshape(valueOf(x), [rows, width])], {
    attributes: { axis: { i: 0 }, reduction: { s: 'add' } },
  });
  const shape = [numSegments, ...x.shape.slice(1)];
  return infoOf(graph.reshape(sums, shape), shape, x.dtype);
});

captureKernel(tf.TensorScatterUpdate, (graph, inputs) => {
  const tensor = inputs['tensor']!;
  const places = graph.node('Cast', [valueOf(inputs['indices']!)], { attributes: { to: { i: 7 } } });
  const value = graph.node('ScatterND', [valueOf(tensor), places, valueOf(inputs['updates']!)]);
  return infoOf(value, tensor.shape, tensor.dtype);
});
