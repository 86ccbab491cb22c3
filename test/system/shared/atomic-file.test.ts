import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as esbuild from 'esbuild';
import {
  asStorageError,
  replaceDirectoryAtomic,
  temporaryMark,
  writeFileAtomic,
} from '../../../src/shared/atomic-file.ts';
import { StorageError } from '../../../src/shared/errors.ts';

const hasCode = (code: string) => (error: unknown) => error instanceof StorageError && error.code === code;

describe('atomic files', function () {
  this.timeout(20_000);
  let folder: string;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'toolrec-atomic-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('writes text and bytes, makes folders, replaces what was there, leaves nothing beside', async () => {
    const file = path.join(folder, 'a', 'b', 'file.bin');
    await writeFileAtomic(file, 'first');
    await writeFileAtomic(file, Uint8Array.of(0, 255, 10));
    assert.deepEqual([...fs.readFileSync(file)], [0, 255, 10]);
    assert.deepEqual(fs.readdirSync(path.dirname(file)), ['file.bin']);
  });

  it('writers side by side leave one whole content', async () => {
    const file = path.join(folder, 'file.txt');
    const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(50_000));
    await Promise.all(contents.map((content) => writeFileAtomic(file, content)));
    assert.ok(contents.includes(fs.readFileSync(file, 'utf8')));
    assert.deepEqual(fs.readdirSync(folder), ['file.txt']);
  });

  it('a folder whose building fails is gone, and the old one is as it was', async () => {
    const target = path.join(folder, 'set');
    const write = (text: string) => (directory: string) =>
      fs.promises.writeFile(path.join(directory, 'x'), text);
    await replaceDirectoryAtomic(target, write('old'));
    const failing = replaceDirectoryAtomic(target, async (directory) => {
      await write('new')(directory);
      throw new Error('stop');
    });
    await assert.rejects(failing, /stop/);
    assert.equal(fs.readFileSync(path.join(target, 'x'), 'utf8'), 'old');
    assert.deepEqual(fs.readdirSync(folder), ['set']);
    await replaceDirectoryAtomic(target, write('new'));
    assert.equal(fs.readFileSync(path.join(target, 'x'), 'utf8'), 'new');
    assert.deepEqual(fs.readdirSync(folder), ['set']);
  });

  it('folders put in one place side by side leave one of them whole', async () => {
    const target = path.join(folder, 'set');
    for (let round = 0; round < 5; round++)
      await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          replaceDirectoryAtomic(target, (directory) =>
            fs.promises.writeFile(path.join(directory, 'x'), String(i).repeat(1000)),
          ),
        ),
      );
    assert.match(fs.readFileSync(path.join(target, 'x'), 'utf8'), /^(\d\d?)\1{999}$/);
    assert.deepEqual(fs.readdirSync(folder), ['set']);
  });

  it('ends where an existing folder takes no entries', async function () {
    if (!fs.existsSync('/proc/self')) this.skip();
    // Node's own fs.mkdir({ recursive: true }) never returns there.
    await assert.rejects(writeFileAtomic('/proc/.toolrec/x', ''), hasCode('not-permitted'));
  });

  it('says what stands in the way', async () => {
    fs.writeFileSync(path.join(folder, 'file'), '');
    fs.mkdirSync(path.join(folder, 'dir'));
    await assert.rejects(writeFileAtomic(path.join(folder, 'file', 'x'), ''), hasCode('wrong-kind'));
    await assert.rejects(writeFileAtomic(path.join(folder, 'dir'), ''), hasCode('wrong-kind'));
    assert.deepEqual(fs.readdirSync(folder).sort(), ['dir', 'file']);
    const other = new Error('other');
    assert.equal(asStorageError(other, 'x'), other);
  });

  describe('when the process is killed before any one operation', () => {
    let program: string;
    before(() => {
      program = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'toolrec-crash-')), 'crash.mjs');
      esbuild.buildSync({
        entryPoints: [path.join(import.meta.dirname, 'fixtures/crash-writer.ts')],
        outfile: program,
        bundle: true,
        platform: 'node',
        format: 'esm',
      });
    });
    after(() => fs.rmSync(path.dirname(program), { recursive: true, force: true }));

    const write = (kind: string, target: string, at: number, content: string) =>
      promisify(execFile)(process.execPath, [program, kind, target, String(at), content]).then(
        ({ stdout }) => ({ signal: undefined, stdout }),
        (error: { signal: string }) => ({ signal: error.signal, stdout: '' }),
      );

    /** Kills a writer before each of its operations, each in a folder of its own that `prepare` filled. */
    async function killedAtEach(kind: string, prepare: (target: string) => void): Promise<string[]> {
      const operations = Number((await write(kind, path.join(folder, 'whole'), 0, 'new')).stdout);
      const targets = Array.from({ length: operations }, (_, i) => path.join(folder, `${i + 1}`, 'target'));
      await Promise.all(
        targets.map(async (target, i) => {
          fs.mkdirSync(path.dirname(target));
          prepare(target);
          assert.equal((await write(kind, target, i + 1, 'new')).signal, 'SIGKILL');
        }),
      );
      return targets;
    }

    it('a file holds the old content or the new', async () => {
      const targets = await killedAtEach('file', (target) => fs.writeFileSync(target, 'old'));
      assert.ok(targets.length >= 6); // folder, open, write, fsync, rename, fsync of the folder
      const seen = new Set<string>();
      for (const target of targets) {
        const content = fs.readFileSync(target, 'utf8');
        assert.ok(['old', 'new'].includes(content), `${target}: “${content}”`);
        const beside = fs.readdirSync(path.dirname(target)).filter((name) => !name.includes(temporaryMark));
        assert.deepEqual(beside, ['target']);
        seen.add(content);
      }
      assert.equal(seen.size, 2, 'kills fell on both sides of the rename');
    });

    it('a folder is the old or the new, or both are there whole under marked names', async () => {
      const targets = await killedAtEach('folder', (target) => {
        fs.mkdirSync(target);
        for (const name of ['a.txt', 'b.txt']) fs.writeFileSync(path.join(target, name), 'old');
      });
      assert.ok(targets.length >= 10);
      const whole = (directory: string) =>
        ['a.txt', 'b.txt'].map((name) => {
          const file = path.join(directory, name);
          return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
        });
      const seen = new Set<string>();
      for (const target of targets) {
        if (fs.existsSync(target)) {
          const [a, b] = whole(target);
          assert.equal(a, b, target);
          seen.add(a!);
        } else {
          const around = path.dirname(target);
          const marked = fs.readdirSync(around).map((name) => whole(path.join(around, name)).join());
          assert.deepEqual(marked.sort(), ['new,new', 'old,old'], target);
          seen.add('between');
        }
      }
      assert.deepEqual([...seen].sort(), ['between', 'new', 'old']);
    });
  });
});
