import type * as ort from 'onnxruntime-node';
import { EngineError } from '../shared/errors.ts';
import { recordGraph } from './capture/record.ts';
import { loadOnnxRuntime } from './native-packages.ts';
import { DeviceCopies } from './device-copies.ts';
import type {
  Engine,
  EngineState,
  HostTensor,
  NamedHostTensors,
  NamedTensors,
  Program,
  StepDefinition,
  TensorSpec,
} from './program.ts';

type Runtime = typeof ort;

export interface OnnxEngineOptions {
  readonly provider: 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml';
  /** CPU threads for one operation; 0 lets onnxruntime choose (physical cores). */
  readonly threads?: number;
  /** Writes onnxruntime's profile of every operator to `<prefix>_<time>.json`. */
  readonly profilePrefix?: string;
}

/**
 * Runs steps as captured graphs in onnxruntime. State is handed from run to run without a copy of ours; on WebGPU it
 * stays in the memory of the device (onnxruntime-node hands no buffers of the other providers about).
 */
export class OnnxEngine implements Engine {
  readonly device: string;
  private readonly options: OnnxEngineOptions;

  private readonly runtime: Runtime;
  private readonly copies: DeviceCopies | undefined;

  private constructor(runtime: Runtime, options: OnnxEngineOptions) {
    this.runtime = runtime;
    this.options = options;
    if (options.provider === 'webgpu')
      this.copies = new DeviceCopies((model, outputs) => this.createSession(model, outputs));
    this.device = `onnx-${options.provider === 'dml' ? 'directml' : options.provider}`;
  }

  /** Loads onnxruntime, which is native code, only now. */
  static async create(options: OnnxEngineOptions): Promise<OnnxEngine> {
    return new OnnxEngine(await loadOnnxRuntime(), options);
  }

  async createState(values: NamedHostTensors): Promise<EngineState> {
    const state = new OnnxState(this.runtime, this.copies, values);
    await state.moveToDevice();
    return state;
  }

  async compile(step: StepDefinition): Promise<Program> {
    const inputs: Record<string, TensorSpec> = {
      ...prefixed('state:', step.state),
      ...prefixed('in:', step.inputs),
    };
    let outputNames: string[] = [];
    const graph = await recordGraph(step.name, inputs, (tensors) => {
      const result = step.body(unprefixed('in:', tensors), unprefixed('state:', tensors));
      const outputs = { ...prefixed('out:', result.outputs), ...prefixed('new:', result.state ?? {}) };
      outputNames = Object.keys(outputs);
      return outputs;
    });
    const place = (name: string) => (name.startsWith('new:') ? 'gpu-buffer' : 'cpu');
    const places = Object.fromEntries(outputNames.map((name) => [name, place(name)] as const));
    const session = await this.createSession(graph.model, this.copies ? places : undefined);
    return new OnnxProgram(this.runtime, step, session);
  }

  private async createSession(
    model: Uint8Array,
    outputs?: Readonly<Record<string, ort.Tensor.DataLocation>>,
  ): Promise<ort.InferenceSession> {
    const { provider, threads, profilePrefix } = this.options;
    try {
      return await this.runtime.InferenceSession.create(model, {
        executionProviders: [provider],
        graphOptimizationLevel: 'all',
        ...(threads ? { intraOpNumThreads: threads } : {}),
        interOpNumThreads: 1,
        // The pattern keeps a block for each set of shapes that was ever seen.
        enableMemPattern: false,
        ...(outputs ? { preferredOutputLocation: outputs } : {}),
        ...(profilePrefix ? { enableProfiling: true, profileFilePrefix: profilePrefix } : {}),
        logSeverityLevel: 3,
      });
    } catch (error) {
      throw new EngineError(
        'session-failed',
        `onnxruntime could not load the captured graph on “${provider}”: ${messageOf(error)}`,
        'Choose another device.',
        { cause: error },
      );
    }
  }
}

class OnnxState implements EngineState {
  readonly tensors = new Map<string, ort.Tensor>();
  /** Blocks of the values before last, written over by the next run. */
  readonly spare = new Map<string, ort.Tensor>();

  private readonly runtime: Runtime;

  readonly copies: DeviceCopies | undefined;

  constructor(runtime: Runtime, copies: DeviceCopies | undefined, values: NamedHostTensors) {
    this.runtime = runtime;
    this.copies = copies;
    for (const [name, value] of Object.entries(values))
      this.tensors.set(name, toOrt(this.runtime, { ...value, data: value.data.slice() }));
  }

  /** Uploads what is in ordinary memory, once, so that what no step changes is not sent with every run. */
  async moveToDevice(): Promise<void> {
    if (!this.copies) return;
    const here = [...this.tensors].filter(
      ([, tensor]) => tensor.location === 'cpu' && tensor.type === 'float32',
    );
    const there = await this.copies.toDevice(Object.fromEntries(here));
    for (const [name, tensor] of Object.entries(there)) this.tensors.set(name, tensor);
  }

