import type * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../../shared/errors.ts';
import type { NamedTensors, TensorSpec } from '../program.ts';
import '../gradients.ts';
import { withBackend } from '../tfjs-backend.ts';
import { captureBackendName, notCapturable, onnxTypeOf, recordInto, tensorOf, valueOf } from './backend.ts';
import { Dimensions } from './dimensions.ts';
import { GraphRecorder } from './graph.ts';
import './kernels/index.ts';

export interface RecordedGraph {
  /** An ONNX model: inputs and outputs are named as those of the function. */
  readonly model: Uint8Array;
  readonly nodeCount: number;
}

/**
 * Records a function of tensors as an ONNX graph. Dimensions of inputs that are given by name stay open: one graph
 * serves every batch size and length.
 * @throws EngineError `not-capturable` naming an operation without a capture kernel; `no-gradient`;
 * `data-while-capturing`, `foreign-tensor`, `size-in-constant`, `size-in-graph` for functions that cannot be graphs.
 */
export function recordGraph(
  name: string,
  inputs: Readonly<Record<string, TensorSpec>>,
  body: (inputs: NamedTensors) => NamedTensors,
): Promise<RecordedGraph> {
  return withBackend(captureBackendName, () => {
    const first = recordOnce(name, inputs, body, 0);
    const hasOpenDimensions = Object.values(inputs).some((spec) =>
      spec.shape.some((size) => typeof size === 'string'),
    );
    if (hasOpenDimensions && !equalBytes(first.model, recordOnce(name, inputs, body, 1).model))
      throw new EngineError(
        'size-in-graph',
        `The captured function “${name}” has a batch-dependent number built into it.`,
        'Make numbers that depend on batch or length inputs of the function.',
      );
    return first;
  });
}

function recordOnce(
  name: string,
  inputs: Readonly<Record<string, TensorSpec>>,
  body: (inputs: NamedTensors) => NamedTensors,
  attempt: 0 | 1,
): RecordedGraph {
  const sizes = Object.values(inputs).flatMap((spec) => spec.shape);
  const open = [...new Set(sizes.filter((size) => typeof size === 'string'))];
  const plain = sizes.filter((size) => typeof size === 'number');
  const graph = new GraphRecorder(new Dimensions(open, attempt, plain));
  const outputs = recordInto(graph, () => {
    const tensors: Record<string, tf.Tensor> = {};
    for (const [key, spec] of Object.entries(inputs)) {
      const shape = spec.shape.map((size) => graph.dimensions.standIn(size));
      tensors[key] = tensorOf(graph.input(key, onnxTypeOf(spec.dtype), spec.shape), shape, spec.dtype);
    }
    return Object.entries(withTypedErrors(() => body(tensors))).map(([key, tensor]) => ({
      name: key,
      value: valueOf(tensor),
      type: onnxTypeOf(tensor.dtype),
    }));
  });
  const { bytes, nodeCount } = graph.finish(name, outputs);
  return { model: bytes, nodeCount };
}

/** TensorFlow.js reports a missing kernel or gradient by its message alone. */
function withTypedErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const kernel = /Kernel '(\w+)' not registered for backend/.exec(message)?.[1];
    if (kernel) throw notCapturable(`the operation ${kernel}`);
    const gradient = /gradient function not found for (\w+)/.exec(message)?.[1];
    if (gradient)
      throw new EngineError(
        'no-gradient',
        `The operation ${gradient} has no gradient.`,
        'Write the model with other operations.',
      );
    throw error;
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.length).equals(b);
}
