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
