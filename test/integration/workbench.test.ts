import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ExtensionApi } from '../../src/extension.ts';
import { commands, configurationSection, extensionId } from '../../src/workbench/names.ts';
import { settings } from '../../src/workbench/settings-schema.ts';

async function activated(): Promise<ExtensionApi> {
  const extension = vscode.extensions.getExtension<ExtensionApi>(extensionId);
  assert.ok(extension);
  return extension.activate();
}

describe('the workbench', () => {
  it('has every setting with its default', () => {
    const configuration = vscode.workspace.getConfiguration(configurationSection);
    for (const [key, { fallback }] of Object.entries(settings))
      assert.deepEqual(configuration.inspect(key)?.defaultValue, fallback, key);
  });

  it('makes the sample through the engine, and opens its inspector once', async function () {
    this.timeout(60_000);
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    assert.ok(folder, 'the tests run in a folder');
    const sample = path.join(folder.fsPath, '.toolrec', 'datasets', 'sample');
    rmSync(sample, { recursive: true, force: true });
    mkdirSync(path.dirname(sample), { recursive: true });
    const api = await activated();
    await vscode.commands.executeCommand(commands.createSample);
    assert.equal(api.engineWasNeeded(), true);
    const manifest = JSON.parse(
      Buffer.from(
        await vscode.workspace.fs.readFile(vscode.Uri.file(path.join(sample, 'dataset.json'))),
      ).toString(),
    ) as { name: string; simulated: boolean };
    assert.deepEqual([manifest.name, manifest.simulated], ['sample', true]);

    await vscode.commands.executeCommand(commands.showDataset, { folder, name: 'sample' });
    const tab = () =>
      vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).find(({ label }) => label === 'sample');
    await until(() => tab() !== undefined);
    const opened = tab()!;
    assert.ok(opened.input instanceof vscode.TabInputWebview);
    // The same dataset again shows the same panel.
    await vscode.commands.executeCommand(commands.showDataset, { folder, name: 'sample' });
    assert.equal(
      vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).filter(({ label }) => label === 'sample')
        .length,
      1,
    );
    await vscode.window.tabGroups.close(tab()!);
    rmSync(sample, { recursive: true, force: true });
  });

  it('says what a GPU engine needs, and installs nothing before consent', async function () {
    this.timeout(90_000);
    let tasks = 0;
    const counting = vscode.tasks.onDidStartTask(() => tasks++);
    const finished = vscode.commands.executeCommand(commands.setUpGpu);
    const shown = () =>
      vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).some(({ label }) => /GPU Engine/.test(label));
    await until(shown, 80_000);
    // The list of ways is open: leave it as a person would with Escape, until the command has seen it.
    const closing = setInterval(
      () => void vscode.commands.executeCommand('workbench.action.closeQuickOpen'),
      200,
    );
    await finished;
    clearInterval(closing);
    counting.dispose();
    assert.equal(tasks, 0);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('restarts the engine on demand', async () => {
    await vscode.commands.executeCommand(commands.restartEngine);
    assert.equal((await activated()).engineWasNeeded(), true);
  });
});

async function until(condition: () => boolean, milliseconds = 10_000): Promise<void> {
  for (const deadline = Date.now() + milliseconds; !condition();) {
    assert.ok(Date.now() < deadline, 'It did not come about in time.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
