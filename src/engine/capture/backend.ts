/**
 * The TensorFlow.js backend `capture`: its kernels record ONNX nodes and compute nothing. A tensor's data is the name
 * of a value in the graph.
 */
import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../../shared/errors.ts';
import type { GraphRecorder, ValueName } from './graph.ts';
import type { OnnxElementType } from './onnx-proto.ts';

export const captureBackendName = 'capture';

/** What stands in the place of a tensor's data. */
interface CapturedValue {
  readonly graphValue: ValueName;
}

class CaptureBackend extends tf.KernelBackend {
  graph: GraphRecorder | undefined;

  /** A constant of the program; it becomes a constant of the graph. */
  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    return captured(writeConstant(recorder(this), values, shape, dtype));
  }

  override read(): never {
    return this.readSync();
  }

  override readSync(): never {
    throw new EngineError(
      'data-while-capturing',
      'The captured function reads the values of a tensor, which do not exist while it is recorded.',
      'Compute it with tensor operations, or make it an input.',
    );
  }

  override disposeData(): boolean {
    return true;
  }
  override incRef(): void {
    // values live as long as the graph
  }
  override refCount(): number {
    return 1;
  }
  override numDataIds(): number {
    return 0;
  }
  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }
  override floatPrecision(): 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
  override dispose(): void {
    this.graph = undefined;
  }
}

function writeConstant(
  graph: GraphRecorder,
  values: tf.backend_util.BackendValues,
  shape: readonly number[],
  dtype: tf.DataType,
): ValueName {
  if (shape.some((size) => !graph.dimensions.isPlain(size)))
    throw new EngineError(
      'size-in-constant',
      `The captured function makes a constant of shape [${shape.join()}], which depends on a dimension that is not fixed.`,
      'Make it an input, or build it by broadcasting.',
    );
  const numbers = values as ArrayLike<number>;
  if (dtype === 'float32')
    return graph.constant('float32', shape, new Uint8Array(Float32Array.from(numbers).buffer));
  if (dtype === 'int32')
    return graph.constant('int32', shape, new Uint8Array(Int32Array.from(numbers).buffer));
  if (dtype === 'bool') return graph.constant('bool', shape, Uint8Array.from(numbers));
  throw notCapturable(`a constant of type ${dtype}`);
}

if (!tf.findBackendFactory(captureBackendName))
  tf.registerBackend(captureBackendName, () => new CaptureBackend());

function recorder(backend: unknown): GraphRecorder {
  const graph = (backend as CaptureBackend).graph;
  if (!graph)
    throw new EngineError(
      'not-recording',
      'The capture backend was used outside of a recording.',
      'Use recordGraph().',
    );
  return graph;
}

/** Runs `work` with tensors recorded into `graph`. The capture backend must be the current one. */
export function recordInto<T>(graph: GraphRecorder, work: () => T): T {
  const backend = tf.backend() as CaptureBackend;
  if (backend.graph) throw new EngineError('nested-recording', 'A recording is already under way.', '');
  backend.graph = graph;
  try {
    return tf.tidy(work as () => tf.TensorContainer) as T;
  } finally {
    backend.graph = undefined;
  }
}

function captured(graphValue: ValueName): CapturedValue {
  return { graphValue };
}

/** A tensor for a value of the graph. */
export function tensorOf(value: ValueName, shape: readonly number[], dtype: tf.DataType): tf.Tensor {
  return tf.engine().makeTensorFromTensorInfo(infoOf(value, shape, dtype));
}

export function infoOf(value: ValueName, shape: readonly number[], dtype: tf.DataType): tf.TensorInfo {
  return { dataId: captured(value), shape: [...shape], dtype };
}

/** The graph's name for a tensor. */
export function valueOf(tensor: tf.TensorInfo): ValueName {
  if ('graphValue' in tensor.dataId) return (tensor.dataId as CapturedValue).graphValue;
  throw new EngineError(
    'foreign-tensor',
    'The captured function uses a tensor that was made outside of it.',
    'Make it an input or state of the function.',
  );
}

export function onnxTypeOf(dtype: tf.DataType): OnnxElementType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw notCapturable(`the type ${dtype}`);
}

export function notCapturable(what: string): EngineError {
  return new EngineError(
    'not-capturable',
    `Graph capture cannot record ${what}.`,
    'Write the model with other operations, add a kernel under src/engine/capture/kernels, or choose a tfjs device.',
  );
}

/** Inputs of a kernel by TensorFlow.js's names for them. */
export type KernelInputs = Readonly<Record<string, tf.TensorInfo>>;

/** Records one TensorFlow.js operation. `A` is the type of its attributes. */
export type CaptureKernel<A> = (
  graph: GraphRecorder,
  inputs: KernelInputs,
  attributes: A,
) => tf.TensorInfo | tf.TensorInfo[];

const names = new Set<string>();

export function captureKernel<A = undefined>(kernelName: string, record: CaptureKernel<A>): void {
  names.add(kernelName);
  if (tf.getKernel(kernelName, captureBackendName)) return; // this module was loaded before, under another name
  tf.registerKernel({
    kernelName,
    backendName: captureBackendName,
    kernelFunc: ({ inputs, attrs, backend }) =>
      record(recorder(backend), inputs as KernelInputs, attrs as unknown as A),
  });
}

/** Names of all TensorFlow.js operations that can be captured. */
export function capturedKernelNames(): readonly string[] {
  return [...names].sort();
}
