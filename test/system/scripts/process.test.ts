import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { skip } from '../../skip.ts';
import { endGroup, findProgram, run } from '../../../scripts/process.mjs';

const node = process.execPath;
const isAlive = (pid: number) => {
  try {
    // A zombie waits only for its parent to look; it does not run.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe('scripts: processes', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'toolrec-test-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('gives the exit code and both outputs of a program', async () => {
    const script = 'console.log("out"); console.error("err"); process.exit(7)';
    const { code, output, timedOut } = await run(node, ['-e', script], { output: 'hide' });
    assert.equal(code, 7);
    assert.match(output, /out/);
    assert.match(output, /err/);
    assert.equal(timedOut, false);
  });

  it('says 127 when there is no such program', async () => {
    assert.equal((await run(path.join(folder, 'none'), [], { output: 'hide' })).code, 127);
  });

  it('ends a program that takes too long', async () => {
    const script = 'setInterval(() => {}, 1000)';
    const result = await run(node, ['-e', script], { output: 'hide', timeoutSeconds: 0.3 });
    assert.equal(result.timedOut, true);
    assert.notEqual(result.code, 0);
  });

  it('ends the children of a program with it, and one that does not listen', async function () {
    if (process.platform !== 'linux') skip(this, 'reads /proc');
    const stubborn = 'process.on("SIGTERM", () => {}); console.log(process.pid); setInterval(() => {}, 1000)';
    const parent = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(stubborn)}], { stdio: "inherit" }); setInterval(() => {}, 1000)`;
    const child = spawn(node, ['-e', parent], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) =>
      child.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString()))),
    );
    assert.equal(isAlive(pid), true);
    await endGroup(child, 0.2);
    for (let tries = 0; isAlive(pid) && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(isAlive(pid), false);
  });

  it('finds programs, not folders or plain files, in the order asked for', () => {
    const program = path.join(folder, 'program');
    writeFileSync(program, '#!/bin/sh\n');
    chmodSync(program, 0o755);
    const plain = path.join(folder, 'plain');
    writeFileSync(plain, '');
    mkdirSync(path.join(folder, 'sub'));
    assert.equal(findProgram([path.join(folder, 'sub'), plain, program]), program);
    assert.equal(findProgram(['toolrec-there-is-no-such-program']), undefined);
  });
});
