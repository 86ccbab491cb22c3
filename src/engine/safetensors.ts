/**
 * The safetensors format: eight bytes with the header's length, a JSON header, raw little-endian tensors. Everything
 * read is checked; a hash over the tensors, kept in the header's metadata, finds damage that keeps the form.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { StorageError } from '../shared/errors.ts';
import type { ElementType, HostTensor, NamedHostTensors } from './program.ts';

const typeNames = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const satisfies Record<
  ElementType,
  string
>;
const hashKey = 'sha256';
const maxHeaderBytes = 16 * 1024 * 1024;

const entrySchema = z.strictObject({
  dtype: z.enum(['F32', 'I32', 'BOOL']),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const metadataSchema = z.record(z.string(), z.string());

export interface SafetensorsFile {
  readonly tensors: NamedHostTensors;
  readonly metadata: Readonly<Record<string, string>>;
}

export function encodeSafetensors({ tensors, metadata }: SafetensorsFile): Uint8Array {
  const header: Record<string, unknown> = {};
  const parts: Uint8Array[] = [];
  const hash = createHash('sha256');
  let offset = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    header[name] = { dtype: typeNames[dtype], shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    hash.update(bytes);
    parts.push(bytes);
  }
  const whole = { __metadata__: { ...metadata, [hashKey]: hash.digest('hex') }, ...header };
  const text = new TextEncoder().encode(JSON.stringify(whole));
  const padding = (8 - (text.length % 8)) % 8;
  const out = new Uint8Array(8 + text.length + padding + offset).fill(0x20);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length + padding), true);
  out.set(text, 8);
  let at = 8 + text.length + padding;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** @throws StorageError `damaged-checkpoint` naming what is wrong */
export function decodeSafetensors(content: Uint8Array, file: string): SafetensorsFile {
  // Node's Buffer has another `slice`, which does not copy.
  const bytes = new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
  const fail = (what: string) =>
    new StorageError(
      'damaged-checkpoint',
      `This is not a usable safetensors file: ${what}.`,
      'Train the model again, or restore the file from a backup.',
      { place: { file } },
    );
  if (bytes.length < 8) throw fail('it is shorter than a header');
  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerLength > maxHeaderBytes || 8 + headerLength > bytes.length) throw fail('its header is cut off');
  let header: unknown;
  try {
    header = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerLength)),
    );
  } catch {
    throw fail('its header is not JSON');
  }
  const entries = z.record(z.string(), z.unknown()).safeParse(header);
  if (!entries.success) throw fail('its header is not a table');
  const { __metadata__: rawMetadata, ...rawEntries } = entries.data;
  const metadata = metadataSchema.safeParse(rawMetadata ?? {});
  if (!metadata.success) throw fail('its metadata are not text');
  const body = bytes.subarray(8 + headerLength);
  const tensors: Record<string, HostTensor> = {};
  let end = 0;
  for (const [name, raw] of Object.entries(rawEntries)) {
    const entry = entrySchema.safeParse(raw);
    if (!entry.success) throw fail(`the entry “${name.slice(0, 80)}” is not a tensor`);
    const { dtype, shape, data_offsets: range } = entry.data;
    const size = shape.reduce((product, length) => product * length, 1) * (dtype === 'BOOL' ? 1 : 4);
    if (range[1] - range[0] !== size || range[1] > body.length || range[0] !== end)
      throw fail(`the tensor “${name.slice(0, 80)}” does not fit its place`);
    end = range[1];
    const copy = body.slice(range[0], range[1]).buffer; // aligned
    tensors[name] =
      dtype === 'F32'
        ? { dtype: 'float32', shape, data: new Float32Array(copy) }
        : dtype === 'I32'
          ? { dtype: 'int32', shape, data: new Int32Array(copy) }
          : { dtype: 'bool', shape, data: new Uint8Array(copy) };
  }
  if (end !== body.length) throw fail('its length does not match its header');
  const { [hashKey]: expected, ...rest } = metadata.data;
  if (expected !== undefined && createHash('sha256').update(body).digest('hex') !== expected)
    throw fail('its content has changed since it was written');
  return { tensors, metadata: rest };
}
