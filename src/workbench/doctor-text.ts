import type { DoctorReport } from '../service/requests/doctor.ts';
import { formatBytes } from './progress-text.ts';
import type { Texts } from './texts.ts';

/** The doctor's report as Markdown. A mark and a word say whether a thing is there. */
export function doctorMarkdown(report: DoctorReport, texts: Texts): string {
  const { node, platform, workspace, devices } = report;
  const space =
    workspace.freeBytes === undefined
      ? texts.t('free space unknown')
      : texts.t('{0} free', formatBytes(workspace.freeBytes));
  const writable = workspace.writable
    ? texts.t('can be written to')
    : texts.t('cannot be written to: {0}', workspace.reason ?? '–');
  const facts: readonly (readonly [string, string])[] = [
    [
      texts.t('Engine runs in Node'),
      node.supported
        ? node.version
        : texts.t('{0}, which is too old: {1} is needed', node.version, node.required),
    ],
    [
      texts.t('System'),
      `${platform.os}, ${platform.arch}, ${texts.t('{0} cores', platform.cores)}, ${platform.cpu}`,
    ],
    [
      texts.t('Memory'),
      texts.t('{0}, {1} free', formatBytes(platform.memory), formatBytes(platform.freeMemory)),
    ],
    [texts.t('Folder'), `${workspace.folder}, ${writable}, ${space}`],
  ];
  const deviceRows = devices.map(({ label, available, detail, reason, remedy }) =>
    available
      ? `| ${unbroken(`✓ ${texts.t('available')}`)} | ${unbroken(cell(label))} | ${cell(detail)} |`
      : `| ${unbroken(`– ${texts.t('not available')}`)} | ${unbroken(cell(label))} | ${cell([reason, remedy].filter(Boolean).join(' '))} |`,
  );
  return [
    `# ${texts.t('ToolRec Doctor')}`,
    '',
    ...facts.map(([name, value]) => `- **${name}**: ${value.replace(/\s+/g, ' ')}`),
    '',
    `## ${texts.t('Devices')}`,
    '',
    `| ${texts.t('State')} | ${texts.t('Device')} | ${texts.t('What is known')} |`,
    '| :-- | :-- | :-- |',
    ...deviceRows,
    '',
  ].join('\n');
}

/** Kept on one line in a narrow column. */
function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

function cell(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
}
