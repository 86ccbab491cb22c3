/** Every device that an engine may run on, best known first. Loads nothing: hosts and schemas name devices too. */
export const deviceNames = [
  'onnx-cpu',
  'onnx-webgpu',
  'onnx-cuda',
  'onnx-directml',
  'onnx-coreml',
  'tfjs-node-gpu',
  'tfjs-wasm',
  'tfjs-cpu',
] as const;

/** What a training may be asked to run on: a device, or the fastest that works. */
export const trainableDevices = ['auto', ...deviceNames] as const;
export type DeviceName = (typeof deviceNames)[number];

const deviceLabels: Readonly<Record<DeviceName, string>> = {
  'onnx-cpu': 'ONNX Runtime · CPU',
  'onnx-webgpu': 'ONNX Runtime · WebGPU',
  'onnx-cuda': 'ONNX Runtime · CUDA',
  'onnx-directml': 'ONNX Runtime · DirectML',
  'onnx-coreml': 'ONNX Runtime · CoreML',
  'tfjs-node-gpu': 'TensorFlow.js · GPU',
  'tfjs-wasm': 'TensorFlow.js · WebAssembly',
  'tfjs-cpu': 'TensorFlow.js · plain JavaScript',
};

/** What people read in the place of a device's name. */
export function deviceLabel(device: string): string {
  return Object.hasOwn(deviceLabels, device) ? deviceLabels[device as DeviceName] : device;
}
