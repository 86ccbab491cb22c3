import * as vscode from 'vscode';
import { openSetting } from './failures.ts';
import { configurationSection } from './names.ts';
import type { SettingKey } from './settings-schema.ts';
import type { WorkbenchLog } from './log.ts';

/** Looks at all settings and names the ones that are not valid, each problem once until it changes. */
export class SettingsCheck implements vscode.Disposable {
  private readonly told = new Map<SettingKey, string>();
  private readonly log: WorkbenchLog;
  private readonly listener: vscode.Disposable;
  private readonly first: NodeJS.Timeout;

  constructor(log: WorkbenchLog) {
    this.log = log;
    this.listener = vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(configurationSection)) void this.run();
    });
    // After activation, which must not wait for it.
    this.first = setTimeout(() => void this.run(), 200);
  }

  async run(): Promise<void> {
    const { settings, settingProblem } = await import('./settings-schema.ts');
    const configuration = vscode.workspace.getConfiguration(configurationSection);
    for (const key of Object.keys(settings) as SettingKey[]) {
      const problem = settingProblem(key, configuration.get<unknown>(key));
      if (problem === undefined) this.told.delete(key);
      else if (this.told.get(key) !== problem) {
        this.told.set(key, problem);
        this.tell(key, problem, settings[key].fallback);
      }
    }
  }

  private tell(key: SettingKey, problem: string, fallback: unknown): void {
    const id = `${configurationSection}.${key}`;
    this.log.warn(`bad-setting: ${id}: ${problem}`);
    const message = vscode.l10n.t(
      'The setting {0} is not valid ({1}). Its default, {2}, is used until it is corrected.',
      id,
      problem,
      JSON.stringify(fallback),
    );
    const action = openSetting(id);
    void vscode.window.showWarningMessage(message, action).then((chosen) => chosen?.run());
  }

  dispose(): void {
    clearTimeout(this.first);
    this.listener.dispose();
  }
}
