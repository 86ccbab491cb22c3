/** What can be done to compute on a GPU, as data: what each way needs, how large it is, and the command that installs it. */
import type { DeviceReport } from '../../service/requests/doctor.ts';
import type { Texts } from '../texts.ts';

/** As in package.json; a test compares them. */
export const gpuPackages = {
  'onnxruntime-node': '1.30.0',
  '@tensorflow/tfjs-node-gpu': '4.22.0',
} as const;

export interface GpuWay {
  readonly device: DeviceReport['id'];
  readonly name: string;
  /** Drivers and libraries that must be on the machine already. */
  readonly needs: string;
  /** Of the download and on disk, about. */
  readonly size: string;
  /** Command and arguments; undefined where nothing has to be installed. */
  readonly install: readonly [command: string, ...rest: string[]] | undefined;
  /** Variables that the command needs. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The ways that exist on a platform, best first. @param folder where packages go */
export function gpuWays(platform: NodeJS.Platform, arch: string, folder: string, { t }: Texts): GpuWay[] {
  const npm = (name: keyof typeof gpuPackages) =>
    [
      'npm',
      'install',
      '--prefix',
      folder,
      `${name}@${gpuPackages[name]}`,
      '--ignore-scripts=false',
      '--no-audit',
      '--no-fund',
    ] as const;
  const none = t('nothing to download');
  const webGpu: GpuWay = {
    device: 'onnx-webgpu',
    name: t('WebGPU, any graphics card'),
    needs:
      platform === 'linux'
        ? t('a graphics driver with Vulkan, and the Vulkan loader (libvulkan1)')
        : t('a current graphics driver'),
    size: none,
    install: undefined,
  };
  // onnxruntime-node 1.30 has CUDA files for Linux alone.
  const hasCuda = platform === 'linux' && arch === 'x64';
  const hasTensorFlow = hasCuda || (platform === 'win32' && arch === 'x64');
  const cuda: GpuWay = {
    device: 'onnx-cuda',
    name: t('ONNX Runtime with CUDA, NVIDIA cards'),
    needs: t('an NVIDIA driver, CUDA 12 and cuDNN 9'),
    size: t('about 300 MB to download, 700 MB on disk'),
    install: npm('onnxruntime-node'),
    env: { ONNXRUNTIME_NODE_INSTALL: 'cuda12' },
  };
  const tensorFlow: GpuWay = {
    device: 'tfjs-node-gpu',
    name: t('TensorFlow, NVIDIA cards'),
    needs: t('an NVIDIA driver, CUDA 11.2 and cuDNN 8.1 (other versions are not found)'),
    size: t('about 400 MB to download, 1.2 GB on disk'),
    install: npm('@tensorflow/tfjs-node-gpu'),
  };
  const own: Partial<Record<NodeJS.Platform, GpuWay>> = {
    win32: {
      device: 'onnx-directml',
      name: t('DirectML, any graphics card'),
      needs: t('Windows 10 or later and a current graphics driver'),
      size: none,
      install: undefined,
    },
    darwin: {
      device: 'onnx-coreml',
      name: t('CoreML, Apple chips'),
      needs: t('macOS 13 or later'),
      size: none,
      install: undefined,
    },
  };
  const platformOwn = own[platform];
  return [
    webGpu,
    ...(platformOwn ? [platformOwn] : []),
    ...(hasCuda ? [cuda] : []),
    ...(hasTensorFlow ? [tensorFlow] : []),
  ];
}

/** What is here and what can be had, as a page. */
export function gpuMarkdown(
  ways: readonly GpuWay[],
  devices: readonly DeviceReport[],
  folder: string,
  { t }: Texts,
): string {
  const cell = (text: string) => text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
  const rows = ways.map(({ device, name, needs, size, install }) => {
    const report = devices.find(({ id }) => id === device);
    const state = report?.available
      ? `✓ ${t('works')}: ${report.detail}`
      : `– ${report?.reason ?? t('not tried')}`;
    return `| ${cell(name)} | ${cell(state)} | ${cell(needs)} | ${cell(install ? size : t('nothing to download'))} |`;
  });
  return [
    `# ${t('GPU Engine')}`,
    '',
    t(
      'Training runs on the processor without any of this. With the device “auto” ToolRec times a few real steps on every device that works and keeps the fastest.',
    ),
    '',
    `| ${t('Way')} | ${t('On this machine')} | ${t('Needs')} | ${t('Size')} |`,
    '| :-- | :-- | :-- | :-- |',
    ...rows,
    '',
    t('Packages are installed into {0}, and can be removed by deleting that folder.', `\`${folder}\``),
    '',
  ].join('\n');
}

/** As it would be typed; shown before anything runs. */
export function commandText({ install = ['npm'], env = {} }: GpuWay): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [...variables, ...install]
    .map((part) => (/^[\w@./:=+-]+$/.test(part) ? part : JSON.stringify(part)))
    .join(' ');
}
