import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ByteIdTable } from '../../../src/data/id-table.ts';

describe('ByteIdTable', () => {
  it('gives codes in order of first appearance, as a Map would', () => {
    const id = fc.oneof(
      fc.nat(9_999_999).map(String),
      fc.nat(30).map(String),
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom('', '0', '00', '007', '7', '-1', '4194303', '4194304', '1e3', '12345678'),
    );
    fc.assert(
      fc.property(fc.array(id, { maxLength: 400 }), (ids) => {
        const table = new ByteIdTable();
        const map = new Map<string, number>();
        for (const text of ids) {
          const known = map.get(text);
          assert.equal(table.find(text), known);
          if (known === undefined) map.set(text, map.size);
          assert.equal(table.code(text), map.get(text));
        }
        assert.equal(table.size, map.size);
        for (const [text, code] of map) assert.equal(table.text(code), text);
      }),
      { numRuns: 60 },
    );
  });

  it('takes ids out of the middle of a buffer and keeps its own copy', () => {
    const table = new ByteIdTable();
    const buffer = Buffer.from('xxB00ABCyy');
    assert.equal(table.codeOfBytes(buffer, 2, 8), 0);
    buffer.fill(0);
    assert.equal(table.text(0), 'B00ABC');
    assert.equal(table.code('B00ABC'), 0);
  });

  it('grows past many ids of both kinds', () => {
    const table = new ByteIdTable();
    for (let i = 0; i < 50_000; i++) assert.equal(table.code(i % 2 ? `user-${i}` : String(i * 7)), i);
    for (let i = 0; i < 50_000; i += 97) assert.equal(table.text(i), i % 2 ? `user-${i}` : String(i * 7));
  });

  it('gives no code to bytes that are not UTF-8', () => {
    const table = new ByteIdTable();
    assert.equal(table.codeOfBytes(Uint8Array.of(0x41, 0xe9), 0, 2), -1);
    assert.equal(table.size, 0);
  });

  it('has no text for a code it never gave', () => {
    assert.throws(() => new ByteIdTable().text(0), RangeError);
  });
});
