/** Layer normalisation with an analytic gradient; one fused operator in captured graphs. */
import * as tf from '@tensorflow/tfjs-core';
import { captureBackendName, captureKernel, infoOf, valueOf } from '../capture/backend.ts';

const kernelName = 'ToolRecLayerNorm';

interface LayerNormAttributes extends tf.NamedAttrMap {
  readonly epsilon: number;
}

captureKernel<LayerNormAttributes>(kernelName, (graph, inputs, { epsilon }) => {
  const x = inputs['x']!;
  const values = graph.nodeWithOutputs(
    'LayerNormalization',
    [valueOf(x), valueOf(inputs['gain']!), valueOf(inputs['bias']!)],
    { attributes: { axis: { i: -1 }, epsilon: { f: epsilon } }, outputs: 3 },
  );
  const rowShape = [...x.shape.slice(0, -1), 1];
  return [
    infoOf(values[0]!, x.shape, 'float32'),
    infoOf(values[1]!, rowShape, 'float32'),
    infoOf(values[2]!, rowShape, 'float32'),
  ];
});

/** y, mean and inverse standard deviation of each row. */
function forward(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, epsilon: number): tf.Tensor[] {
  if (tf.getBackend() === captureBackendName)
    return tf.engine().runKernel(kernelName, { x, gain, bias }, { epsilon } satisfies LayerNormAttributes);
  const mean = tf.mean(x, -1, true);
  const centred = tf.sub(x, mean);
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
  return [tf.add(tf.mul(tf.mul(centred, inverse), gain), bias), mean, inverse];
}

/**
 * @param x `[rows, hidden]`
 * @param gain `[hidden]`
 * @param bias `[hidden]`
 */
export function layerNorm(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, epsilon = 1e-8): tf.Tensor {
  const differentiable = tf.customGrad((...all: unknown[]) => {
    const [x, gain, bias, save] = all as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const [y, mean, inverse] = forward(x, gain, bias, epsilon) as [tf.Tensor, tf.Tensor, tf.Tensor];
    save([x, gain, mean, inverse]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, gain, mean, inverse] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const normal = tf.mul(tf.sub(x, mean), inverse); // [rows, hidden]
        const dyNormal = tf.mul(dy, normal);
        const scaled = tf.mul(dy, gain);
        const meanScaled = tf.mean(scaled, -1, true); // [rows, 1]
        const meanProduct = tf.mean(tf.mul(dyNormal, gain), -1, true); // [rows, 1]
        const dx = tf.mul(inverse, tf.sub(tf.sub(scaled, meanScaled), tf.mul(normal, meanProduct)));
        return [dx, tf.sum(dyNormal, 0), tf.sum(dy, 0)];
      },
    };
  });
  return differentiable(x, gain, bias);
}
