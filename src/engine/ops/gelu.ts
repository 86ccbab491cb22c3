/** Gaussian error linear unit, x · Φ(x) (Hendrycks and Gimpel, 2016), with an analytic gradient. */
import * as tf from '@tensorflow/tfjs-core';
import { captureBackendName, captureKernel, infoOf, valueOf } from '../capture/backend.ts';

const kernelName = 'ToolRecGelu';

captureKernel(kernelName, (graph, inputs) => {
  const x = inputs['x']!;
  return infoOf(graph.node('Gelu', [valueOf(x)], { domain: 'com.microsoft' }), x.shape, x.dtype);
});

/** Φ(x), the normal distribution function. */
function normalDistribution(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}

export function gelu(x: tf.Tensor): tf.Tensor {
  const differentiable = tf.customGrad((...all: unknown[]) => {
    const [x, save] = all as [tf.Tensor, tf.GradSaveFunc];
    save([x]);
    const value: tf.Tensor =
      tf.getBackend() === captureBackendName
        ? tf.engine().runKernel(kernelName, { x })
        : tf.mul(x, normalDistribution(x));
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const x = saved[0]!;
        const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return [tf.mul(dy, tf.add(normalDistribution(x), tf.mul(x, density)))];
      },
    };
  });
  return differentiable(x);
}
