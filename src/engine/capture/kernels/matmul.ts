/** Matrix products. Transposes are folded into the product: Gemm for one matrix, FusedMatMul for batches. */
import * as tf from '@tensorflow/tfjs-core';
import { captureKernel, infoOf, notCapturable, valueOf } from '../backend.ts';
import type { GraphRecorder, ValueName } from '../graph.ts';

interface Product {
  readonly value: ValueName;
  readonly shape: readonly number[];
}

function product(
  graph: GraphRecorder,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  bias?: tf.TensorInfo,
): Product {
  const [rows] = lastTwo(a.shape, transposeA);
  const [, columns] = lastTwo(b.shape, transposeB);
  const batch = tf.backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, rows, columns];
  if (batch.every((size) => size === 1)) {
    const matrix = (t: tf.TensorInfo) =>
      t.shape.length === 2 ? valueOf(t) : reshapeThrough(graph, valueOf(t), t.shape.slice(-2));
    const inputs = [matrix(a), matrix(b), ...(bias ? [valueOf(bias)] : [])];
    const value = graph.node('Gemm', inputs, {
      attributes: { transA: { i: Number(transposeA) }, transB: { i: Number(transposeB) } },
    });
    return { value: shape.length === 2 ? value : graph.reshape(value, shape), shape };
  }
  const inputs = [valueOf(a), valueOf(b)];
  const value =
    transposeA || transposeB
      ? graph.node('FusedMatMul', inputs, {
          domain: 'com.microsoft',
          attributes: { transA: { i: Number(transposeA) }, transB: { i: Number(transposeB) } },
        })
      : graph.node('MatMul', inputs);
  return { value: bias ? graph.node('Add', [value, valueOf(bias)]) : value, shape };
}

/** TensorFlow.js makes every operand of a product three-dimensional; this takes that back. */
function reshapeThrough(graph: GraphRecorder, x: ValueName, shape: readonly number[]): ValueName {
  const origin = graph.originOf(x);
  return graph.reshape(origin?.node.type === 'Reshape' ? origin.node.inputs[0]! : x, shape);
}

function lastTwo(shape: readonly number[], transposed: boolean): readonly [number, number] {
  const rows = shape[shape.length - 2]!;
  const columns = shape[shape.length - 1]!;
  return transposed ? [columns, rows] : [rows, columns];
}

captureKernel<tf.BatchMatMulAttrs>(tf.BatchMatMul, (graph, inputs, { transposeA, transposeB }) => {
  const a = inputs['a']!;
  const { value, shape } = product(graph, a, inputs['b']!, transposeA, transposeB);
  return infoOf(value, shape, a.dtype);
});

captureKernel<tf._FusedMatMulAttrs>(tf._FusedMatMul, (graph, inputs, attributes) => {
  const { transposeA, transposeB, activation } = attributes;
  const a = inputs['a']!;
  const { value, shape } = product(graph, a, inputs['b']!, transposeA, transposeB, inputs['bias']);
  if (activation === 'linear') return infoOf(value, shape, a.dtype);
  if (activation === 'relu') return infoOf(graph.node('Relu', [value]), shape, a.dtype);
  throw notCapturable(`_FusedMatMul with the activation ${activation}`);
});
