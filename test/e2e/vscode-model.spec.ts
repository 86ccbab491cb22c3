import assert from 'node:assert/strict';
import path from 'node:path';
import type { Server } from '../../scripts/host/code-server.mjs';
import { openWorkbench, sampleWorkspace, startServer, temporaryFolder } from './harness.ts';
import { packageProvider, providedModel } from './model-provider.ts';

describe('a language model that another extension brings', function () {
  let server: Server;
  before(async function () {
    this.timeout(120_000);
    const file = path.join(temporaryFolder(), 'provider.vsix');
    await packageProvider(file, [
      ['ready', 'ready'],
      ['round 1 of', 'Thought: The history tells enough.\nAction: Retrieve[None, 20]'],
      ['round 2 of', 'Thought: enough\nAction: Finish[]'],
    ]);
    server = await startServer([file]);
  });
  after(() => server?.stop());

  it('is listed, answers the connection test, and decides rounds whose words stream into the session', async function () {
    this.timeout(60_000);
    const workbench = await openWorkbench({
      server,
      folder: sampleWorkspace(),
      settings: { 'chat.disableAIFeatures': false },
    });
    const { palette, notifications } = workbench;
    await workbench.openViewContainer('ToolRec');
    await palette.run('ToolRec: Select Language Model');
    await palette.row(providedModel).waitFor();
    assert.match(await palette.row(providedModel).innerText(), /toolrec-tests · up to 32,000 tokens/);
    await workbench.screenshot('select-model-of-vscode');
    await palette.pick(providedModel);
    await workbench.statusBarItem(`${providedModel} in VS Code`).waitFor();
    await notifications.choose('Sessions use', 'Test Connection');
    await notifications.toast('answered in').waitFor();

    await palette.run('ToolRec: Start Session');
    await palette.row('Random Test User').waitFor();
    await palette.input.fill('simulated-43');
    await palette.pick('simulated-43');
    const session = await workbench.webview();
    await session.locator('#policy').getByText(providedModel).waitFor();
    await session.locator('#step').click();
    await session.locator('[data-round="1"]').getByText('The history tells enough.').waitFor();
    await session.locator('#continue').click();
    await session.locator('#result table').waitFor();
    assert.match(await session.locator('#totals').innerText(), /tok/);
    await workbench.screenshot('session-with-model-of-vscode');
  });
});
