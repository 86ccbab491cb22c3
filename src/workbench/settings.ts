import * as vscode from 'vscode';
import { configurationSection } from './names.ts';
import type { SettingKey, SettingValue } from './settings-schema.ts';

/**
 * A setting's value, or its default where what was written is not valid (`SettingsCheck` tells the person).
 * Asynchronous because the schemas are loaded when first needed.
 */
export async function readSetting<Key extends SettingKey>(
  key: Key,
  scope?: vscode.Uri,
): Promise<SettingValue<Key>> {
  const { settings } = await import('./settings-schema.ts');
  const written = vscode.workspace.getConfiguration(configurationSection, scope).get<unknown>(key);
  const result = settings[key].schema.safeParse(written);
  return (result.success ? result.data : settings[key].fallback) as SettingValue<Key>;
}
