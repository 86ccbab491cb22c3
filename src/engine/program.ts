import type * as tf from '@tensorflow/tfjs-core';

/** Element types that cross the border of an engine. */
export type ElementType = 'float32' | 'int32' | 'bool';

/** A tensor in ordinary memory, row-major. */
export interface HostTensor {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

export type NamedHostTensors = Readonly<Record<string, HostTensor>>;
export type NamedTensors = Readonly<Record<string, tf.Tensor>>;

/** A dimension given by name may have another size in each run; equal names have equal sizes within a run. */
export type Dimension = number | string;

export interface TensorSpec {
  readonly dtype: ElementType;
  readonly shape: readonly Dimension[];
}

/**
 * A function of tensors that an engine runs again and again: a training step, an evaluation batch, a retrieval.
 * Written in TensorFlow.js operations; pure, so that it can be recorded once.
 */
export interface StepDefinition {
  readonly name: string;
  /** Given anew at each run. */
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  /** Names of the state it reads (parameters, moments); what it returns under `state` replaces the old values. */
  readonly state: Readonly<Record<string, TensorSpec>>;
  body(inputs: NamedTensors, state: NamedTensors): StepResult;
}

export interface StepResult {
  readonly outputs: NamedTensors;
  readonly state?: NamedTensors;
}

/** Values that stay with the engine between runs. Several programs may share one. */
export interface EngineState {
  /** Copies values out: all, or those named. */
  read(names?: readonly string[]): Promise<NamedHostTensors>;
  /** Replaces values; their shapes must not change. */
  write(values: NamedHostTensors): Promise<void>;
  dispose(): void;
}

export interface Program {
  run(state: EngineState, inputs: NamedHostTensors): Promise<NamedHostTensors>;
  dispose(): Promise<void>;
}

export interface Engine {
  /** `onnx-cpu`, `tfjs-wasm`, … */
  readonly device: string;
  createState(values: NamedHostTensors): Promise<EngineState>;
  compile(step: StepDefinition): Promise<Program>;
}

export function float32(data: ArrayLike<number>, shape: readonly number[] = [data.length]): HostTensor {
  return { dtype: 'float32', shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

export function int32(data: ArrayLike<number>, shape: readonly number[] = [data.length]): HostTensor {
  return { dtype: 'int32', shape, data: data instanceof Int32Array ? data : Int32Array.from(data) };
}

export function specOf(tensor: HostTensor): TensorSpec {
  return { dtype: tensor.dtype, shape: tensor.shape };
}
