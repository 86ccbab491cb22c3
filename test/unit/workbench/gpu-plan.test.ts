import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DeviceReport } from '../../../src/service/requests/doctor.ts';
import { commandText, gpuMarkdown, gpuPackages, gpuWays } from '../../../src/workbench/gpu/gpu-plan.ts';
import { english } from '../../../src/workbench/texts.ts';

const folder = '/home/a b/.toolrec/gpu';
const ways = (platform: NodeJS.Platform, arch = 'x64') => gpuWays(platform, arch, folder, english);
const names = (platform: NodeJS.Platform, arch?: string) => ways(platform, arch).map(({ device }) => device);

describe('the ways to a GPU', () => {
  it('are those of the platform', () => {
    assert.deepEqual(names('linux'), ['onnx-webgpu', 'onnx-cuda', 'tfjs-node-gpu']);
    assert.deepEqual(names('linux', 'arm64'), ['onnx-webgpu']);
    assert.deepEqual(names('win32'), ['onnx-webgpu', 'onnx-directml', 'tfjs-node-gpu']);
    assert.deepEqual(names('darwin', 'arm64'), ['onnx-webgpu', 'onnx-coreml']);
  });

  it('install the versions that ToolRec is built with, outside of the extension, scripts on for them alone', () => {
    const file = path.resolve(import.meta.dirname, '../../../package.json');
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync(file, 'utf8')) as Record<
      string,
      Record<string, string>
    >;
    for (const [name, version] of Object.entries(gpuPackages))
      assert.equal({ ...dependencies, ...optionalDependencies }[name], version);
    const cuda = ways('linux').find(({ device }) => device === 'onnx-cuda')!;
    assert.equal(
      commandText(cuda),
      'ONNXRUNTIME_NODE_INSTALL=cuda12 npm install --prefix "/home/a b/.toolrec/gpu" onnxruntime-node@1.30.0 --ignore-scripts=false --no-audit --no-fund',
    );
  });

  it('are shown with what is here, the versions and the sizes', () => {
    const devices: DeviceReport[] = [
      { id: 'onnx-webgpu', label: '', available: true, detail: 'ONNX Runtime 1.30.0' },
      { id: 'onnx-cuda', label: '', available: false, detail: '', reason: 'No card | here.' },
    ];
    const text = gpuMarkdown(ways('linux'), devices, folder, english);
    assert.match(text, /✓ works: ONNX Runtime 1\.30\.0/);
    assert.match(text, /No card \\\| here\. \| an NVIDIA driver, CUDA 12 and cuDNN 9 \| about 300 MB/);
    assert.match(text, /CUDA 11\.2 and cuDNN 8\.1.*400 MB/);
    assert.match(text, /not tried/);
  });
});
