import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { openWorkbench, sampleWorkspace } from './harness.ts';

const file = (methods: string) =>
  `title: A small comparison\ndataset: sample\nsample: { users: 30, repeats: 2, seed: 1 }\nmethods:\n${methods}`;

describe('experiments', () => {
  it('run from their file, show tables and figures, and open a session from a number', async () => {
    const folder = sampleWorkspace();
    const small = 'small.toolrec-experiment.yaml';
    writeFileSync(
      path.join(folder, small),
      file(
        '  - method: popularity\n  - method: cooccurrence\n  - { method: toolrec, model: cooccurrence }\n',
      ),
    );
    const workbench = await openWorkbench({ folder, size: { width: 1280, height: 1000 } });
    const { page, palette } = workbench;
    await palette.run('ToolRec: Run Experiment');
    const panel = await workbench.webview();
    await panel.getByRole('heading', { name: 'A small comparison' }).waitFor({ timeout: 90_000 });
    await panel.getByText('finished').waitFor({ timeout: 120_000 });
    const row = panel.locator('table.results tbody tr').filter({ hasText: 'ToolRec †' });
    // Not a moment later: it says so together with the numbers of the last users.
    assert.match((await row.innerText()).replace(/\s+/g, ' '), /±.* 60 0$/);
    await workbench.screenshot('experiment');
    await panel.locator('figure svg').first().scrollIntoViewIfNeeded();
    await workbench.screenshot('experiment-figures');

    await row.getByRole('button').first().click();
    const users = panel.getByRole('region', { name: 'Users of ToolRec †' });
    await users.waitFor();
    assert.ok((await users.locator('tbody tr').count()) > 10);
    await workbench.screenshot('experiment-users');
    await users
      .getByRole('button', { name: /Open the session/ })
      .first()
      .click();
    await page.locator('.part.editor .tab', { hasText: 'small.toolrec' }).first().waitFor();
  });
});
