import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decimalOf, DelimitedScanner, scanInteractions } from '../../../src/data/delimited-scan.ts';
import { ByteIdTable } from '../../../src/data/id-table.ts';
import type { DatasetSink, SourceFile } from '../../../src/data/reader.ts';

type Row = { line: number; fields: string[] } | { line: number; tooLong: string };

function scan(chunks: readonly Uint8Array[], delimiter: string, lineLimit?: number): Row[] {
  const rows: Row[] = [];
  const scanner = new DelimitedScanner(lineLimit === undefined ? { delimiter } : { delimiter, lineLimit }, {
    row(buffer, bounds, count, line) {
      const fields = Array.from({ length: count }, (_, f) =>
        Buffer.from(buffer.subarray(bounds[2 * f], bounds[2 * f + 1])).toString(),
      );
      rows.push({ line, fields });
    },
    tooLong: (line, head) => rows.push({ line, tooLong: Buffer.from(head).toString() }),
  });
  for (const chunk of chunks) scanner.push(chunk);
  scanner.end();
  return rows;
}

const never = (): never => assert.fail('must not be called');

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const borders = [0, ...places.map((p) => p % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return borders.slice(1).map((end, i) => Uint8Array.from(bytes.subarray(borders[i], end)));
}

describe('DelimitedScanner', () => {
  it('splits as String.split does, wherever the chunks are cut', () => {
    const text = fc.array(fc.constantFrom('1', '22', 'é', ':', '::', ',', '\t', '\n', '\r\n', '"'), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(
        text,
        fc.constantFrom(',', '::', '\t'),
        fc.boolean(),
        fc.array(fc.nat(200), { maxLength: 6 }),
        (parts, delimiter, mark, places) => {
          const plain = parts.join('');
          const expected = plain
            .split('\n')
            .map((line, i) => ({ line: i + 1, text: line.replace(/\r$/, '') }))
            .filter(({ text: line }) => line !== '')
            .map(({ line, text: content }) => ({ line, fields: content.split(delimiter) }));
          const bytes = Buffer.from((mark ? '\ufeff' : '') + plain);
          assert.deepEqual(scan(cut(bytes, places), delimiter), expected);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('skips a line past the limit wherever it is cut, and goes on with the next', () => {
    const bytes = Buffer.from(`a,b\n${'x'.repeat(50)},y\nc,d\n${'z'.repeat(40)}`);
    for (const places of [[], [1], [10], [4, 20, 30, 56, 57], [55], [56], [57], [60, 61, 70]]) {
      const rows = scan(cut(bytes, places), ',', 20);
      assert.deepEqual(
        rows.map((row) => ('fields' in row ? row.fields.join('|') : `long ${row.line}`)),
        ['a|b', 'long 2', 'c|d', 'long 4'],
        `cut at ${places.join()}`,
      );
    }
  });

  it('counts all fields of a line but gives the bounds of 64', () => {
    let seen = 0;
    new DelimitedScanner(
      { delimiter: ',' },
      { row: (_buffer, _bounds, count) => (seen = count), tooLong: never },
    ).push(Buffer.from(`${','.repeat(99)}\n`));
    assert.equal(seen, 100);
  });

  it('refuses a delimiter that it cannot search for', () => {
    for (const delimiter of ['', '\n', ':::', 'é'])
      assert.throws(() => new DelimitedScanner({ delimiter }, { row: never, tooLong: never }), RangeError);
  });
});

describe('decimalOf', () => {
  it('agrees with Number on every plain decimal', () => {
    const decimal = fc
      .tuple(fc.constantFrom('', '-', '+'), fc.maxSafeNat(), fc.option(fc.nat(99999), { nil: undefined }))
      .map(([sign, whole, part]) => `${sign}${whole}${part === undefined ? '' : `.${part}`}`);
    fc.assert(
      fc.property(decimal, (text) => {
        const bytes = Buffer.from(`x${text}y`);
        assert.equal(decimalOf(bytes, 1, bytes.length - 1), Number(text));
      }),
    );
  });

  it('is NaN for anything else', () => {
    for (const text of ['', '-', '.', 'NaN', 'inf', '1e5', '0x10', '1.2.3', ' 1', '1 ', '--1', '1-', '１'])
      assert.ok(Number.isNaN(decimalOf(Buffer.from(text), 0, Buffer.byteLength(text))), text);
    assert.equal(decimalOf(Buffer.from('5.'), 0, 2), 5);
    assert.equal(decimalOf(Buffer.from('.5'), 0, 2), 0.5);
  });
});

describe('scanInteractions', () => {
  const fileOf = (content: Uint8Array): SourceFile => ({
    name: 'ratings.csv',
    base: 'ratings.csv',
    size: content.length,
    async *open() {
      yield* [content];
    },
    head: async (bytes) => content.subarray(0, bytes),
  });

  it('fills the sink and names every bad row by line and reason', async () => {
    const rows: unknown[] = [];
    const bad: unknown[] = [];
    const users = new ByteIdTable();
    const items = new ByteIdTable();
    const sink: DatasetSink = {
      users,
      items,
      interaction: (...row) => rows.push(row),
      item: assert.fail,
      user: assert.fail,
      bad: (place, reason) => bad.push([place.line, reason]),
      beginFile: (file) => assert.equal(file, 'ratings.csv'),
    };
    const lines = [
      'userId,movieId,rating,timestamp',
      '7,31,2.5,1260759144',
      '7,1029,3.0',
      '"7","31",4,1260759200',
      ',31,4,1',
      '8,31,NaN,1',
      '8,31,4,-5',
      '8,31,4,',
      'a,b,5,10.5',
      '\xe9,31,4,10',
    ];
    await scanInteractions(
      fileOf(Buffer.from(lines.join('\r\n'), 'latin1')),
      { delimiter: ',', header: true, columns: 4, user: 0, item: 1, rating: 2, timestamp: 3 },
      sink,
      {},
    );
    assert.deepEqual(rows, [
      [0, 0, 2.5, 1260759144, 2],
      [0, 0, 4, 1260759200, 4],
      [1, 1, 5, 10.5, 9],
    ]);
    assert.deepEqual(bad, [
      [3, 'column-count'],
      [5, 'missing-field'],
      [6, 'not-a-number'],
      [7, 'bad-timestamp'],
      [8, 'bad-timestamp'],
      [10, 'bad-encoding'],
    ]);
    assert.deepEqual([users.text(1), items.text(1)], ['a', 'b']);
  });

  it('stops between chunks when cancelled', async () => {
    const controller = new AbortController();
    controller.abort();
    const sink = { users: new ByteIdTable(), items: new ByteIdTable(), beginFile: () => undefined };
    await assert.rejects(
      scanInteractions(
        fileOf(Buffer.from('1,2,3,4\n')),
        { delimiter: ',', header: false, columns: 4, user: 0, item: 1, rating: 2, timestamp: 3 },
        sink as unknown as DatasetSink,
        { signal: controller.signal },
      ),
      { code: 'cancelled' },
    );
  });
});
