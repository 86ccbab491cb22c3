import type * as ort from 'onnxruntime-node';
import { encodeModel, type OnnxValue } from './capture/onnx-proto.ts';

/** Opens a session on the device with outputs in the given places. */
export type OpenSession = (
  model: Uint8Array,
  outputs: Readonly<Record<string, ort.Tensor.DataLocation>>,
) => Promise<ort.InferenceSession>;

export type OrtTensors = Readonly<Record<string, ort.Tensor>>;

/**
 * Copies tensors to and from a device by graphs that only hand them through: onnxruntime-node 1.30 cannot download a
 * tensor of a device by itself (`getData` ends the process).
 */
export class DeviceCopies {
  private readonly open: OpenSession;
  private readonly sessions = new Map<string, Promise<ort.InferenceSession>>();

  constructor(open: OpenSession) {
    this.open = open;
  }

  toDevice(tensors: OrtTensors): Promise<OrtTensors> {
    return this.copy(tensors, 'gpu-buffer');
  }

  toHost(tensors: OrtTensors): Promise<OrtTensors> {
    return this.copy(tensors, 'cpu');
  }

  private async copy(tensors: OrtTensors, place: ort.Tensor.DataLocation): Promise<OrtTensors> {
    const names = Object.keys(tensors);
    if (names.length === 0) return {};
    const shapes = names.map((name) => [name, tensors[name]!.dims] as const);
    const key = JSON.stringify([place, shapes]);
    let session = this.sessions.get(key);
    if (!session) {
      const value = (prefix: string, name: string): OnnxValue => ({
        name: prefix + name,
        type: 'float32',
        shape: tensors[name]!.dims,
      });
      const model = encodeModel({
        name: 'copy',
        nodes: names.map((name) => ({
          type: 'Identity',
          domain: '',
          inputs: [`in:${name}`],
          outputs: [`out:${name}`],
          attributes: {},
        })),
        constants: [],
        inputs: names.map((name) => value('in:', name)),
        outputs: names.map((name) => value('out:', name)),
      });
      session = this.open(model, Object.fromEntries(names.map((name) => [`out:${name}`, place])));
      this.sessions.set(key, session);
    }
    const feeds = Object.fromEntries(names.map((name) => [`in:${name}`, tensors[name]!]));
    const results = await (await session).run(feeds);
    return Object.fromEntries(names.map((name) => [name, results[`out:${name}`]!]));
  }
}
