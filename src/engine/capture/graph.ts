import { EngineError } from '../../shared/errors.ts';
import type { Dimensions } from './dimensions.ts';
import {
  encodeModel,
  type OnnxAttribute,
  type OnnxConstant,
  type OnnxElementType,
  type OnnxNode,
  type OnnxValue,
} from './onnx-proto.ts';

/** Name of a value (an edge) in the graph. */
export type ValueName = string;

interface NodeOptions {
  readonly attributes?: Record<string, OnnxAttribute>;
  readonly domain?: OnnxNode['domain'];
  /** How many outputs; 1 unless told. */
  readonly outputs?: number;
}

export interface GraphOutput {
  readonly name: string;
  readonly value: ValueName;
  readonly type: OnnxElementType;
}

/** How a value came to be, for peephole rewriting: its node, and which output of it. */
export interface Origin {
  readonly node: OnnxNode;
  readonly output: number;
}

/**
 * The ONNX graph under construction. Every operator recorded is a pure function of its inputs, so equal nodes are
 * recorded once; what no output needs is dropped at the end.
 */
export class GraphRecorder {
  readonly dimensions: Dimensions;
  private readonly nodes: OnnxNode[] = [];
  private readonly constants = new Map<string, OnnxConstant>();
  private readonly constantByName = new Map<ValueName, OnnxConstant>();
  private readonly recorded = new Map<string, readonly ValueName[]>();
  private readonly origins = new Map<ValueName, Origin>();
  private readonly inputs: OnnxValue[] = [];
  private counter = 0;

  constructor(dimensions: Dimensions) {
    this.dimensions = dimensions;
  }

  input(name: string, type: OnnxElementType, shape: readonly (number | string)[]): ValueName {
    this.inputs.push({ name, type, shape });
    return name;
  }

  /** Records an operator and gives the name of its first output. */
  node(type: string, inputs: readonly ValueName[], options: NodeOptions = {}): ValueName {
    return this.nodeWithOutputs(type, inputs, options)[0]!;
  }

  nodeWithOutputs(
    type: string,
    inputs: readonly ValueName[],
    options: NodeOptions = {},
  ): readonly ValueName[] {
    const attributes = options.attributes ?? {};
    const domain = options.domain ?? '';
    const key = JSON.stringify([type, domain, inputs, attributes, options.outputs]);
    const known = this.recorded.get(key);
    if (known) return known;
    const outputs = Array.from({ length: options.outputs ?? 1 }, () => `v${this.counter++}`);
    const node: OnnxNode = { type, domain, inputs, outputs, attributes };
    this.nodes.push(node);
    this.recorded.set(key, outputs);
    outputs.forEach((name, output) => this.origins.set(name, { node, output }));
    return outputs;
  }

  /** The node that computes a value; undefined for inputs and constants. */
  originOf(value: ValueName): Origin | undefined {
    return this.origins.get(value);
  }

  constant(type: OnnxElementType, shape: readonly number[], bytes: Uint8Array): ValueName {
    const key = `${type} ${shape.join()} ${Buffer.from(bytes).toString('latin1')}`;
    const known = this.constants.get(key);
    if (known) return known.name;
    const constant = { name: `c${this.constants.size}`, type, shape, bytes };
    this.constants.set(key, constant);
    this.constantByName.set(constant.name, constant);
    return constant.name;
  }

  /** A scalar. */
  float(value: number): ValueName {
    return this.constant('float32', [], new Uint8Array(Float32Array.of(value).buffer));
  }

  /** A scalar. */
  int32(value: number): ValueName {
    return this.constant('int32', [], new Uint8Array(Int32Array.of(value).buffer));
  }

  /** The number a value holds, when it is a constant float32 scalar. */
  floatOf(value: ValueName): number | undefined {
    const constant = this.constantByName.get(value);
    if (constant?.type !== 'float32' || constant.bytes.length !== 4) return undefined;
    return new DataView(constant.bytes.buffer, constant.bytes.byteOffset).getFloat32(0, true);
  }

