import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import yazl from 'yazl';
import { openParquet } from '../../../../src/data/formats/table/parquet-table.ts';
import { openSources } from '../../../../src/data/sources/open-sources.ts';
import { ToolRecError } from '../../../../src/shared/errors.ts';
import { fuzzRuns, longRun } from './cases.ts';

const timeout = longRun ? 3_600_000 : 20_000;
let folder: string;
before(async () => (folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-fuzz-'))));
after(() => fs.rm(folder, { recursive: true, force: true }));

/** Opens and reads everything: 'read', or the code of the typed error it ended with. */
async function openAndRead(name: string, bytes: Uint8Array): Promise<string> {
  const file = path.join(folder, name);
  await fs.writeFile(file, bytes);
  try {
    for (const source of await openSources([file])) {
      await source.head(100);
      for await (const chunk of source.open({})) void chunk;
    }
    return 'read';
  } catch (error) {
    if (error instanceof ToolRecError) return error.code;
    throw error;
  }
}

const text = Array.from({ length: 120 }, (_, i) => `${i * 7},${i % 5},${978300760 + i}\n`).join('');
const gzip = zlib.gzipSync(text);

async function zipBytes(): Promise<Buffer> {
  const archive = new yazl.ZipFile();
  archive.addBuffer(Buffer.from(text), 'data/ratings.csv');
  archive.addBuffer(gzip, 'data/more.csv.gz', { compress: false });
  archive.addBuffer(Buffer.from('short'), 'é.txt', { compress: false });
  archive.end();
  return buffer(archive.outputStream);
}

const parquet = new Uint8Array(
  parquetWriteBuffer({
    columnData: [
      { name: 'user', data: Array.from({ length: 60 }, (_, i) => `u${i % 9}`), type: 'STRING' },
      { name: 'item', data: Array.from({ length: 60 }, (_, i) => BigInt(i % 7)), type: 'INT64' },
      { name: 'rating', data: Array.from({ length: 60 }, (_, i) => (i % 9) / 2), type: 'DOUBLE' },
    ],
    rowGroupSize: 25,
  }),
);

const flips = fc.array(fc.nat(), { minLength: 1, maxLength: 8 });
function flipped(bytes: Uint8Array, at: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (const flip of at) copy[(flip >> 3) % copy.length]! ^= 1 << (flip & 7);
  return copy;
}

describe('Archives under fuzzing', () => {
  it('gzip with flipped bits is damaged, or the damage is in its header only', async () => {
    await fc.assert(
      fc.asyncProperty(flips, async (at) => {
        await openAndRead('f.csv.gz', flipped(gzip, at));
      }),
      { numRuns: fuzzRuns },
    );
  }).timeout(timeout);

  it('zip with flipped bits, cut or made of random bytes ends in a typed error or is read', async () => {
    const whole = await zipBytes();
    assert.equal(await openAndRead('w.zip', whole), 'read');
    await fc.assert(
      fc.asyncProperty(flips, fc.nat(), async (at, length) => {
        await openAndRead('f.zip', flipped(whole, at));
        const cut = await openAndRead('c.zip', whole.subarray(0, length % whole.length));
        assert.notEqual(cut, 'read');
      }),
      { numRuns: fuzzRuns },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await openAndRead('r.zip', Buffer.concat([Buffer.from('PK\u0003\u0004'), bytes]));
        await openAndRead('r.gz', Buffer.concat([Buffer.from([0x1f, 0x8b, 8]), bytes]));
      }),
      { numRuns: fuzzRuns },
    );
  }).timeout(timeout);

  it('parquet with flipped bits or cut is refused, or read, and never holds up this thread', async () => {
    const file = path.join(folder, 'f.parquet');
    const read = async (bytes: Uint8Array): Promise<string> => {
      await fs.writeFile(file, bytes);
      try {
        const [source] = await openSources([file]);
        const table = await openParquet(source!, 300);
        await table.rows([0, 1, 2], { bad: () => undefined }, {}, () => undefined);
        return 'read';
      } catch (error) {
        if (error instanceof ToolRecError) return error.code;
        throw error;
      }
    };
    assert.equal(await read(parquet), 'read');
    // Damage that sends the decoder into a loop without an end (found by this fuzzer).
    assert.equal(await read(flipped(parquet, [555])), 'damaged-parquet');
    assert.equal(await read(parquet), 'read', 'the next request gets a decoder of its own');
    await fc.assert(
      fc.asyncProperty(flips, fc.nat(), async (at, length) => {
        await read(flipped(parquet, at));
        assert.notEqual(await read(parquet.subarray(0, length % parquet.length)), 'read');
      }),
      { numRuns: Math.ceil(fuzzRuns / 8) },
    );
  }).timeout(timeout);
});
