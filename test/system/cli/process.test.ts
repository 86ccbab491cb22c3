import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as esbuild from 'esbuild';

describe('toolrec as a process', function () {
  this.timeout(20_000);
  let program: string;
  before(() => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'toolrec-cli-'));
    program = path.join(folder, 'slow-cli.mjs');
    esbuild.buildSync({
      entryPoints: [path.join(import.meta.dirname, 'fixtures/slow-cli.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      mainFields: ['module', 'main'],
      // Loaded when a model is asked for, which these commands do not.
      external: ['onnxruntime-node'],
      banner: {
        js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url); const __filename = import.meta.filename, __dirname = import.meta.dirname;',
      },
    });
  });
  after(() => fs.rmSync(path.dirname(program), { recursive: true, force: true }));

  function start(...args: string[]) {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const text = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk));
    const ended = once(child, 'close').then(([code]) => ({ code: code as number, ...text }));
    const says = async (words: string) => {
      while (!text.stderr.includes(words)) await once(child.stderr, 'data');
    };
    return { child: child as ChildProcess, ended, says };
  }

  it('Ctrl-C lets the command clean up and exits with 130', async () => {
    const { child, ended, says } = start('wait', '--json');
    await says('waiting');
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    assert.equal(code, 130);
    assert.match(stderr, /cleaned up/);
    assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, 'cancelled');
  });

  it('a second Ctrl-C ends at once what does not stop', async () => {
    const { child, ended, says } = start('stubborn');
    await says('waiting');
    child.kill('SIGINT');
    await says('again');
    child.kill('SIGINT');
    assert.equal((await ended).code, 130);
  });

  it('a termination signal exits with 143, cleaned up', async () => {
    const { child, ended, says } = start('wait');
    await says('waiting');
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    assert.equal(code, 143);
    assert.match(stderr, /cleaned up/);
  });

  it('a reader that closes the pipe ends it quietly with 141', async () => {
    const { child, ended } = start('spew', '--json');
    await once(child.stdout!, 'data');
    child.stdout!.destroy();
    const { code, stderr } = await ended;
    assert.equal(code, 141);
    assert.equal(stderr, '');
  });

  it('an output that cannot be written is said in a sentence, with exit 4', async function () {
    if (!fs.existsSync('/dev/full')) this.skip();
    const full = fs.openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [program, 'spew', '--json'], { stdio: ['ignore', full, 'pipe'] });
    fs.closeSync(full);
    let stderr = '';
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 4);
    assert.match(stderr, /^error: stdout: [^\n]+\n$/);
  });

  it('a long result arrives whole through a pipe', async () => {
    const { code, stdout } = await start('spew', '--json').ended;
    assert.equal(code, 0);
    assert.equal((JSON.parse(stdout) as string[]).length, 300_000);
  });

  it('--quiet says nothing but errors; a defect exits with 1 and shows its stack', async () => {
    const [defect, quiet] = await Promise.all([
      start('defect', '--json').ended,
      start('defect', '--quiet').ended,
    ]);
    assert.match(defect.stderr, /^working\na message\n/);
    assert.match(quiet.stderr, /^error: /);
    assert.equal(defect.code, 1);
    assert.match(defect.stderr, /TypeError: a defect\n\s+at /);
    assert.equal((JSON.parse(defect.stdout) as { error: { code: string } }).error.code, 'internal');
  });
});