  /** A vector of plain int64 numbers (axes, steps). */
  int64s(values: readonly number[]): ValueName {
    return this.constant(
      'int64',
      [values.length],
      new Uint8Array(BigInt64Array.from(values, (value) => BigInt(value)).buffer),
    );
  }

  /** A vector of sizes, computed when the graph runs wherever a size is symbolic. */
  sizes(values: readonly number[]): ValueName {
    if (values.every((value) => this.dimensions.isPlain(value))) return this.int64s(values);
    const parts: ValueName[] = [];
    let plain: number[] = [];
    const flush = () => {
      if (plain.length) parts.push(this.int64s(plain));
      plain = [];
    };
    for (const value of values) {
      if (this.dimensions.isPlain(value)) plain.push(value);
      else {
        flush();
        parts.push(this.size(value));
      }
    }
    flush();
    return parts.length === 1 ? parts[0]! : this.node('Concat', parts, { attributes: { axis: { i: 0 } } });
  }

  /** The target of a Reshape: a single symbolic size becomes −1, which costs nothing. */
  reshapeTarget(shape: readonly number[]): ValueName {
    const symbolic = shape.filter((size) => !this.dimensions.isPlain(size));
    if (symbolic.length === 0) return this.int64s(shape);
    const largest = Math.max(...symbolic);
    const inferred = shape.includes(0) ? -1 : shape.indexOf(largest);
    return this.sizes(shape.map((size, axis) => (axis === inferred ? -1 : size)));
  }

  reshape(value: ValueName, shape: readonly number[]): ValueName {
    return this.node('Reshape', [value, this.reshapeTarget(shape)]);
  }

  /** One size as an int64 vector of length 1. */
  private size(value: number): ValueName {
    const { factor, dimensions } = this.dimensions.read(value);
    let product = factor === 1 ? undefined : this.int64s([factor]);
    for (const name of dimensions) {
      const size = this.dimension(name);
      product = product === undefined ? size : this.node('Mul', [product, size]);
    }
    return product ?? this.int64s([1]);
  }

  private dimension(name: string): ValueName {
    for (const input of this.inputs) {
      const axis = input.shape?.indexOf(name) ?? -1;
      if (axis >= 0)
        return this.node('Shape', [input.name], { attributes: { start: { i: axis }, end: { i: axis + 1 } } });
    }
    throw new EngineError(
      'unknown-dimension',
      `No input of the captured function has the dimension “${name}”.`,
      'Give it an input with that dimension.',
    );
  }

  /** The finished model; its outputs take the given names. */
  finish(
    name: string,
    outputs: readonly GraphOutput[],
  ): { readonly bytes: Uint8Array; readonly nodeCount: number } {
    const renamed = new Map<ValueName, string>();
    const copies: OnnxNode[] = [];
    for (const { name: wanted, value } of outputs)
      if (this.origins.has(value) && !renamed.has(value)) renamed.set(value, wanted);
      else copies.push({ type: 'Identity', domain: '', inputs: [value], outputs: [wanted], attributes: {} });
    const rename = (value: ValueName) => renamed.get(value) ?? value;
    const nodes = [...this.neededBy(outputs.map((output) => output.value)), ...copies].map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    }));
    const used = new Set(nodes.flatMap((node) => node.inputs));
    const bytes = encodeModel({
      name,
      nodes,
      constants: [...this.constants.values()].filter((constant) => used.has(constant.name)),
      inputs: this.inputs,
      outputs: outputs.map((output) => ({ name: output.name, type: output.type })),
    });
    return { bytes, nodeCount: nodes.length };
  }

  private neededBy(outputs: readonly ValueName[]): OnnxNode[] {
    const wanted = new Set(outputs);
    const kept: OnnxNode[] = [];
    for (const node of [...this.nodes].reverse()) {
      if (!node.outputs.some((output) => wanted.has(output))) continue;
      kept.push(node);
      for (const input of node.inputs) wanted.add(input);
    }
    return kept.reverse();
  }
}
