import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openWorkbench, root, sampleWorkspace, temporaryFolder, themes, type Theme } from './harness.ts';
import type { Workbench } from './pages/workbench.ts';

const views = { datasets: 'Datasets & Models' };

async function datasetsView(workbench: Workbench) {
  await workbench.openViewContainer('ToolRec');
  return workbench.view(views.datasets);
}

/** A folder that has the sample, made the way a person makes it. */
async function withSample(workbench: Workbench) {
  const tree = await datasetsView(workbench);
  await tree.welcomeButton('Create the Sample').click();
  await tree.row('sample').waitFor();
  return tree;
}

/** A workspace with the raw files of a small MovieLens 100K. */
function workspaceWithFiles(): string {
  const folder = temporaryFolder();
  cpSync(path.join(root, 'test/fixtures/ml-100k'), path.join(folder, 'ml-100k'), { recursive: true });
  return folder;
}

describe('datasets', () => {
  it('makes the sample from the empty view and deletes it after a question', async () => {
    const workbench = await openWorkbench();
    const tree = await withSample(workbench);
    assert.match((await tree.texts())[0]!, /^sample ?simulated · 800 users · \d+ items/);
    await workbench.notifications.toast('is ready').waitFor();
    assert.ok(existsSync(path.join(workbench.folder!, '.toolrec/datasets/sample/dataset.json')));
    await workbench.screenshot('views-with-sample');

    await tree.contextMenu('sample', 'Delete Dataset…');
    const dialog = workbench.page.locator('.monaco-dialog-box');
    assert.match(await dialog.innerText(), /Delete the dataset “sample”\?/);
    await dialog.locator('.monaco-button').filter({ hasText: 'Cancel' }).click();
    assert.equal(await tree.row('sample').count(), 1);
    await tree.contextMenu('sample', 'Delete Dataset…');
    await dialog.locator('.monaco-button').filter({ hasText: 'Delete' }).click();
    await tree.welcomeButton('Create the Sample').waitFor();
    assert.equal(existsSync(path.join(workbench.folder!, '.toolrec/datasets/sample')), false);
  });

  it('imports files step by step, with a way back at each step', async () => {
    const workbench = await openWorkbench({ folder: workspaceWithFiles() });
    const { palette } = workbench;
    const tree = await datasetsView(workbench);
    await tree.welcomeButton('Import Dataset…').click();
    await palette.row('ml-100k').waitFor();
    await workbench.screenshot('import-1-source');
    await palette.pick('ml-100k');
    await palette.row('MovieLens 100K').waitFor();
    await workbench.screenshot('import-2-format');
    await palette.pick('MovieLens 100K');
    await palette.row('Continue').waitFor();
    await workbench.screenshot('import-3-preview');
    await palette.pick('Continue');
    await palette.widget.getByText('Name of the dataset').waitFor();
    await palette.enter('my name');
    await palette.widget.getByText('letters, digits').waitFor();
    await palette.enter('small');
    await palette.row('paper').waitFor();
    await palette.widget.locator('.codicon-quick-input-back').click();
    await palette.widget.getByText('Name of the dataset').waitFor();
    assert.equal(await palette.input.inputValue(), 'small');
    await workbench.screenshot('import-4-name');
    await palette.input.press('Enter');
    await palette.pick('paper');
    await tree.row('small').waitFor();
    await workbench.notifications.toast('interactions').waitFor();
    await workbench.screenshot('import-done');
  });

  it('shows a dataset that cannot be read as such, and the rest as usual', async () => {
    const folder = temporaryFolder();
    const damaged = path.join(folder, '.toolrec/datasets/broken');
    mkdirSync(damaged, { recursive: true });
    writeFileSync(path.join(damaged, 'dataset.json'), '{');
    const workbench = await openWorkbench({ folder });
    const tree = await datasetsView(workbench);
    await tree.row('broken').waitFor();
    assert.match((await tree.texts())[0]!, /cannot be read/);
  });

  it('says what is wrong with a setting, once, and opens it', async () => {
    const workbench = await openWorkbench({
      settings: { 'toolrec.import.badRowTolerance': 'much', 'toolrec.inspector.sampleRows': 20 },
    });
    await datasetsView(workbench);
    const toast = workbench.notifications.toast('toolrec.import.badRowTolerance');
    await toast.waitFor();
    assert.equal((await workbench.notifications.messages()).length, 1);
    await workbench.screenshot('bad-setting');
    await workbench.notifications.choose('toolrec.import.badRowTolerance', 'Open Setting');
    await workbench.page.locator('.settings-editor').getByText('Bad Row Tolerance').first().waitFor();
  });

  for (const theme of Object.keys(themes) as Theme[])
    it(`inspects the sample: figures, plots, catalogue and a history (${theme})`, async () => {
      const workbench = await openWorkbench({ theme, size: { width: 1440, height: 1000 } });
      const tree = await withSample(workbench);
      await tree.row('sample').click();
      const page = await workbench.webview('sample');
      await page.locator('h3:has-text("History length")').waitFor();
      assert.match(await page.locator('.figures').innerText(), /Users\s+800/);
      assert.equal(await page.locator('toolrec-plot svg').count(), 5);
      const catalogue = page.locator('section:has(.search)');
      await catalogue.locator('tbody tr').first().waitFor();
      await page.locator('.search input').fill('seven samurai');
      await catalogue.locator('tbody tr:nth-child(2)').waitFor({ state: 'detached' });
      assert.match(await catalogue.locator('tbody').innerText(), /Seven Samurai.*Akira Kurosawa/s);
      await page.locator('.search input').fill('');
      const toast = workbench.notifications.toast('is ready');
      await toast.hover();
      await toast.locator('.codicon-notifications-clear').click();
      await page.locator('h1').scrollIntoViewIfNeeded();
      // The arrow keys read out one bar after the other.
      const plot = page.locator('toolrec-plot .plot-area').first();
      await plot.focus();
      await plot.press('ArrowRight');
      assert.match((await plot.getAttribute('aria-valuetext')) ?? '', /interactions: \d+ users/);
      await workbench.screenshot(`inspector-${theme}`);
      await page.locator('h2:has-text("A history")').scrollIntoViewIfNeeded();
      await workbench.screenshot(`inspector-${theme}-below`);
    });

  it('maps the columns of a plain table that nobody could guess', async () => {
    const folder = temporaryFolder();
    const rows = Array.from({ length: 400 }, (_, i) => `w${i % 20},${(i * 7) % 31},${1e9 + i}`);
    writeFileSync(path.join(folder, 'plays.csv'), `who,what,at\n${rows.join('\n')}\n`);
    const workbench = await openWorkbench({ folder });
    const { palette } = workbench;
    const tree = await datasetsView(workbench);
    await workbench.palette.run('ToolRec: Import Dataset…');
    await palette.pick('plays.csv');
    await palette.pick('CSV table');
    await palette.row('are not clear').waitFor();
    await workbench.screenshot('import-mapping');
    for (const [field, column, value] of [
      ['User', 'who', 'w0'],
      ['Item', 'what', '0'],
      ['Time', 'at', '1000000000'],
    ] as const) {
      // Label and description of a row stand in its text one after the other.
      const row = (label: string, description: string) =>
        palette.rows.filter({ hasText: new RegExp(`(^|\\W)${label}\\s*${description}`) }).first();
      await row(field, 'automatic').click();
      await row(column, value).click();
      await row(field, column).waitFor();
    }
    await palette.row('Continue').waitFor();
    await workbench.screenshot('import-mapped');
    await palette.pick('Continue');
    await palette.enter('plays');
    await palette.pick('reference');
    await tree.row('plays').waitFor();
    assert.match((await tree.texts())[0]!, /20 users · 31 items/);
  });

  it('brings the inspector back as it was, when its tab was hidden and after a reload', async () => {
    const workbench = await openWorkbench({ folder: sampleWorkspace() });
    const tree = await datasetsView(workbench);
    await tree.row('sample').click();
    const found = 'section:has(.search) tbody tr:only-child:has-text("Seven Samurai")';
    const first = await workbench.webview('sample');
    await first.locator('.search input').fill('seven samurai');
    await first.locator(found).waitFor();
    await workbench.palette.run('ToolRec: Show Training');
    await (await workbench.webview('Training')).locator('.nothing').waitFor();
    const second = await workbench.webview('sample');
    await second.locator(found).waitFor();
    assert.equal(await second.locator('.search input').inputValue(), 'seven samurai');
    // VS Code for the web writes down which editors are open each 5 s; on a desktop, when it closes.
    await workbench.page.waitForTimeout(6000);
    await workbench.page.reload();
    await workbench.untilReady();
    await workbench.editorTab('sample').waitFor();
    await (await workbench.webview('sample')).locator(found).waitFor();
  });

  it('without a folder: asks for one, makes the sample in it and opens it', async () => {
    const folder = temporaryFolder();
    const workbench = await openWorkbench({ folder: 'none' });
    const tree = await datasetsView(workbench);
    await tree.welcomeButton('Create the Sample').click();
    await workbench.palette.chooseFolder(folder, 'Use This Folder');
    await workbench.page.waitForURL((url) => url.searchParams.get('folder') === folder);
    await workbench.untilReady();
    await (await datasetsView(workbench)).row('sample').waitFor();
  });

  it('says why nothing can be written, what to do, and leaves nothing behind', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, '.toolrec'), 'in the way');
    const workbench = await openWorkbench({ folder });
    const tree = await datasetsView(workbench);
    await tree.row('A file stands where a folder is needed').waitFor();
    await workbench.palette.run('ToolRec: Create Sample Dataset');
    const toast = workbench.notifications.toast('A file stands where a folder is needed');
    await toast.waitFor();
    await workbench.screenshot('cannot-write');
    await workbench.notifications.choose('A file stands', 'Show Log');
    await workbench.page
      .locator('.part.panel .output-view-content, .part.panel .view-lines')
      .getByText('wrong-kind')
      .first()
      .waitFor();
    assert.deepEqual(readdirSync(folder), ['.toolrec']);
  });

  it('opens its walkthrough, a picture beside each step', async () => {
    const workbench = await openWorkbench({ size: { width: 1440, height: 900 } });
    await workbench.palette.run('ToolRec: Open Walkthrough');
    const step = workbench.walkthroughStep('Look at the data');
    await step.click();
    await step.getByText('The inspector shows').waitFor();
    await workbench.page
      .locator('.getting-started-media iframe, .getting-started-media img')
      .first()
      .waitFor();
    await workbench.page.waitForTimeout(1500); // the picture fades in
    await workbench.screenshot('walkthrough');
  });

  it('shows the report of the doctor', async () => {
    const workbench = await openWorkbench();
    await workbench.palette.run('ToolRec: Doctor');
    const report = await workbench.webview();
    await report.locator('h1:has-text("ToolRec Doctor")').waitFor();
    assert.match(await report.locator('table').innerText(), /ONNX\sRuntime\s·\sCPU/);
    await workbench.screenshot('doctor');
  });
});
