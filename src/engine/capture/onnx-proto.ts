/**
 * Writes the subset of ONNX's ModelProto that capture needs, straight to protobuf bytes. Field numbers are those of
 * `onnx.proto` (IR version 8).
 */

/** Element types by their ONNX numbers. */
export const onnxElementType = { float32: 1, int32: 6, int64: 7, bool: 9, uint32: 12 } as const;
export type OnnxElementType = keyof typeof onnxElementType;

/** `f`: float32; `i`: int64; `s`: UTF-8; `ints`: list of int64. */
export type OnnxAttribute =
  | { readonly f: number }
  | { readonly i: number }
  | { readonly s: string }
  | { readonly ints: readonly number[] };

export interface OnnxNode {
  readonly type: string;
  /** '' is the standard operator set; 'com.microsoft' holds onnxruntime's fused operators. */
  readonly domain: '' | 'com.microsoft';
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxConstant {
  readonly name: string;
  readonly type: OnnxElementType;
  readonly shape: readonly number[];
  /** Little-endian, row-major. */
  readonly bytes: Uint8Array;
}

/** A graph input or output. A dimension given by name is symbolic. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxElementType;
  /** Absent when the rank or sizes are left to onnxruntime's own inference. */
  readonly shape?: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

const irVersion = 8;
/** 18 is the first with bitwise operators and with reduction axes as inputs. */
const operatorSet = 18;

export function encodeModel(graph: OnnxGraph): Uint8Array {
  const model = new ProtoWriter();
  model.integer(1, irVersion);
  model.text(2, 'toolrec');
  model.message(7, encodeGraph(graph));
  model.message(8, operatorSetId('', operatorSet));
  model.message(8, operatorSetId('com.microsoft', 1));
  return model.finish();
}

function operatorSetId(domain: string, version: number): ProtoWriter {
  const id = new ProtoWriter();
  id.text(1, domain);
  id.integer(2, version);
  return id;
}

function encodeGraph(graph: OnnxGraph): ProtoWriter {
  const out = new ProtoWriter();
  for (const node of graph.nodes) out.message(1, encodeNode(node));
  out.text(2, graph.name);
  for (const constant of graph.constants) out.message(5, encodeConstant(constant));
  for (const value of graph.inputs) out.message(11, encodeValue(value));
  for (const value of graph.outputs) out.message(12, encodeValue(value));
  return out;
}

function encodeNode(node: OnnxNode): ProtoWriter {
  const out = new ProtoWriter();
  for (const name of node.inputs) out.text(1, name);
  for (const name of node.outputs) out.text(2, name);
  out.text(3, `${node.type}:${node.outputs[0] ?? ''}`);
  out.text(4, node.type);
  for (const [name, attribute] of Object.entries(node.attributes))
    out.message(5, encodeAttribute(name, attribute));
  if (node.domain) out.text(7, node.domain);
  return out;
}

function encodeAttribute(name: string, attribute: OnnxAttribute): ProtoWriter {
  const out = new ProtoWriter();
  out.text(1, name);
  if ('f' in attribute) {
    out.float(2, attribute.f);
    out.integer(20, 1);
  } else if ('i' in attribute) {
    out.integer(3, attribute.i);
    out.integer(20, 2);
  } else if ('s' in attribute) {
    out.text(4, attribute.s);
    out.integer(20, 3);
  } else {
    for (const value of attribute.ints) out.integer(8, value);
    out.integer(20, 7);
  }
  return out;
}

function encodeConstant(constant: OnnxConstant): ProtoWriter {
  const out = new ProtoWriter();
  for (const size of constant.shape) out.integer(1, size);
  out.integer(2, onnxElementType[constant.type]);
  out.text(8, constant.name);
  out.bytes(9, constant.bytes);
  return out;
}

function encodeValue(value: OnnxValue): ProtoWriter {
  const tensor = new ProtoWriter();
  tensor.integer(1, onnxElementType[value.type]);
  if (value.shape) {
    const shape = new ProtoWriter();
    for (const size of value.shape) {
      const dimension = new ProtoWriter();
      if (typeof size === 'number') dimension.integer(1, size);
      else dimension.text(2, size);
      shape.message(1, dimension);
    }
    tensor.message(2, shape);
  }
  const type = new ProtoWriter();
  type.message(1, tensor);
  const out = new ProtoWriter();
  out.text(1, value.name);
  out.message(2, type);
  return out;
}

const utf8 = new TextEncoder();

/** Protobuf wire format: varint, length-delimited and fixed 32-bit fields. */
class ProtoWriter {
  private readonly chunks: Uint8Array[] = [];
  private size = 0;

  integer(field: number, value: number): void {
    this.varint(field * 8);
    this.varint(value);
  }

  float(field: number, value: number): void {
    this.varint(field * 8 + 5);
    this.push(new Uint8Array(Float32Array.of(value).buffer));
  }

  text(field: number, value: string): void {
    this.bytes(field, utf8.encode(value));
  }

  bytes(field: number, value: Uint8Array): void {
    this.varint(field * 8 + 2);
    this.varint(value.length);
    this.push(value);
  }

  message(field: number, value: ProtoWriter): void {
    this.bytes(field, value.finish());
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.size);
    let at = 0;
    for (const chunk of this.chunks) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }

  /** Negative numbers take ten bytes, as protobuf's int64 does. */
  private varint(value: number): void {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.push(Uint8Array.from(bytes));
  }

  private push(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
  }
}
