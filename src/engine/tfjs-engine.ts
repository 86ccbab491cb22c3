import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../shared/errors.ts';
import './gradients.ts';
import type {
  Engine,
  EngineState,
  HostTensor,
  NamedHostTensors,
  NamedTensors,
  Program,
  StepDefinition,
} from './program.ts';
import { withBackend } from './tfjs-backend.ts';

/** Runs steps operation by operation on a TensorFlow.js backend; state stays on that backend. */
export class TfjsEngine implements Engine {
  readonly device: string;
  private readonly backend: string;

  /** @param backend a registered TensorFlow.js backend: `cpu`, `wasm`, `tensorflow`. */
  constructor(backend: string) {
    this.backend = backend;
    this.device = backend === 'tensorflow' ? 'tfjs-node-gpu' : `tfjs-${backend}`;
  }

  createState(values: NamedHostTensors): Promise<EngineState> {
    return withBackend(this.backend, () => {
      const state = new TfjsState(this.backend);
      for (const [name, value] of Object.entries(values)) state.tensors.set(name, toKept(value));
      return state;
    });
  }

  compile(step: StepDefinition): Promise<Program> {
    return Promise.resolve(new TfjsProgram(this.backend, step));
  }
}

class TfjsState implements EngineState {
  readonly tensors = new Map<string, tf.Tensor>();
  private readonly backend: string;

  constructor(backend: string) {
    this.backend = backend;
  }

  async read(names: readonly string[] = [...this.tensors.keys()]): Promise<NamedHostTensors> {
    const out: Record<string, HostTensor> = {};
    for (const name of names) out[name] = await toHost(this.get(name));
    return out;
  }

  write(values: NamedHostTensors): Promise<void> {
    return withBackend(this.backend, () => {
      for (const [name, value] of Object.entries(values)) {
        const old = this.get(name);
        if (old.shape.join() !== value.shape.join())
          throw new EngineError('wrong-shape', `The state “${name}” has another shape.`, '');
        this.tensors.set(name, toKept(value));
        old.dispose();
      }
    });
  }

  get(name: string): tf.Tensor {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new EngineError('no-state', `There is no state named “${name}”.`, '');
    return tensor;
  }

  dispose(): void {
    for (const tensor of this.tensors.values()) tensor.dispose();
    this.tensors.clear();
  }
}

class TfjsProgram implements Program {
  private readonly backend: string;
  private readonly step: StepDefinition;

  constructor(backend: string, step: StepDefinition) {
    this.backend = backend;
    this.step = step;
  }

  async run(state: EngineState, inputs: NamedHostTensors): Promise<NamedHostTensors> {
    if (!(state instanceof TfjsState))
      throw new EngineError('foreign-state', 'The state belongs to another engine.', '');
    const outputs = await withBackend(this.backend, () =>
      tf.tidy(() => {
        const fed: Record<string, tf.Tensor> = {};
        for (const name of Object.keys(this.step.inputs)) {
          const value = inputs[name];
          if (!value)
            throw new EngineError(
              'missing-input',
              `The step “${this.step.name}” lacks its input “${name}”.`,
              '',
            );
          fed[name] = toTensor(value);
        }
        const held: NamedTensors = Object.fromEntries(
          Object.keys(this.step.state).map((name) => [name, state.get(name)]),
        );
        const result = this.step.body(fed, held);
        for (const [name, tensor] of Object.entries(result.state ?? {})) {
          const old = state.get(name);
          if (old === tensor) continue;
          state.tensors.set(name, tf.keep(tensor));
          old.dispose();
        }
        return result.outputs as Record<string, tf.Tensor>;
      }),
    );
    const out: Record<string, HostTensor> = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      out[name] = await toHost(tensor);
      tensor.dispose();
    }
    return out;
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

function toTensor({ data, shape, dtype }: HostTensor): tf.Tensor {
  return tf.tensor(data, [...shape], dtype);
}

function toKept(value: HostTensor): tf.Tensor {
  return tf.keep(toTensor({ ...value, data: value.data.slice() }));
}

async function toHost(tensor: tf.Tensor): Promise<HostTensor> {
  const data = (await tensor.data()).slice() as HostTensor['data'];
  return { dtype: tensor.dtype as HostTensor['dtype'], shape: tensor.shape, data };
}
