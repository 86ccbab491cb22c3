import assert from 'node:assert/strict';
import { openWorkbench, sampleWorkspace, toolrec } from './harness.ts';

const size = { width: 1440, height: 1000 };
const small = ['--hidden', '8', '--inner', '8', '--layers', '1', '--max-length', '20', '--epochs', '4'];

describe('at 200% zoom', function () {
  this.timeout(120_000);

  it('nothing of the session and training panels is cut off', async () => {
    const folder = sampleWorkspace();
    toolrec('session', 'run', '--user', 'simulated-43', '--workspace', folder);
    for (const loss of ['cross-entropy', 'bpr'])
      toolrec(
        'train',
        'sample',
        '--workspace',
        folder,
        '--id',
        loss,
        '--loss',
        loss,
        '--device',
        'onnx-cpu',
        ...small,
      );
    const workbench = await openWorkbench({ folder, size, zoom: 2 });
    const { palette } = workbench;
    await palette.run('ToolRec: Open Session…');
    await palette.pick('User simulated-43');
    const session = await workbench.webview();
    await session.locator('.card').first().waitFor();
    await session.locator('.taste').waitFor();
    await workbench.screenshot('zoom-session-side-bar');
    assert.deepEqual(await session.cutOff(), []);
    await session.locator('#result table').waitFor();
    assert.deepEqual(await session.tooWide(), []);
    await session.locator('#result').scrollIntoViewIfNeeded();
    await workbench.screenshot('zoom-session-side-bar-below');
    await palette.run('View: Close Primary Side Bar');
    await workbench.page.locator('.part.sidebar').waitFor({ state: 'hidden' });
    await session.locator('#reveal').click();
    await session.locator('#result .metrics').waitFor();
    await workbench.screenshot('zoom-session');
    assert.deepEqual(await session.cutOff(), []);
    assert.deepEqual(await session.tooWide(), []);
    await session.locator('#result').scrollIntoViewIfNeeded();
    await workbench.screenshot('zoom-session-below');

    await palette.run('ToolRec: Show Training');
    const training = await workbench.webview('Training');
    await training.locator('.figures-table').first().waitFor();
    await training.locator('.run:has-text("bpr") input').first().check();
    await training.locator('.run:has-text("cross-entropy") input').first().check();
    await training.locator('.compared').waitFor();
    await workbench.screenshot('zoom-training');
    assert.deepEqual(await training.cutOff(), []);
    await training.locator('.compared').scrollIntoViewIfNeeded();
    await workbench.screenshot('zoom-training-below');
  });
});
