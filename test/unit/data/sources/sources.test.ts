import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import yazl from 'yazl';
import { defaultLimits } from '../../../../src/data/sources/limits.ts';
import { openSources } from '../../../../src/data/sources/open-sources.ts';
import type { SourceFile } from '../../../../src/data/reader.ts';
import { CancelledError } from '../../../../src/shared/errors.ts';
import type { Progress } from '../../../../src/shared/progress.ts';

let folder: string;
before(async () => (folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-sources-'))));
after(() => fs.rm(folder, { recursive: true, force: true }));

const put = async (name: string, content: string | Uint8Array): Promise<string> => {
  const file = path.join(folder, name);
  await fs.mkdir(path.dirname(file), { recursive: true });
  await fs.writeFile(file, content);
  return file;
};

async function bytes(file: SourceFile, onChunk?: (length: number) => void): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of file.open({})) {
    onChunk?.(chunk.length);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

async function zip(name: string, members: Record<string, string | Buffer>, compress = true): Promise<string> {
  const file = path.join(folder, name);
  const archive = new yazl.ZipFile();
  for (const [inner, content] of Object.entries(members)) {
    archive.addBuffer(Buffer.from(content as string), inner, { compress });
  }
  archive.end();
  await pipeline(archive.outputStream, createWriteStream(file));
  return file;
}

/** Overwrites a name inside a zip, in the local header and in the directory, by one of the same length. */
async function renameMember(file: string, from: string, to: string): Promise<void> {
  assert.equal(from.length, to.length);
  const content = await fs.readFile(file);
  for (let at = content.indexOf(from); at >= 0; at = content.indexOf(from, at + 1))
    content.write(to, at, 'latin1');
  await fs.writeFile(file, content);
}

describe('Sources', () => {
  it('opens a plain file, a folder in order of names, and a list', async () => {
    const a = await put('plain/b.csv', 'bee');
    await put('plain/a.csv', 'ay');
    await put('plain/.hidden', 'no');
    await put('plain/deeper/c.csv', 'sea');
    const inFolder = await openSources([path.join(folder, 'plain')]);
    assert.deepEqual(
      inFolder.map((file) => file.base),
      ['a.csv', 'b.csv', 'c.csv'],
    );
    assert.equal((await bytes(inFolder[1]!)).toString(), 'bee');
    assert.equal(inFolder[1]!.size, 3);
    assert.equal(inFolder[1]!.path, a);
    assert.deepEqual(
      (await openSources([a, path.join(folder, 'plain/a.csv')])).map((file) => file.base),
      ['b.csv', 'a.csv'],
    );
  });

  it('reads gzip, also of several members, and names it without .gz', async () => {
    const file = await put('R.DAT.gz', Buffer.concat([zlib.gzipSync('one\n'), zlib.gzipSync('two\n')]));
    const [source] = await openSources([file]);
    assert.equal(source!.base, 'r.dat');
    assert.equal((await bytes(source!)).toString(), 'one\ntwo\n');
    assert.equal(Buffer.from(await source!.head(5)).toString(), 'one\nt');
    assert.equal((await bytes(source!)).toString(), 'one\ntwo\n', 'opened again');
  });

  it('reads members of a zip in place, gzipped ones too', async () => {
    const file = await zip('a.zip', {
      'ml/ratings.csv': 'r'.repeat(1000),
      'ml/movies.csv.gz': zlib.gzipSync('m'),
      '__MACOSX/ml/._x': 'no',
      'ml/.DS_Store': 'no',
    });
    const files = await openSources([file]);
    assert.deepEqual(
      files.map((member) => [member.name, member.base]),
      [
        [`${file}/ml/movies.csv.gz`, 'movies.csv'],
        [`${file}/ml/ratings.csv`, 'ratings.csv'],
      ],
    );
    assert.equal((await bytes(files[0]!)).toString(), 'm');
    assert.equal((await bytes(files[1]!)).length, 1000);
    assert.equal((await files[1]!.head(10)).length, 10);
  });

  it('reports progress in stored bytes up to the size', async () => {
    const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => `${i * 7919},`).join(''));
    for (const file of [
      await put('p.csv', content),
      await put('p.csv.gz', zlib.gzipSync(content)),
      await zip('p.zip', { 'p.csv': content }),
    ]) {
      const [source] = await openSources([file]);
      const seen: Progress[] = [];
      for await (const chunk of source!.open({ onProgress: (progress) => seen.push(progress) })) void chunk;
      const done = seen.map((progress) => progress.done!);
      assert.deepEqual(
        done,
        [...done].sort((a, b) => a - b),
      );
      assert.equal(done.at(-1), source!.size);
      assert.equal(seen[0]!.unit, 'bytes');
    }
  });

  it('stops when cancelled', async () => {
    const [source] = await openSources([await put('big.csv', Buffer.alloc(2_000_000, 'a\n'))]);
    const controller = new AbortController();
    await assert.rejects(async () => {
      for await (const chunk of source!.open({ signal: controller.signal })) {
        void chunk;
        controller.abort();
      }
    }, CancelledError);
  });
});

