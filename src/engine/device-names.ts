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
export type DeviceName = (typeof deviceNames)[number];
