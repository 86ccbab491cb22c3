import assert from 'node:assert/strict';
import { defaultLineLimit } from '../../../src/data/delimited-scan.ts';
import { chooseFormat, formatById } from '../../../src/data/detect.ts';
import { ImportSink } from '../../../src/data/import-sink.ts';
import type { SourceFile } from '../../../src/data/reader.ts';
import { jsonLine } from '../../../src/data/sources/lines.ts';
import { memoryFile, readAll } from './helpers/collect.ts';
import { fuzzCases } from './fuzz/cases.ts';

const header = 'userId,movieId,rating,timestamp\n';
const movies = memoryFile('movies.csv', 'movieId,title,genres\n1,A (2000),Drama\n');

/** A file of one line of `megabytes`, made as it is read. */
function longLine(name: string, start: string, megabytes: number): SourceFile {
  const piece = Buffer.alloc(1 << 20, 'x');
  return {
    name,
    base: name,
    size: megabytes << 20,
    async *open() {
      yield Buffer.from(start);
      for (let i = 0; i < megabytes; i++) {
        yield Buffer.from(piece); // a new one each time, so that keeping them would show
        await Promise.resolve();
      }
    },
    head: (count) => Promise.resolve(Buffer.concat([Buffer.from(start), piece]).subarray(0, count)),
  };
}

async function peakDuring(work: () => Promise<unknown>): Promise<number> {
  const used = (): number => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
  const before = used();
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, used() - before)), 1);
  await work();
  clearInterval(timer);
  return Math.max(peak, used() - before);
}

describe('Bad input', () => {
  it('bytes that are not UTF-8 are counted with their line', async () => {
    const latin1 = Buffer.from('movieId,title,genres\n1,A (2000),Drama\n2,Caf\xe9 (2001),Drama\n', 'latin1');
    const sink = await readAll(formatById('ml-csv'), [
      memoryFile(
        'ratings.csv',
        Buffer.concat([Buffer.from(header), Buffer.from('1,1,5,10\n1,\xff,5,10\n', 'latin1')]),
      ),
      memoryFile('movies.csv', latin1),
    ]);
    assert.deepEqual(
      sink.badRows.map(({ file, line, reason }) => [file, line, reason]),
      [
        ['movies.csv', 3, 'bad-encoding'],
        ['ratings.csv', 3, 'bad-encoding'],
      ],
    );
    assert.equal(sink.interactions.length, 1);
  });

  it('UTF-16 is refused with how to recode it', async () => {
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('userId,movieId\n', 'utf16le')]);
    for (const [name, bytes] of [
      ['ratings.csv', utf16],
      ['movies.csv', Buffer.from('movieId,title,genres\n1,A,Drama\n', 'utf16le')],
    ] as const) {
      const plan = await formatById('ml-csv').plan([memoryFile('ratings.csv', header), movies], {});
      assert.ok(plan);
      const files = [memoryFile('ratings.csv', `${header}1,1,5,10\n`), movies].map((file) =>
        file.name === name ? { ...file, open: memoryFile(name, bytes).open } : file,
      );
      await assert.rejects(readAll(formatById('ml-csv'), files), { code: 'utf-16', place: { file: name } });
    }
  });

  it('NaN and negative timestamps are counted with their line', async () => {
    const rows = '1,1,5,NaN\n1,1,5,-1\n1,1,NaN,10\n1,1,5,\n1,1,5,10\n1,1,5,1e3\n';
    const sink = await readAll(formatById('ml-csv'), [memoryFile('ratings.csv', header + rows), movies]);
    assert.deepEqual(
      sink.badRows.map(({ line, reason }) => [line, reason]),
      [
        [2, 'bad-timestamp'],
        [3, 'bad-timestamp'],
        [4, 'not-a-number'],
        [5, 'bad-timestamp'],
        [7, 'bad-timestamp'],
      ],
    );
  });

  it('ids that stand twice in the catalogue are counted; more than the tolerance stops', async () => {
    const twice = memoryFile(
      'movies.csv',
      'movieId,title,genres\n1,A (2000),Drama\n1,B (2001),War\n2,C,War\n',
    );
    const files = [memoryFile('ratings.csv', `${header}1,1,5,10\n`), twice];
    const plan = await formatById('ml-csv').plan(files, {});
    const lenient = new ImportSink(plan.attributes, 0.5);
    await plan.read(lenient, {});
    lenient.finish();
    assert.deepEqual(
      lenient.badRows.map(({ file, line, reason }) => [file, line, reason]),
      [['movies.csv', 3, 'duplicate-id']],
    );
    assert.equal(lenient.itemRecords[lenient.items.code('1')]!.title, 'A', 'the first counts');
    const strict = new ImportSink(plan.attributes, 0.01);
    await plan.read(strict, {});
    assert.throws(() => strict.finish(), {
      code: 'too-many-bad-rows',
      place: { file: 'movies.csv', line: 3 },
    });
  });

  for (const [id, start, limit] of [
    ['ml-csv', `${header}1,1,5,10\n1,`, defaultLineLimit],
    ['amazon-2023', '{"user_id":"u","parent_asin":"p","rating":5,"timestamp":1}\n{"text":"', jsonLine.limit],
    ['csv', 'user,item\n"a b",c\na,', defaultLineLimit],
  ] as const) {
    it(`a line of 100 MB is let go as it comes (${id})`, async () => {
      const name = id === 'amazon-2023' ? 'r.jsonl' : 'ratings.csv';
      const files = [longLine(name, start, 100), ...(id === 'ml-csv' ? [movies] : [])];
      let sink: Awaited<ReturnType<typeof readAll>> | undefined;
      const peak = await peakDuring(async () => (sink = await readAll(formatById(id), files)));
      assert.equal(sink!.interactions.length, 1);
      const [bad, ...more] = sink!.badRows;
      assert.deepEqual(more, []);
      assert.deepEqual([bad!.file, bad!.reason], [name, 'line-too-long']);
      assert.equal(bad!.line, id === 'amazon-2023' ? 2 : 3);
      assert.ok(bad!.excerpt.length < 200);
      // The limit itself, doubled when its pieces are joined, and what the collector has not yet taken back.
      assert.ok(peak < 3 * limit + (48 << 20), `${peak >> 20} MiB`);
    });
  }

  it('a file with nothing in it is called empty, not of an unknown format', async () => {
    await assert.rejects(chooseFormat([memoryFile('log.csv', '')]), { code: 'empty-file' });
  });

  for (const fuzzCase of fuzzCases) {
    it(`an empty file of ${fuzzCase.format.id} is refused by name (${fuzzCase.files.length} files)`, async () => {
      const plan = await fuzzCase.format.plan(
        fuzzCase.files.map(({ name, bytes }) => memoryFile(name, bytes)),
        fuzzCase.map ? { map: fuzzCase.map } : {},
      );
      for (const used of plan.files) {
        // Emptied after it was looked at, so that the reading itself is put to the test.
        const files = fuzzCase.files.map(({ name, bytes }) => {
          const file = memoryFile(name, bytes);
          return name === used ? { ...file, size: 0, open: memoryFile(name, '').open } : file;
        });
        await assert.rejects(readAll(fuzzCase.format, files, fuzzCase.map), {
          name: 'InputError',
          code: 'empty-file',
          place: { file: used },
        });
      }
    });
  }
});