describe('Sources that are refused', () => {
  it('a missing path, an empty folder, no path', async () => {
    const gone = path.join(folder, 'gone.csv');
    await assert.rejects(openSources([gone]), {
      name: 'InputError',
      code: 'missing-file',
      place: { file: gone },
    });
    const empty = path.join(folder, 'empty');
    await fs.mkdir(empty);
    await assert.rejects(openSources([empty]), { code: 'empty-folder', place: { file: empty } });
    await assert.rejects(openSources([]), { code: 'missing-file' });
  });

  it('a link that leaves its folder, but not one that stays', async () => {
    const outside = await put('outside.csv', 'secret');
    await put('links/real.csv', 'fine');
    await fs.symlink('real.csv', path.join(folder, 'links/alias.csv'));
    assert.deepEqual(
      (await openSources([path.join(folder, 'links')])).map((file) => file.base),
      ['alias.csv', 'real.csv'],
    );
    const link = path.join(folder, 'links/leak.csv');
    await fs.symlink(outside, link);
    await assert.rejects(openSources([path.join(folder, 'links')]), {
      code: 'path-leaves-folder',
      place: { file: link },
    });
  });

  it('a link to a folder beside, whose name begins alike', async () => {
    await put('data-private/x.csv', 'secret');
    await put('data/y.csv', 'fine');
    await fs.symlink(path.join(folder, 'data-private/x.csv'), path.join(folder, 'data/z.csv'));
    await assert.rejects(openSources([path.join(folder, 'data')]), { code: 'path-leaves-folder' });
  });

  it('a link that leads in a circle or nowhere', async () => {
    await put('loop/y.csv', 'fine');
    await fs.symlink('self', path.join(folder, 'loop/self'));
    await assert.rejects(openSources([path.join(folder, 'loop')]), { code: 'path-leaves-folder' });
    await put('dangling/y.csv', 'fine');
    await fs.symlink('nowhere', path.join(folder, 'dangling/link'));
    await assert.rejects(openSources([path.join(folder, 'dangling')]), { code: 'missing-file' });
  });

  for (const [bad, why] of [
    ['../../etc/pw', 'goes up'],
    ['/etc/passwd0', 'is absolute'],
    ['..\\..\\etc\\pw', 'goes up with backslashes'],
    ['C:/windows/x', 'names a drive'],
  ] as const) {
    it(`a zip with a member whose name ${why}`, async () => {
      const file = await zip('evil.zip', { 'inner/file.c': 'x', 'ok.csv': 'y' });
      await renameMember(file, 'inner/file.c', bad);
      await assert.rejects(openSources([file]), { name: 'InputError', code: 'path-leaves-folder' });
    });
  }

  it('a gzip that ends too early, at every length', async () => {
    const whole = zlib.gzipSync(Buffer.from('1::2::3::4\n'.repeat(50)));
    for (let length = 2; length < whole.length; length++) {
      const [source] = await openSources([await put('t.dat.gz', whole.subarray(0, length))]);
      await assert.rejects(bytes(source!), { code: 'truncated', name: 'InputError' }, `cut at ${length}`);
    }
  });

  it('a zip that ends too early', async () => {
    const file = await zip('cut.zip', { 'a.csv': 'a'.repeat(5000) });
    const whole = await fs.readFile(file);
    for (const length of [4, 30, 60, whole.length - 30, whole.length - 1]) {
      await fs.writeFile(file, whole.subarray(0, length));
      await assert.rejects(openSources([file]), { code: 'truncated' }, `cut at ${length}`);
    }
  });

  it('damaged data in gzip and zip', async () => {
    const content = Array.from({ length: 3000 }, (_, i) => `${i * 31},${i}\n`).join('');
    const gz = zlib.gzipSync(content);
    gz[gz.length >> 1]! ^= 0xff;
    const [source] = await openSources([await put('d.csv.gz', gz)]);
    await assert.rejects(bytes(source!), { code: 'damaged-archive' });
    const file = await zip('d.zip', { 'd.csv': content }, false);
    const stored = await fs.readFile(file);
    stored[1000]! ^= 1; // not compressed: only the checksum can tell
    await fs.writeFile(file, stored);
    const [member] = await openSources([file]);
    await assert.rejects(bytes(member!), { code: 'damaged-archive', place: { file: `${file}/d.csv` } });
  });

  it('a file named .gz or .zip that is neither', async () => {
    const gz = await put('page.gz', '<html>');
    await assert.rejects(openSources([gz]), { code: 'damaged-archive' });
    const page = await put('page.zip', '<html>');
    await assert.rejects(openSources([page]), { code: 'damaged-archive' });
  });

  it('an archive of another kind, when it is read', async () => {
    const [tar] = await openSources([await put('yelp.tar', 'whatever')]);
    await assert.rejects(bytes(tar!), { code: 'unknown-compression' });
  });

  it('a gzip bomb, before much of it is unpacked', async () => {
    const file = path.join(folder, 'bomb.csv.gz');
    const packer = zlib.createGzip({ level: 9 });
    const written = pipeline(packer, createWriteStream(file));
    const zeros = Buffer.alloc(1 << 20);
    for (let i = 0; i < 24; i++) if (!packer.write(zeros)) await once(packer, 'drain');
    packer.end();
    await written;
    const limits = { ...defaultLimits, ratioFrom: 8 << 20 };
    const [source] = await openSources([file], {}, limits);
    let seen = 0;
    await assert.rejects(
      async () => {
        for await (const chunk of source!.open({})) seen += chunk.length;
      },
      { name: 'InputError', code: 'decompression-bomb', place: { file } },
    );
    assert.ok(seen <= limits.ratioFrom + (1 << 20), `${seen} bytes were let through`);
  });

  it('a zip bomb, by ratio and by absolute size', async () => {
    const file = await zip('bomb.zip', { 'zeros.csv': Buffer.alloc(3 << 20) });
    const [byRatio] = await openSources([file], {}, { ...defaultLimits, ratioFrom: 1 << 20 });
    await assert.rejects(bytes(byRatio!), {
      code: 'decompression-bomb',
      place: { file: `${file}/zeros.csv` },
    });
    const [bySize] = await openSources([file], {}, { ...defaultLimits, decompressedBytes: 1 << 20 });
    await assert.rejects(bytes(bySize!), { code: 'decompression-bomb' });
    const [allowed] = await openSources([file]);
    assert.equal((await bytes(allowed!)).length, 3 << 20, 'below the floor it costs nothing');
  });

  it('more files than a dataset has', async () => {
    const file = await zip('many.zip', { a: '1', b: '2', c: '3' });
    await assert.rejects(openSources([file], {}, { ...defaultLimits, files: 2 }), { code: 'too-many-files' });
    await put('many/a', '1');
    await put('many/b', '1');
    await put('many/c', '1');
    await assert.rejects(openSources([path.join(folder, 'many')], {}, { ...defaultLimits, files: 2 }), {
      code: 'too-many-files',
    });
  });
});