  async read(names: readonly string[] = [...this.tensors.keys()]): Promise<NamedHostTensors> {
    const away = names.filter((name) => this.get(name).location !== 'cpu');
    const fetched = await this.copies?.toHost(Object.fromEntries(away.map((name) => [name, this.get(name)])));
    const out: Record<string, HostTensor> = {};
    for (const name of names) {
      const tensor = fromOrt(fetched?.[name] ?? this.get(name));
      out[name] = { ...tensor, data: tensor.data.slice() };
    }
    return out;
  }

  write(values: NamedHostTensors): Promise<void> {
    for (const [name, value] of Object.entries(values)) {
      const old = this.get(name);
      if (old.dims.join() !== value.shape.join())
        throw new EngineError('wrong-shape', `The state “${name}” has another shape.`, '');
      this.tensors.set(name, toOrt(this.runtime, { ...value, data: value.data.slice() }));
    }
    return Promise.resolve();
  }

  get(name: string): ort.Tensor {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new EngineError('no-state', `There is no state named “${name}”.`, '');
    return tensor;
  }

  /** Takes the place of the old value, whose block is kept for the next run, or given back on a device. */
  replace(name: string, tensor: ort.Tensor): void {
    const old = this.get(name);
    if (old.location === 'cpu') this.spare.set(name, old);
    else old.dispose();
    this.tensors.set(name, tensor);
  }

  dispose(): void {
    for (const tensor of this.tensors.values()) if (tensor.location !== 'cpu') tensor.dispose();
    this.tensors.clear();
    this.spare.clear();
  }
}

class OnnxProgram implements Program {
  private readonly runtime: Runtime;
  private readonly step: StepDefinition;
  private readonly session: ort.InferenceSession;
  private readonly resultNames: readonly string[];
  private readonly newStateNames: readonly string[];

  constructor(runtime: Runtime, step: StepDefinition, session: ort.InferenceSession) {
    this.runtime = runtime;
    this.step = step;
    this.session = session;
    this.resultNames = session.outputNames.filter((name) => name.startsWith('out:'));
    this.newStateNames = session.outputNames
      .filter((name) => name.startsWith('new:'))
      .map((name) => name.slice('new:'.length));
  }

  async run(state: EngineState, inputs: NamedHostTensors): Promise<NamedHostTensors> {
    if (!(state instanceof OnnxState))
      throw new EngineError('foreign-state', 'The state belongs to another engine.', '');
    const feeds: Record<string, ort.Tensor> = {};
    const known = new Set(this.session.inputNames);
    for (const name of Object.keys(this.step.state))
      if (known.has(`state:${name}`)) feeds[`state:${name}`] = state.get(name);
    for (const name of Object.keys(this.step.inputs)) {
      const value = inputs[name];
      if (!value)
        throw new EngineError('missing-input', `The step “${this.step.name}” lacks its input “${name}”.`, '');
      if (known.has(`in:${name}`)) feeds[`in:${name}`] = toOrt(this.runtime, value);
    }
    const fetches: Record<string, ort.Tensor | null> = {};
    for (const name of this.resultNames) fetches[name] = null;
    for (const name of this.newStateNames)
      fetches[`new:${name}`] = state.copies ? null : (state.spare.get(name) ?? null);
    const results = await this.session.run(feeds, fetches);
    for (const name of this.newStateNames) state.replace(name, results[`new:${name}`]!);
    return Object.fromEntries(
      this.resultNames.map((name) => [name.slice('out:'.length), fromOrt(results[name]!)]),
    );
  }

  dispose(): Promise<void> {
    return this.session.release();
  }
}

function toOrt({ Tensor }: Runtime, { data, shape }: HostTensor): ort.Tensor {
  if (data instanceof Float32Array) return new Tensor('float32', data, shape);
  if (data instanceof Int32Array) return new Tensor('int32', data, shape);
  return new Tensor('bool', data, shape);
}

function fromOrt(tensor: ort.Tensor): HostTensor {
  const shape = tensor.dims;
  if (tensor.type === 'float32') return { dtype: 'float32', shape, data: tensor.data as Float32Array };
  if (tensor.type === 'int32') return { dtype: 'int32', shape, data: tensor.data as Int32Array };
  if (tensor.type === 'bool') return { dtype: 'bool', shape, data: tensor.data as Uint8Array };
  throw new EngineError('wrong-type', `onnxruntime returned a tensor of type ${tensor.type}.`, '');
}

function prefixed<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [prefix + key, value]));
}

function unprefixed(prefix: string, record: NamedTensors): NamedTensors {
  return Object.fromEntries(
    Object.entries(record)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
