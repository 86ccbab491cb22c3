import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stageExtension } from '../../../scripts/package.mjs';

describe('the package', () => {
  // Outside the project, so that nothing is found in its node_modules.
  const folder = mkdtempSync(path.join(os.tmpdir(), 'toolrec-package-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('brings its native libraries and runs from wherever it is', async function () {
    this.timeout(60_000);
    await stageExtension(folder);
    const script = path.join(folder, 'dist', 'probe.mjs');
    writeFileSync(
      script,
      `const [{ Index }, ort] = await Promise.all([import('usearch'), import('onnxruntime-node')]);
       const index = new Index(2, 'ip');
       index.add(BigUint64Array.from([7n, 8n]), new Float32Array([1, 0, 0, 1]));
       const { keys } = index.search(new Float32Array([0.1, 1]), 1, 1);
       console.log(JSON.stringify({ nearest: Number(keys[0]), tensor: new ort.Tensor('float32', [1, 2], [2]).dims }));`,
    );
    const printed = execFileSync(process.execPath, [script], { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(printed), { nearest: 8, tensor: [2] });
    const doctor = execFileSync(
      process.execPath,
      [path.join(folder, 'dist', 'cli.mjs'), 'doctor', '--json'],
      {
        encoding: 'utf8',
        cwd: folder,
      },
    );
    assert.equal(typeof JSON.parse(doctor), 'object');
    assert.ok(existsSync(path.join(folder, 'dist', 'node_modules', 'usearch', 'LICENSE')));
  });
});
