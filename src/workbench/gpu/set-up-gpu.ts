import * as vscode from 'vscode';
import { gpuFolder } from '../../engine/native-packages.ts';
import { type DeviceReport, doctorReport } from '../../service/requests/doctor.ts';
import { makeFolder } from '../../shared/atomic-file.ts';
import { EngineError } from '../../shared/errors.ts';
import { openFolders } from '../folders.ts';
import { vscodeTexts } from '../language.ts';
import { runWithProgress } from '../long-work.ts';
import { restartEngine } from '../restart-engine.ts';
import type { Workbench } from '../workbench.ts';
import { commandText, gpuMarkdown, type GpuWay, gpuWays } from './gpu-plan.ts';

const page = 'GPU Engine';

/**
 * “ToolRec: Set Up GPU Engine”: shows what is here and what each way needs, installs the chosen one in a terminal after
 * consent, and ends with a check of the devices.
 */
export async function setUpGpu(workbench: Workbench): Promise<void> {
  const folder = gpuFolder();
  const ways = gpuWays(process.platform, process.arch, folder, vscodeTexts);
  const devices = await check(workbench);
  await workbench.reports.show(page, gpuMarkdown(ways, devices, folder, vscodeTexts));
  const way = await choose(ways, devices);
  if (!way) return;
  if (!way.install) return explain(way, devices);
  if (!(await consent(way, folder))) return;
  await install(way, folder);
  await restartEngine(workbench);
  const now = await check(workbench);
  await workbench.reports.show(page, gpuMarkdown(ways, now, folder, vscodeTexts));
  await explain(way, now);
}

async function check({ engine }: Workbench): Promise<DeviceReport[]> {
  const workspace = openFolders()[0]?.uri.fsPath ?? process.cwd();
  const report = await runWithProgress(vscode.l10n.t('Trying every device'), (work) =>
    engine.request(doctorReport, { workspace }, work),
  );
  return report.devices;
}

async function choose(
  ways: readonly GpuWay[],
  devices: readonly DeviceReport[],
): Promise<GpuWay | undefined> {
  const items = ways.map((way) => {
    const works = devices.some(({ id, available }) => id === way.device && available);
    return {
      label: `${works ? '$(check)' : way.install ? '$(cloud-download)' : '$(circle-slash)'} ${way.name}`,
      description: works ? vscode.l10n.t('works here') : way.size,
      detail: vscode.l10n.t('Needs {0}.', way.needs),
      way,
    };
  });
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Set Up GPU Engine'),
    placeHolder: vscode.l10n.t('What should training compute on?'),
    ignoreFocusOut: true,
  });
  return picked?.way;
}

/** Nothing is downloaded, and nothing runs, before this is answered. */
async function consent(way: GpuWay, folder: string): Promise<boolean> {
  const { name, needs, size } = way;
  const yes = vscode.l10n.t('Install');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('Install “{0}”?', name),
    {
      modal: true,
      detail: [
        vscode.l10n.t('It needs {0}; these are not installed by ToolRec.', needs),
        vscode.l10n.t(
          'It downloads {0} from the package registry and, by the package’s own install script, from its maker.',
          size,
        ),
        vscode.l10n.t('It goes into {0}. This runs in a terminal:', folder),
        commandText(way),
      ].join('\n\n'),
    },
    yes,
  );
  return answer === yes;
}

/** @throws EngineError `gpu-install-failed` */
async function install({ name, install, env = {} }: GpuWay, folder: string): Promise<void> {
  await makeFolder(folder);
  const [command, ...args] = install!;
  const task = new vscode.Task(
    { type: 'shell' },
    vscode.TaskScope.Global,
    vscode.l10n.t('Set Up GPU Engine'),
    'ToolRec',
    new vscode.ShellExecution(command, args, { cwd: folder, env: { ...env } }),
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true, showReuseMessage: false };
  const ended = new Promise<number | undefined>((resolve) => {
    const listening = vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
      if (execution.task.name !== task.name || execution.task.source !== task.source) return;
      listening.dispose();
      resolve(exitCode);
    });
  });
  await vscode.tasks.executeTask(task);
  const code = await ended;
  if (code === 0) return;
  throw new EngineError(
    'gpu-install-failed',
    vscode.l10n.t('“{0}” was not installed (exit code {1}).', name, String(code ?? '–')),
    vscode.l10n.t('The terminal shows why. npm, which comes with Node.js, and a connection are needed.'),
  );
}

async function explain({ device, name, needs }: GpuWay, devices: readonly DeviceReport[]): Promise<void> {
  const report = devices.find(({ id }) => id === device);
  if (report?.available)
    await vscode.window.showInformationMessage(
      vscode.l10n.t('“{0}” works. Training with the device “auto” will try it.', name),
    );
  else
    await vscode.window.showWarningMessage(
      vscode.l10n.t('“{0}” does not work yet: {1} It needs {2}.', name, report?.reason ?? '–', needs),
    );
}
