import { isUtf8 } from 'node:buffer';
import { InputError } from '../shared/errors.ts';
import type { IdTable } from './reader.ts';

const absent = 0xffffffff;
/** Decimal ids below this find their code by direct look-up (at most 16 MiB); all others by hashing. */
const directLimit = 1 << 22;
const poolLimit = 0xf0000000;

/**
 * Dense codes for ids, in order of first appearance, without a string for an id seen before: the ids' bytes lie
 * in one pool, found through a direct table (small decimal numbers, the common case) or an open-addressing
 * hash table. Memory: the bytes of distinct ids, 4 B each for their place, and 8 to 16 B each for the hash.
 */
export class ByteIdTable implements IdTable {
  private count = 0;
  private pool: Uint8Array = new Uint8Array(1 << 12);
  /** [count + 1] where each id starts in the pool. */
  private starts = new Uint32Array(1 << 8);
  private direct = new Uint32Array(0);
  private slots = new Uint32Array(1 << 8).fill(absent);
  private hashes = new Uint32Array(1 << 8);
  private hashed = 0;
  /** Differs in each table, so that no file can be made whose ids all collide. Codes do not depend on it. */
  private readonly seed = (Math.random() * 0x100000000) >>> 0;

  get size(): number {
    return this.count;
  }

  code(id: string): number {
    const bytes = Buffer.from(id, 'utf8');
    return this.codeOfBytes(bytes, 0, bytes.length);
  }

  /** Code of an id seen before; undefined otherwise. */
  find(id: string): number | undefined {
    const bytes = Buffer.from(id, 'utf8');
    const number = smallDecimal(bytes, 0, bytes.length);
    if (number >= 0) {
      const found = number < this.direct.length ? this.direct[number]! : absent;
      return found === absent ? undefined : found;
    }
    const found = this.slots[this.slotOf(bytes, 0, bytes.length, this.hash(bytes, 0, bytes.length))]!;
    return found === absent ? undefined : found;
  }

  codeOfBytes(buffer: Uint8Array, start: number, end: number): number {
    const number = smallDecimal(buffer, start, end);
    if (number >= 0) {
      if (number >= this.direct.length) this.growDirect(number);
      const known = this.direct[number]!;
      if (known !== absent) return known;
      return (this.direct[number] = this.append(buffer, start, end));
    }
    const hash = this.hash(buffer, start, end);
    const slot = this.slotOf(buffer, start, end, hash);
    const known = this.slots[slot]!;
    if (known !== absent) return known;
    if (!isUtf8(buffer.subarray(start, end))) return -1;
    const code = this.append(buffer, start, end);
    this.slots[slot] = code;
    this.hashes[slot] = hash;
    if (++this.hashed * 2 > this.slots.length) this.growSlots();
    return code;
  }

  text(code: number): string {
    if (!(code >= 0 && code < this.count)) throw new RangeError(`There is no id with code ${code}.`);
    const pool = Buffer.from(this.pool.buffer, this.pool.byteOffset, this.pool.byteLength);
    return pool.toString('utf8', this.starts[code], this.starts[code + 1]);
  }

  private append(buffer: Uint8Array, start: number, end: number): number {
    const code = this.count;
    const at = this.starts[code]!;
    const after = at + (end - start);
    if (after > poolLimit)
      throw new InputError(
        'too-many-ids',
        'The ids of this source take more than 3.75 GiB.',
        'Use shorter ids.',
      );
    if (after > this.pool.length) {
      const grown = new Uint8Array(Math.min(poolLimit, Math.max(after, this.pool.length * 2)));
      grown.set(this.pool.subarray(0, at));
      this.pool = grown;
    }
    for (let from = start, to = at; from < end; from++, to++) this.pool[to] = buffer[from]!;
    if (code + 1 >= this.starts.length) {
      const grown = new Uint32Array(this.starts.length * 2);
      grown.set(this.starts);
      this.starts = grown;
    }
    this.starts[code + 1] = after;
    this.count = code + 1;
    return code;
  }

  /** FNV-1a, finished with a mix so that the low bits depend on all. */
  private hash(buffer: Uint8Array, start: number, end: number): number {
    let hash = this.seed;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ buffer[i]!, 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  /** The slot that holds this id, or the free one where it belongs. */
  private slotOf(buffer: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const code = this.slots[slot]!;
      if (code === absent) return slot;
      if (this.hashes[slot] === hash && this.equals(code, buffer, start, end)) return slot;
    }
  }

  private equals(code: number, buffer: Uint8Array, start: number, end: number): boolean {
    const at = this.starts[code]!;
    if (this.starts[code + 1]! - at !== end - start) return false;
    for (let i = start, j = at; i < end; i++, j++) if (buffer[i] !== this.pool[j]) return false;
    return true;
  }

  private growDirect(number: number): void {
    let length = Math.max(1 << 10, this.direct.length);
    while (length <= number) length *= 2;
    const grown = new Uint32Array(length).fill(absent, this.direct.length);
    grown.set(this.direct);
    this.direct = grown;
  }

  private growSlots(): void {
    const length = this.slots.length * 2;
    const slots = new Uint32Array(length).fill(absent);
    const hashes = new Uint32Array(length);
    for (let old = 0; old < this.slots.length; old++) {
      const code = this.slots[old]!;
      if (code === absent) continue;
      const hash = this.hashes[old]!;
      let slot = hash & (length - 1);
      while (slots[slot] !== absent) slot = (slot + 1) & (length - 1);
      slots[slot] = code;
      hashes[slot] = hash;
    }
    this.slots = slots;
    this.hashes = hashes;
  }
}

/** The value of a decimal number in its only spelling (no sign, no leading zero) below `directLimit`; else -1. */
function smallDecimal(buffer: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 0 || length > 7) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = buffer[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  if (value >= directLimit || (buffer[start] === 48 && length > 1)) return -1;
  return value;
}
