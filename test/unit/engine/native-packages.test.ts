import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import util from 'node:util';
import { createEngine } from '../../../src/engine/devices.ts';
import { findPackage, gpuFolder, loadOnnxRuntime } from '../../../src/engine/native-packages.ts';

const require = createRequire(import.meta.url);

describe('native packages', () => {
  let folder: string;
  const before = process.env['TOOLREC_GPU_FOLDER'];
  const install = async (name: string, code: string) => {
    const place = path.join(folder, 'node_modules', name);
    await fs.mkdir(place, { recursive: true });
    await fs.writeFile(path.join(place, 'package.json'), JSON.stringify({ name, main: 'index.js' }));
    await fs.writeFile(path.join(place, 'index.js'), code);
    return place;
  };
  beforeEach(async () => {
    folder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-gpu-')));
    process.env['TOOLREC_GPU_FOLDER'] = folder;
  });
  afterEach(async () => {
    if (before === undefined) delete process.env['TOOLREC_GPU_FOLDER'];
    else process.env['TOOLREC_GPU_FOLDER'] = before;
    await fs.rm(folder, { recursive: true });
  });

  it('are ToolRec’s own where no others are installed', () => {
    assert.equal(gpuFolder({}), path.join(os.homedir(), '.toolrec', 'gpu'));
    assert.equal(findPackage('onnxruntime-node', require), require.resolve('onnxruntime-node'));
  });

  it('are those that were installed for a GPU, where there are any', async () => {
    const place = await install('onnxruntime-node', 'module.exports = { installed: true };');
    assert.equal(findPackage('onnxruntime-node', require), path.join(place, 'index.js'));
    assert.equal(((await loadOnnxRuntime()) as unknown as { installed: boolean }).installed, true);
  });

  it('find the functions of node:util that newer Nodes lack', async () => {
    const node = util as unknown as Record<string, unknown>;
    const { isArray, isNullOrUndefined } = node;
    delete node['isArray'];
    delete node['isNullOrUndefined'];
    try {
      await install(
        '@tensorflow/tfjs-node-gpu',
        `const util = require('util');
         if (!util.isNullOrUndefined(undefined) || util.isNullOrUndefined(0) || !util.isArray([])) throw new Error('shims');
         globalThis.toolrecLoadedGpu = true;`,
      );
      assert.equal((await createEngine('tfjs-node-gpu')).device, 'tfjs-node-gpu');
      assert.equal((globalThis as Record<string, unknown>)['toolrecLoadedGpu'], true);
      await install('@tensorflow/tfjs-node-gpu', '');
    } finally {
      Object.assign(node, { isArray, isNullOrUndefined });
    }
  });

  it('that cannot be loaded are named with the reason', async () => {
    await install('@tensorflow/tfjs-node-gpu', 'throw new Error("no libcudart");');
    await assert.rejects(createEngine('tfjs-node-gpu'), {
      code: 'device-unavailable',
      message: /no libcudart/,
    });
  });
});
