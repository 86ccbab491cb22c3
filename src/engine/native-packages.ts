/**
 * Packages with native code. “ToolRec: Set Up GPU Engine” installs GPU builds into a folder of their own, outside of the
 * extension, which an update would empty; a package that is there goes before the one that ToolRec brings.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type * as ort from 'onnxruntime-node';

export type NativePackage = 'onnxruntime-node' | '@tensorflow/tfjs-node-gpu';

/** `~/.toolrec/gpu`, or what `TOOLREC_GPU_FOLDER` says. */
export function gpuFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env['TOOLREC_GPU_FOLDER'] ?? path.join(os.homedir(), '.toolrec', 'gpu');
}

/** Where the package's code is; undefined when it is not installed. */
export function findPackage(name: NativePackage, own: NodeJS.Require): string | undefined {
  const installed = path.join(gpuFolder(), 'node_modules', name);
  const requires = existsSync(installed)
    ? [createRequire(path.join(gpuFolder(), 'package.json')), own]
    : [own];
  for (const require of requires)
    try {
      return require.resolve(name);
    } catch {
      // the next
    }
  return undefined;
}

/** onnxruntime, from wherever it is. */
export async function loadOnnxRuntime(): Promise<typeof ort> {
  if (!existsSync(path.join(gpuFolder(), 'node_modules', 'onnxruntime-node')))
    return import('onnxruntime-node');
  const require = createRequire(path.join(gpuFolder(), 'package.json'));
  return require('onnxruntime-node') as typeof ort;
}
