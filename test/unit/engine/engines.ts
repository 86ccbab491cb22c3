/** Runs one step on the reference (TensorFlow.js's cpu backend) and as a captured graph, for comparison. */
import assert from 'node:assert/strict';
import '@tensorflow/tfjs-backend-cpu';
import { OnnxEngine } from '../../../src/engine/onnx-engine.ts';
import type { Engine, HostTensor, NamedHostTensors, StepDefinition } from '../../../src/engine/program.ts';
import { TfjsEngine } from '../../../src/engine/tfjs-engine.ts';
import type { Random } from '../../../src/shared/random.ts';

export const reference: Engine = new TfjsEngine('cpu');
const onnx = OnnxEngine.create({ provider: 'cpu', threads: 1 });
/** Not awaited here: a module with top-level await is loaded apart from those without, with its own tfjs kernels. */
export const captured: Engine = {
  device: 'onnx-cpu',
  createState: async (values) => (await onnx).createState(values),
  compile: async (step) => (await onnx).compile(step),
};

export async function runOn(
  engine: Engine,
  step: StepDefinition,
  state: NamedHostTensors,
  feeds: readonly NamedHostTensors[],
): Promise<{ outputs: NamedHostTensors[]; state: NamedHostTensors }> {
  const program = await engine.compile(step);
  const held = await engine.createState(state);
  const outputs: NamedHostTensors[] = [];
  for (const feed of feeds) outputs.push(await program.run(held, feed));
  const after = await held.read();
  held.dispose();
  await program.dispose();
  return { outputs, state: after };
}

export function assertClose(actual: HostTensor, expected: HostTensor, tolerance: number, what: string): void {
  assert.equal(actual.dtype, expected.dtype, `${what}: type`);
  assert.deepEqual([...actual.shape], [...expected.shape], `${what}: shape`);
  for (let i = 0; i < expected.data.length; i++) {
    const wanted = expected.data[i]!;
    const got = actual.data[i]!;
    const close = Object.is(got, wanted) || Math.abs(got - wanted) <= tolerance * (1 + Math.abs(wanted));
    assert.ok(close, `${what}[${i}]: ${got} instead of ${wanted}`);
  }
}

/** Standard normal numbers. */
export function normal(random: Random, ...shape: number[]): HostTensor {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
  return { dtype: 'float32', shape, data };
}

export function integers(random: Random, bound: number, ...shape: number[]): HostTensor {
  const data = Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.int(bound));
  return { dtype: 'int32', shape, data };
}
