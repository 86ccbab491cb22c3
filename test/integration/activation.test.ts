import assert from 'node:assert/strict';
import os from 'node:os';
import * as vscode from 'vscode';
import type { ExtensionApi } from '../../src/extension.ts';
import { skip } from '../skip.ts';

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

  it('needs no engine', async () => {
    const api = await extension().activate();
    assert.equal(api.engineWasNeeded(), false);
  });

  it('takes less than 50 ms of its own', async function () {
    const api = await extension().activate();
    assert.ok(api.activationMilliseconds > 0);
    const busy = os.loadavg()[0]! / os.availableParallelism();
    if (busy > 2)
      skip(this, `${busy.toFixed(1)} programs wait for each core; npm run bench -- activation measures it`);
    // Processor time, since other programs stretch the clock.
    assert.ok(api.activationCpuMilliseconds < 50, `${api.activationCpuMilliseconds.toFixed(1)} ms`);
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
