import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { ExtensionApi } from '../../src/extension.ts';

const id = 'toolrec.toolrec';

interface Manifest {
  readonly contributes?: { readonly commands?: readonly { readonly command: string }[] };
}

describe('activation', () => {
  const extension = () => {
    const found = vscode.extensions.getExtension<ExtensionApi>(id);
    assert.ok(found, `the extension ${id} is not there`);
    return found;
  };

  it('activates', async () => {
    await extension().activate();
    assert.equal(extension().isActive, true);
  });

  it('does no heavy work: under 50 ms of its own, and no engine yet', async () => {
    const api = await extension().activate();
    assert.ok(api.activationMilliseconds > 0);
    // Processor time, since a busy machine stretches the clock; bench/activation.bench.ts measures both.
    assert.ok(api.activationCpuMilliseconds < 50, `${api.activationCpuMilliseconds.toFixed(1)} ms`);
    assert.equal(api.engineWasNeeded(), false);
  });

  it('registers every command of its manifest', async () => {
    await extension().activate();
    const manifest = extension().packageJSON as Manifest;
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = (manifest.contributes?.commands ?? [])
      .map(({ command }) => command)
      .filter((command) => !registered.has(command));
    assert.deepEqual(missing, []);
  });
});
