import assert from 'node:assert/strict';
import { float32, int32 } from '../../../src/engine/program.ts';
import { decodeSafetensors, encodeSafetensors } from '../../../src/engine/safetensors.ts';

describe('safetensors', () => {
  const tensors = { a: float32([1, 2, 3, 4, 5, 6], [2, 3]), b: int32([-7], []) };
  const bytes = encodeSafetensors({ tensors, metadata: { epoch: '3' } });

  it('has the layout of the format', () => {
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    assert.equal(length % 8, 0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    assert.deepEqual(header.a, { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] });
    assert.deepEqual(header.b, { dtype: 'I32', shape: [], data_offsets: [24, 28] });
    assert.equal(new DataView(bytes.buffer).getFloat32(8 + length + 4, true), 2);
  });

  it('gives back what was written', () => {
    const expected = { tensors, metadata: { epoch: '3' } };
    assert.deepEqual(decodeSafetensors(bytes, 'f'), expected);
    assert.deepEqual(decodeSafetensors(Buffer.from(bytes), 'f'), expected);
  });

  it('refuses any damage', () => {
    const headerOf = (text: string) => {
      const out = new Uint8Array(8 + text.length);
      new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
      out.set(new TextEncoder().encode(text), 8);
      return out;
    };
    const flipped = bytes.slice();
    flipped[flipped.length - 1]! ^= 0x40;
    const longer = new Uint8Array(bytes.length + 4);
    longer.set(bytes);
    const damaged = {
      empty: new Uint8Array(0),
      short: bytes.subarray(0, bytes.length - 1),
      'header cut': bytes.subarray(0, 40),
      longer,
      flipped,
      'huge header': new Uint8Array(16).fill(255),
      'not JSON': headerOf('{'),
      'no table': headerOf('[1]'),
      'bad entry': headerOf('{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}'),
      'bad place': headerOf('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4000000000]}}'),
      'negative size': headerOf('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}'),
    };
    for (const [name, content] of Object.entries(damaged))
      assert.throws(() => decodeSafetensors(content, 'f'), { code: 'damaged-checkpoint' }, name);
  });
});
