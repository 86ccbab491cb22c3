import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { readManifest } from '../../../src/data/manifest.ts';
import { writeFileAtomic } from '../../../src/shared/atomic-file.ts';
import { StorageError } from '../../../src/shared/errors.ts';
import { skip } from '../../skip.ts';
import { run } from '../../unit/cli/run.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';

const hasCode = (code: string) => (error: unknown) => error instanceof StorageError && error.code === code;
const codeOf = (stdout: string) => (JSON.parse(stdout) as { error: { code: string } }).error.code;

/** Every file under a folder, relative to it. */
function files(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

describe('a disk that is full or read-only', function () {
  this.timeout(20_000);
  let disk: SmallDisk | undefined;

  function use(context: Mocha.Context, kilobytes: number): SmallDisk {
    const mounted = mountSmallDisk(kilobytes);
    if (typeof mounted === 'string') skip(context, mounted);
    return (disk = mounted);
  }
  afterEach(() => {
    disk?.remove();
    disk = undefined;
  });

  it('full: a typed error, the old file whole, nothing beside it', async function () {
    const { folder } = use(this, 128);
    const file = path.join(folder, 'notes.txt');
    await writeFileAtomic(file, 'old');
    await assert.rejects(writeFileAtomic(file, 'x'.repeat(300_000)), hasCode('disk-full'));
    assert.equal(fs.readFileSync(file, 'utf8'), 'old');
    assert.deepEqual(fs.readdirSync(folder), ['notes.txt']);
    await writeFileAtomic(file, 'new');
    assert.equal(fs.readFileSync(file, 'utf8'), 'new');
  });

  it('read-only: a typed error, whatever the permissions say', async function () {
    const { folder, makeReadOnly } = use(this, 128);
    const file = path.join(folder, 'notes.txt');
    await writeFileAtomic(file, 'old');
    makeReadOnly();
    await assert.rejects(writeFileAtomic(file, 'new'), hasCode('read-only'));
    await assert.rejects(writeFileAtomic(path.join(folder, 'a', 'b'), 'new'), hasCode('read-only'));
    assert.equal(fs.readFileSync(file, 'utf8'), 'old');
  });

  it('toolrec sample on a full disk: exit 4, no half-written dataset', async function () {
    const { folder } = use(this, 256);
    const { code, stdout } = await run(['sample', '--json', '-w', folder]);
    assert.equal(code, 4);
    assert.equal(codeOf(stdout), 'disk-full');
    assert.deepEqual(files(folder), []);
  });

  it('toolrec sample on a disk with room for one: the second time fails, and the first dataset stays whole', async function () {
    const { folder } = use(this, 1000);
    assert.equal((await run(['sample', '-w', folder])).code, 0);
    const directory = path.join(folder, '.toolrec', 'datasets', 'sample');
    const before = await readManifest(directory);
    const listed = files(folder);
    const { code, stdout } = await run(['sample', '--json', '-w', folder]);
    assert.equal(code, 4);
    assert.equal(codeOf(stdout), 'disk-full');
    assert.deepEqual(await readManifest(directory), before);
    assert.deepEqual(files(folder), listed);
    assert.equal((await run(['evaluate', '-m', 'popularity', '-w', folder])).code, 0);
  });

  it('read-only: toolrec sample exits with 4; doctor says so and exits with 1; reading still works', async function () {
    const { folder, makeReadOnly } = use(this, 2000);
    assert.equal((await run(['sample', '-w', folder])).code, 0);
    makeReadOnly();
    const sample = await run(['sample', '--json', '-w', folder]);
    assert.equal(sample.code, 4);
    assert.equal(codeOf(sample.stdout), 'read-only');
    const doctor = await run(['doctor', '--json', '-w', folder]);
    const report = JSON.parse(doctor.stdout) as { ok: boolean; workspace: { writable: boolean } };
    assert.equal(doctor.code, 1);
    assert.deepEqual([report.ok, report.workspace.writable], [false, false]);
    assert.equal((await run(['evaluate', '-m', 'popularity', '-w', folder])).code, 0);
  });
});
