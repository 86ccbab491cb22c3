import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as tf from '@tensorflow/tfjs-core';
import type { BackendValues, KernelBackend, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { findPackage } from '../engine/native-packages.ts';
import { throwIfCancelled } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import type { DeviceReport } from './requests/doctor.ts';

/**
 * Finds out which devices really work by using each one for a tiny computation. Native code is loaded in a child
 * process of its own, because it may crash, hang, or print what it likes.
 */
const timeoutMs = 30_000;

/** A model of one operation, y = Relu(x): ONNX IR 8, opset 13, float x[2]. */
const reluModel = 'CAg6MwoMCgF4EgF5IgRSZWx1EgFnWg8KAXgSCgoICAESBAoCCAJiDwoBeRIKCggIARIECgIIAkICEA0=';

const onnxProbe = `
const [path, provider, model] = process.argv.slice(1);
const ort = require(path);
const only = provider === 'cpu' ? {} : { extra: { session: { disable_cpu_ep_fallback: '1' } } };
ort.InferenceSession.create(Buffer.from(model, 'base64'), { executionProviders: [provider], ...only })
  .then((session) => session.run({ x: new ort.Tensor('float32', [-1, 2], [2]) }))
  .then(({ y }) => {
    if (y.data[0] !== 0 || y.data[1] !== 2) throw new Error('It computed ' + y.data + ' instead of 0,2.');
    return { detail: 'ONNX Runtime ' + ort.env.versions.node };
  })
  .catch((error) => ({ error: error.message }))
  .then((answer) => process.stdout.write('\\n@@' + JSON.stringify(answer) + '\\n', () => process.exit(0)));
`;

// tfjs-node 4.22 uses two functions of node:util that Node 23 removed.
const tfjsNodeProbe = `
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
let answer;
try {
  const tf = require(process.argv[1]);
  const y = tf.relu(tf.tensor1d([-1, 2])).dataSync();
  if (y[0] !== 0 || y[1] !== 2) throw new Error('It computed ' + y + ' instead of 0,2.');
  answer = { detail: 'TensorFlow ' + tf.version['tfjs-node'] + (tf.backend().isUsingGpuDevice ? ', GPU' : ', no GPU in use') };
  if (!tf.backend().isUsingGpuDevice) answer = { error: 'TensorFlow found no GPU that it can use.' };
} catch (error) {
  answer = { error: error.message };
}
process.stdout.write('\\n@@' + JSON.stringify(answer) + '\\n', () => process.exit(0));
`;

interface Answer {
  readonly detail?: string;
  readonly error?: string;
  /** What it printed to stderr: often the real reason. */
  readonly printed: string;
}

export async function probeDevices(work: LongWork): Promise<DeviceReport[]> {
  const require = createRequire(import.meta.url);
  work.onProgress?.({ message: 'Trying each device' });
  const reports = await Promise.all([
    onnx(require, 'onnx-cpu', 'cpu', 'ONNX Runtime · CPU', work),
    onnx(require, 'onnx-webgpu', 'webgpu', 'ONNX Runtime · WebGPU', work),
    onnx(require, 'onnx-cuda', 'cuda', 'ONNX Runtime · CUDA', work),
    onnx(require, 'onnx-directml', 'dml', 'ONNX Runtime · DirectML', work),
    onnx(require, 'onnx-coreml', 'coreml', 'ONNX Runtime · CoreML', work),
    tfjsNodeGpu(require, work),
    tfjs('tfjs-wasm', 'TensorFlow.js · WebAssembly', async () => {
      const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
      try {
        setWasmPaths(wasmFolder(require));
      } catch (error) {
        // It is in use already, so its files have been found.
        if (!/already initialized/.test(String(error))) throw error;
      }
      return 'wasm';
    }),
    tfjs('tfjs-cpu', 'TensorFlow.js · plain JavaScript', async () => {
      await import('@tensorflow/tfjs-backend-cpu');
      return 'cpu';
    }),
  ]);
  throwIfCancelled(work.signal);
  return reports;
}

async function onnx(
  require: NodeJS.Require,
  id: DeviceReport['id'],
  provider: string,
  label: string,
  work: LongWork,
): Promise<DeviceReport> {
  const missing = (reason: string, remedy?: string): DeviceReport => ({
    id,
    label,
    available: false,
    detail: '',
    reason,
    ...(remedy ? { remedy } : {}),
  });
  if (provider === 'dml' && process.platform !== 'win32') return missing('DirectML exists on Windows only.');
  if (provider === 'coreml' && process.platform !== 'darwin') return missing('CoreML exists on macOS only.');
  if (provider === 'cuda' && process.platform === 'darwin') return missing('CUDA does not exist on macOS.');
  const found = findPackage('onnxruntime-node', require);
  if (!found) return missing('The package onnxruntime-node is not installed.', 'Run “npm install”.');
  const answer = await inChild(onnxProbe, [found, provider, reluModel], work);
  if (answer.error === undefined) return { id, label, available: true, detail: answer.detail ?? '' };
  return missing(...explainOnnx(provider, answer));
}

function explainOnnx(
  provider: string,
  { error = '', printed }: Answer,
): [reason: string, remedy?: string | undefined] {
  if (/backend not found/.test(error)) return ['This build of onnxruntime-node does not have it.'];
  if (provider === 'webgpu' && /adapter/i.test(error)) {
    const why = /Couldn't load Vulkan: ([^\n]*)/.exec(printed)?.[1];
    return [
      `No GPU that WebGPU can use was found${why ? ` (${why.split(':')[0]} is missing)` : ''}.`,
      process.platform === 'linux'
        ? 'Install the graphics driver and the Vulkan loader (libvulkan1).'
        : undefined,
    ];
  }
  if (provider === 'cuda' && /shared library|libonnxruntime_providers/i.test(error + printed)) {
    const needs = /Failed to load library \S*?([^/\\\s]+) with error: (?:.*?: )?([^:\n]*): cannot open/.exec(
      printed,
    );
    const part = needs?.[1] ?? 'its CUDA part';
    return [
      `onnxruntime-node's CUDA files cannot be loaded (${part}).`,
      process.platform === 'linux' && process.arch === 'x64'
        ? 'With an NVIDIA card, CUDA 12 and cuDNN 9, run “ToolRec: Set Up GPU Engine”, or ONNXRUNTIME_NODE_INSTALL=cuda12 npm install --prefix ~/.toolrec/gpu onnxruntime-node@1.30.0 --ignore-scripts=false.'
        : undefined,
    ];
  }
  return [firstSentence(error)];
}

async function tfjsNodeGpu(require: NodeJS.Require, work: LongWork): Promise<DeviceReport> {
  const base = { id: 'tfjs-node-gpu', label: 'TensorFlow · GPU', available: false, detail: '' } as const;
  const remedy =
    'With an NVIDIA card, CUDA 11.2 and cuDNN 8.1, run “ToolRec: Set Up GPU Engine”, or npm install --prefix ~/.toolrec/gpu @tensorflow/tfjs-node-gpu@4.22.0 --ignore-scripts=false; it downloads TensorFlow (about 400 MB).';
  const found = findPackage('@tensorflow/tfjs-node-gpu', require);
  if (!found) return { ...base, reason: 'The package @tensorflow/tfjs-node-gpu is not installed.', remedy };
  const answer = await inChild(tfjsNodeProbe, [found], work);
  if (answer.error === undefined) return { ...base, available: true, detail: answer.detail ?? '' };
  const reason = /tfjs_binding\.node/.test(answer.error)
    ? 'Its native part is not installed (only the JavaScript of @tensorflow/tfjs-node-gpu is).'
    : firstSentence(answer.error);
  return { ...base, reason, remedy };
}

async function tfjs(
  id: DeviceReport['id'],
  label: string,
  load: () => Promise<string>,
): Promise<DeviceReport> {
  try {
    const name = await load();
    const core = await import('@tensorflow/tfjs-core');
    // A backend of our own, not `setBackend`: a model may be training in this process on the one that is set.
    const backend = (await core.findBackendFactory(name)()) as KernelBackend;
    const kernel = core.getKernel('Relu', name);
    kernel.setupFunc?.(backend);
    const values = withoutAdvertisement(core, () => relu(backend, kernel, Float32Array.of(-1, 2)));
    if (values[0] !== 0 || values[1] !== 2) throw new Error(`It computed ${String(values)} instead of 0,2.`);
    return { id, label, available: true, detail: `TensorFlow.js ${core.version_core}` };
  } catch (error) {
    const reason = firstSentence(error instanceof Error ? error.message : String(error));
    return { id, label, available: false, detail: '', reason };
  }
}

function relu(backend: KernelBackend, kernel: KernelConfig, values: Float32Array): BackendValues {
  const shape = [values.length];
  const x: TensorInfo = { dataId: backend.write(values, shape, 'float32'), shape, dtype: 'float32' };
  const y = kernel.kernelFunc({ inputs: { x }, backend, attrs: {} }) as TensorInfo;
  const result = backend.readSync(y.dataId);
  backend.disposeData(x.dataId);
  backend.disposeData(y.dataId);
  return result;
}

/** The plain backend praises tfjs-node on the console at its first write, unless in production mode. */
function withoutAdvertisement<T>(core: typeof tf, body: () => T): T {
  const before = core.env().getBool('PROD');
  core.env().set('PROD', true);
  try {
    return body();
  } finally {
    core.env().set('PROD', before);
  }
}

/** Where the .wasm files lie: beside the bundle, or in the package. With a separator at its end. */
function wasmFolder(require: NodeJS.Require): string {
  const beside = path.dirname(fileURLToPath(import.meta.url));
  if (fs.existsSync(path.join(beside, 'tfjs-backend-wasm.wasm'))) return beside + path.sep;
  const found = resolve(require, '@tensorflow/tfjs-backend-wasm/package.json');
  return path.join(found ? path.dirname(found) : beside, 'dist') + path.sep;
}

function resolve(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}

function firstSentence(text: string): string {
  const line = text.split('\n').find((candidate) => candidate.trim()) ?? 'It gave no reason';
  return line.trim().slice(0, 300).replace(/\.?$/, '.');
}

function inChild(script: string, args: readonly string[], { signal }: LongWork): Promise<Answer> {
  return new Promise((resolveAnswer) => {
    const child = spawn(process.execPath, ['-e', script, ...args], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let output = '';
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
    let late = false;
    const kill = () => child.kill('SIGKILL');
    const timer = setTimeout(() => {
      late = true;
      kill();
    }, timeoutMs);
    signal?.addEventListener('abort', kill, { once: true });
    const finish = (fallback: string) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', kill);
      const line = output.split('\n').find((candidate) => candidate.startsWith('@@'));
      const answer = line ? (JSON.parse(line.slice(2)) as Answer) : { error: fallback };
      resolveAnswer({ ...answer, printed: printed.slice(0, 20_000) });
    };
    child.on('error', (error) => finish(error.message));
    child.on('close', (code, ended) =>
      finish(
        late
          ? `It did not answer within ${timeoutMs / 1000} s.`
          : `It ended ${ended ? `by ${ended}` : `with exit code ${code}`} when it was tried.`,
      ),
    );
  });
}
