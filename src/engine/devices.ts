/** Devices by name. Native code and backends are loaded when they are asked for. */
import { createRequire } from 'node:module';
import path from 'node:path';
import util from 'node:util';
import { EngineError } from '../shared/errors.ts';
import type { DeviceName } from './device-names.ts';
import { findPackage } from './native-packages.ts';
import { OnnxEngine } from './onnx-engine.ts';
import type { Engine } from './program.ts';
import { TfjsEngine } from './tfjs-engine.ts';

export { deviceNames, type DeviceName } from './device-names.ts';

export interface EngineOptions {
  /** CPU threads; 0 = as many as there are cores. */
  readonly threads?: number;
}

const providers = {
  'onnx-cpu': 'cpu',
  'onnx-webgpu': 'webgpu',
  'onnx-cuda': 'cuda',
  'onnx-directml': 'dml',
  'onnx-coreml': 'coreml',
} as const;

/** @throws EngineError `device-unavailable` with the reason */
export async function createEngine(device: DeviceName, options: EngineOptions = {}): Promise<Engine> {
  try {
    if (device in providers) {
      return await OnnxEngine.create({ provider: providers[device as keyof typeof providers], ...options });
    }
    return new TfjsEngine(await tfjsBackend(device as Exclude<DeviceName, keyof typeof providers>));
  } catch (error) {
    throw new EngineError(
      'device-unavailable',
      `The device ${device} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      'Run “toolrec doctor” to see which devices work here.',
      { cause: error },
    );
  }
}

async function tfjsBackend(device: 'tfjs-node-gpu' | 'tfjs-wasm' | 'tfjs-cpu'): Promise<string> {
  const require = createRequire(import.meta.url);
  switch (device) {
    case 'tfjs-cpu':
      await import('@tensorflow/tfjs-backend-cpu');
      return 'cpu';
    case 'tfjs-wasm': {
      const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
      try {
        setWasmPaths(`${path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
      } catch (error) {
        if (!/already initialized/.test(String(error))) throw error; // its files have been found before
      }
      return 'wasm';
    }
    case 'tfjs-node-gpu': {
      // tfjs-node 4.22 uses two functions of node:util that Node 23 removed.
      Object.assign(util, {
        isNullOrUndefined: (value: unknown) => value === null || value === undefined,
        isArray: Array.isArray,
      });
      require(findPackage('@tensorflow/tfjs-node-gpu', require) ?? '@tensorflow/tfjs-node-gpu');
      return 'tensorflow';
    }
  }
}
