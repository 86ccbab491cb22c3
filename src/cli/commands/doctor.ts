import * as z from 'zod';
import { doctorReport, type DoctorReport } from '../../service/requests/doctor.ts';
import { examples, type Cli } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatBytes } from '../progress-line.ts';
import { plainText, table, type Style } from '../terminal.ts';

export function register(program: ToolRecCommand, cli: Cli): void {
  program
    .command('doctor')
    .summary('what this machine has: Node, devices, workspace folder')
    .description(
      'Shows Node, platform, every device with the reason why it is not available (each is really tried), and the ' +
        'workspace folder with its free space. Exits with 1 if something needed is missing.',
    )
    .option('--device', 'only the devices, with the reason for each that is not available')
    .addHelpText(
      'after',
      examples(
        ['toolrec doctor --device', 'what training can compute on'],
        ['toolrec doctor', 'look at this folder and machine'],
        ['toolrec doctor --json | jq .devices', 'the devices, for a program'],
      ),
    )
    .action(
      cli.action(z.strictObject({ device: z.literal(true).optional() }), async (run, { device }) => {
        const report = await run.engine.request(doctorReport, { workspace: run.workspace.folder }, run.work);
        const problems = problemsOf(report);
        if (device) {
          const { devices } = report;
          await run.result({ devices }, (style) => renderDevices(devices, style));
          return devices.some(({ available }) => available) ? exitCodes.ok.code : exitCodes.failure.code;
        }
        await run.result({ ok: problems.length === 0, problems, ...report }, (style) =>
          render(report, problems, style),
        );
        return problems.length === 0 ? exitCodes.ok.code : exitCodes.failure.code;
      }),
    );
}

/** What keeps the workbench from working here, as sentences. */
function problemsOf({ node, workspace, devices }: DoctorReport): string[] {
  const problems: string[] = [];
  if (!node.supported) problems.push(`Node ${node.version} is too old; ${node.required} is needed.`);
  if (!workspace.writable)
    problems.push(`The workspace folder is not writable. ${workspace.reason ?? ''}`.trim());
  if (!devices.some(({ available }) => available)) problems.push('No device can compute.');
  return problems;
}

function render(report: DoctorReport, problems: readonly string[], style: Style): string[] {
  const { node, platform, workspace, devices } = report;
  const free =
    workspace.freeBytes === undefined ? 'free space unknown' : `${formatBytes(workspace.freeBytes)} free`;
  const facts = [
    ['Node', `${node.version} (needed: ${node.required})`],
    ['Platform', `${platform.os}, ${platform.arch}, ${platform.cores} × ${platform.cpu}`],
    ['Memory', `${formatBytes(platform.memory)}, ${formatBytes(platform.freeMemory)} free`],
    ['Workspace', `${workspace.folder}, ${workspace.writable ? 'writable' : 'NOT writable'}, ${free}`],
  ];
  const lines = [
    ...table(facts.map(([name, value]) => [style.bold(name!), value!])),
    '',
    ...renderDevices(devices, style),
  ];
  lines.push('', ...problems.map((problem) => `${style.bad('✗')} ${problem}`));
  if (problems.length === 0) lines.push(`${style.good('✓')} Ready.`);
  return lines;
}

function renderDevices(devices: DoctorReport['devices'], style: Style): string[] {
  const rows = devices.map(({ id, label, available, detail, reason }) => [
    available ? style.good('✓') : style.dim('–'),
    id,
    label,
    plainText(available ? detail : (reason ?? '')),
  ]);
  const remedies = new Map(devices.flatMap(({ id, remedy }) => (remedy ? [[id, remedy] as const] : [])));
  const lines = [style.bold('Devices'), ...table(rows)];
  if (remedies.size > 0) lines.push('', style.bold('To have more devices'));
  for (const [id, remedy] of remedies) lines.push(`  ${id}: ${remedy}`);
  return lines;
}
