import assert from 'node:assert/strict';
import fc from 'fast-check';
import { comparable, filesOf, fuzzCases, fuzzRuns, longRun, outcomeOf, type FuzzCase } from './cases.ts';

/** Runs long enough for TOOLREC_FUZZ_RUNS; a hang shows as a timeout, and a slow input fails below. */
const timeout = longRun ? 3_600_000 : 20_000;
const slowest = 5000;

async function timely<T>(what: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await what();
  assert.ok(performance.now() - start < slowest, 'a small file took seconds');
  return result;
}

const anyCase = fc.constantFrom(...fuzzCases);
const withFile = anyCase.chain((fuzzCase) =>
  fc.record({ fuzzCase: fc.constant(fuzzCase), file: fc.constantFrom(...fuzzCase.files) }),
);

describe('Readers under fuzzing', () => {
  for (const fuzzCase of fuzzCases) {
    it(`${fuzzCase.name}: the result does not depend on the chunks`, async () => {
      const whole = comparable(await outcomeOf(fuzzCase.format, filesOf(fuzzCase), fuzzCase.map));
      assert.ok(!('error' in (whole as object)), JSON.stringify(whole));
      for (const length of [1, 2, 3, 5, 64]) {
        const cut = comparable(await outcomeOf(fuzzCase.format, filesOf(fuzzCase, [length]), fuzzCase.map));
        assert.deepEqual(cut, whole, `chunks of ${length}`);
      }
    });
  }

  it('random chunk lengths give the same result', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyCase,
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 30 }),
        async (c, lengths) => {
          const whole = comparable(await outcomeOf(c.format, filesOf(c), c.map));
          assert.deepEqual(comparable(await outcomeOf(c.format, filesOf(c, lengths), c.map)), whole);
        },
      ),
      { numRuns: fuzzRuns },
    );
  }).timeout(timeout);

  it('a file cut anywhere is read up to there or refused with a typed error', async () => {
    const cut = async (
      fuzzCase: FuzzCase,
      file: { name: string; bytes: Uint8Array },
      length: number,
    ): Promise<void> => {
      const replaced = { name: file.name, bytes: file.bytes.subarray(0, length) };
      const outcome = await timely(() =>
        outcomeOf(fuzzCase.format, filesOf(fuzzCase, undefined, replaced), fuzzCase.map),
      );
      if (!('read' in outcome) || fuzzCase.format.id === 'csv') return; // a table's columns depend on all it shows
      const whole = await outcomeOf(fuzzCase.format, filesOf(fuzzCase), fuzzCase.map);
      assert.ok('read' in whole);
      // All but the row that was cut are the rows of the whole file.
      const before = outcome.read.interactions.slice(0, -1);
      assert.deepEqual(
        before,
        whole.read.interactions.slice(0, before.length),
        `${file.name} cut at ${length}`,
      );
    };
    if (longRun) {
      for (const fuzzCase of fuzzCases) {
        for (const file of fuzzCase.files) {
          for (let length = 0; length < file.bytes.length; length++) await cut(fuzzCase, file, length);
        }
      }
      return;
    }
    await fc.assert(
      fc.asyncProperty(withFile, fc.nat(), ({ fuzzCase, file }, at) =>
        cut(fuzzCase, file, at % file.bytes.length),
      ),
      { numRuns: fuzzRuns * 4 },
    );
  }).timeout(timeout);

  it('flipped bits never lead to an untyped error', async () => {
    await fc.assert(
      fc.asyncProperty(
        withFile,
        fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
        async ({ fuzzCase, file }, flips) => {
          const bytes = Uint8Array.from(file.bytes);
          for (const flip of flips) bytes[(flip >> 3) % bytes.length]! ^= 1 << (flip & 7);
          const files = filesOf(fuzzCase, [37], { name: file.name, bytes });
          await timely(() => outcomeOf(fuzzCase.format, files, fuzzCase.map));
        },
      ),
      { numRuns: fuzzRuns * 4 },
    );
  }).timeout(timeout);

  it('pieces moved, doubled and dropped never lead to an untyped error', async () => {
    await fc.assert(
      fc.asyncProperty(
        withFile,
        fc.array(fc.record({ from: fc.nat(), length: fc.nat(80), to: fc.nat() }), {
          minLength: 1,
          maxLength: 5,
        }),
        async ({ fuzzCase, file }, moves) => {
          let bytes = Buffer.from(file.bytes);
          for (const { from, length, to } of moves) {
            const start = from % bytes.length;
            const piece = bytes.subarray(start, start + length);
            const target = to % bytes.length;
            bytes = Buffer.concat([
              bytes.subarray(0, target),
              piece,
              bytes.subarray(target + (to & 1 ? length : 0)),
            ]);
            if (bytes.length === 0) return;
          }
          const files = filesOf(fuzzCase, [101], { name: file.name, bytes });
          await timely(() => outcomeOf(fuzzCase.format, files, fuzzCase.map));
        },
      ),
      { numRuns: fuzzRuns * 4 },
    );
  }).timeout(timeout);

  it('random bytes and random scraps of the formats never lead to an untyped error', async () => {
    const scrap = fc.constantFrom(
      '::', '|', '\t', ',', '"', "'", '\n', '\r\n', '{', '}', '[', ']', ':', '\\', '\0', '\ufeff', 'NaN', '-1', '1e309',
      '0x', 'null', '{"', '"}', 'user_id', 'item_id', ':token', ':float_seq', 'timestamp', 'asin', 'parent_asin',
      'reviewerID', 'business_id', 'categories', '1', '978300760', 'é', '\u2028', '__proto__', '(1995)', 'u\'',
    ); // prettier-ignore
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(scrap, { maxLength: 80 }).map((parts) => new Uint8Array(Buffer.from(parts.join('')))),
    );
    await fc.assert(
      fc.asyncProperty(withFile, content, fc.boolean(), async ({ fuzzCase, file }, bytes, append) => {
        const joined = append ? new Uint8Array(Buffer.concat([file.bytes, bytes])) : bytes;
        const files = filesOf(fuzzCase, [64], { name: file.name, bytes: joined });
        await timely(() => outcomeOf(fuzzCase.format, files, fuzzCase.map));
      }),
      { numRuns: fuzzRuns * 4 },
    );
  }).timeout(timeout);
});
