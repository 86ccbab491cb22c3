import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openWorkbench, sampleWorkspace, themes, toolrec, type Theme } from './harness.ts';
import type { Workbench } from './pages/workbench.ts';

/** A model so small that an epoch of it takes a fraction of a second. */
const small = ['hidden: 8', 'inner: 8', 'layers: 1', 'maxLength: 20', 'device: onnx-cpu', 'threads: 1'];
const smallFlags = [
  '--hidden',
  '8',
  '--inner',
  '8',
  '--layers',
  '1',
  '--max-length',
  '20',
  '--device',
  'onnx-cpu',
];

function writeConfiguration(folder: string, name: string, lines: readonly string[]): void {
  writeFileSync(
    path.join(folder, `${name}.toolrec-train.yaml`),
    `${['dataset: sample', ...lines].join('\n')}\n`,
  );
}

const modelFile = (folder: string, id: string, name: string) =>
  path.join(folder, '.toolrec/models', id, name);

function manifestOf(
  folder: string,
  id: string,
): { status: string; progress: { step: number; epoch: number } } {
  return JSON.parse(readFileSync(modelFile(folder, id, 'model.json'), 'utf8')) as ReturnType<
    typeof manifestOf
  >;
}

interface Line {
  readonly kind: string;
  readonly step: number;
}
const logOf = (folder: string, id: string): Line[] =>
  readFileSync(modelFile(folder, id, 'training.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

async function models(workbench: Workbench) {
  await workbench.openViewContainer('ToolRec');
  return workbench.view('Datasets & Models');
}

/** Runs in the page, which is no part of the specs' types. */
const buttonColours = `(() => {
  const style = getComputedStyle(document.body);
  return ['--button-primary-background', '--vscode-button-background'].map((name) => style.getPropertyValue(name));
})()`;

async function until(condition: () => boolean, what: string, ms = 60_000): Promise<void> {
  for (const deadline = Date.now() + ms; !condition();) {
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('training', function () {
  this.timeout(300_000);

  it('“ToolRec: Train”, Enter all the way, trains a model; its tools are next', async () => {
    const folder = sampleWorkspace();
    const workbench = await openWorkbench({
      folder,
      size: { width: 1440, height: 1000 },
      settings: { 'toolrec.training.size': 'quick', 'toolrec.training.device': 'onnx-cpu' },
    });
    const { palette } = workbench;
    const tree = await models(workbench);
    await tree.row('sample').waitFor();
    await palette.run('ToolRec: Train');
    await palette.row('SASRec').waitFor();
    await workbench.screenshot('train-1-target');
    for (const first of ['SASRec', 'Quick Look', 'Cross-entropy', 'ONNX Runtime · CPU', 'Start Training']) {
      await palette.rows.filter({ hasText: first }).locator('visible=true').first().waitFor();
      const focused = palette.widget.locator('.monaco-list-row.focused');
      assert.match(await focused.innerText(), new RegExp(first));
      if (first === 'Start Training') await workbench.screenshot('train-2-start');
      await palette.input.press('Enter');
    }
    const page = await workbench.webview('Training');
    // All at once: on a fast machine the training is over in a few seconds.
    await Promise.all([
      page.locator('.run-name:has-text("sasrec-sample")').waitFor(),
      workbench.statusBarItem('sasrec-sample').waitFor(),
      page
        .locator('.progress:has-text("left at most")')
        .waitFor({ timeout: 60_000 })
        .then(() => workbench.screenshot('train-3-running')),
    ]);
    // The dataset unfolds by itself when its first model appears.
    await tree.row('sasrec-sample').waitFor();
    await workbench.notifications.toast('is trained').waitFor({ timeout: 120_000 });
    await page.locator('.run:has-text("finished")').waitFor();
    await tree.row('cross-entropy').waitFor();
    assert.match((await tree.texts()).join('\n'), /sasrec-sample ?NDCG@10 0\.\d{3} · cross-entropy/);
    assert.equal(manifestOf(folder, 'sasrec-sample').status, 'finished');
    await workbench.statusBarItem('sasrec-sample').waitFor({ state: 'hidden' });
    assert.equal(await page.locator('.figures-table').first().locator('tbody tr').count(), 5);
    assert.match(await page.locator('.meta').first().innerText(), /ONNX Runtime · CPU, all cores/);
    await workbench.screenshot('train-4-finished');

    // Where there is a backbone, Enter trains its attribute tools.
    await tree.contextMenu('sample', 'Train');
    await palette.row('Attribute tools on sasrec-sample').waitFor();
    assert.match(
      await palette.widget.locator('.monaco-list-row.focused').innerText(),
      /Attribute tools on sasrec-sample/,
    );
    await palette.input.press('Enter');
    await palette.row('genre').waitFor();
    await workbench.screenshot('train-5-attributes');
    await palette.dismiss();
  });

  it('goes on after the window is reloaded in mid-training, and the views find it', async () => {
    const folder = sampleWorkspace();
    writeConfiguration(folder, 'long', ['id: long', 'epochs: 600', 'patience: 600', ...small]);
    const workbench = await openWorkbench({ folder, size: { width: 1280, height: 900 } });
    await workbench.palette.run('Go to File...').catch(() => undefined);
    await workbench.palette.input.fill('long.toolrec-train.yaml');
    await workbench.palette.row('long.toolrec-train.yaml').click();
    const lens = workbench.page.locator('.codelens-decoration a').filter({ hasText: 'Run Training' });
    await lens.waitFor();
    await workbench.screenshot('train-file');
    await lens.click();
    let page = await workbench.webview('Training');
    await page.locator('.progress:has-text("left at most")').waitFor({ timeout: 60_000 });
    // VS Code for the web writes down which editors are open each 5 s; on a desktop, when it closes.
    await workbench.page.waitForTimeout(6000);
    assert.equal(manifestOf(folder, 'long').status, 'training');
    const before = logOf(folder, 'long').length;
    await workbench.page.reload();
    await workbench.untilReady();
    await workbench.editorTab('Training').waitFor();
    page = await workbench.webview('Training');
    await page.locator('.run-name:has-text("long")').waitFor({ timeout: 60_000 });
    await workbench.statusBarItem('long').waitFor({ timeout: 60_000 });
    await page.locator('.progress:has-text("left at most")').waitFor({ timeout: 60_000 });
    await workbench.screenshot('train-after-reload');
    const tree = await models(workbench);
    await tree.row('long').waitFor();
    await until(() => manifestOf(folder, 'long').status === 'finished', 'the end of the training', 200_000);
    const steps = logOf(folder, 'long').filter(({ kind }) => kind === 'step');
    assert.ok(steps.length > before);
    // Every step once, none missing: as if there had been no reload.
    assert.deepEqual(
      steps.map(({ step }) => step),
      steps.map((_, i) => i + 1),
    );
    await page.locator('.run:has-text("finished")').waitFor();
  });

  it('keeps a usable checkpoint when it is cancelled; pauses, resumes, and shows a failure at its line', async () => {
    const folder = sampleWorkspace();
    writeConfiguration(folder, 'endless', ['id: endless', 'epochs: 5000', 'patience: 5000', ...small]);
    writeConfiguration(folder, 'wrong', ['backbone: nothing', 'attributes: genre']);
    const workbench = await openWorkbench({ folder });
    const { palette, page: window } = workbench;
    await palette.run('Go to File...').catch(() => undefined);
    await palette.input.fill('endless.toolrec-train.yaml');
    await palette.row('endless.toolrec-train.yaml').click();
    await window.locator('.codelens-decoration a').filter({ hasText: 'Run Training' }).waitFor();
    await palette.run('ToolRec: Run Training Configuration');
    const panel = await workbench.webview('Training');
    await panel.locator('.progress:has-text("of 5,000")').waitFor({ timeout: 60_000 });
    await panel.locator('vscode-button:has-text("Pause")').click();
    await panel.locator('.run:has-text("paused")').waitFor({ timeout: 30_000 });
    const paused = manifestOf(folder, 'endless');
    assert.equal(paused.status, 'paused');
    await panel.locator('vscode-button:has-text("Resume")').click();
    await until(
      () => manifestOf(folder, 'endless').progress.epoch > paused.progress.epoch + 1,
      'more epochs',
    );
    const toast = workbench.notifications.toast('Training endless');
    await toast.waitFor();
    await toast.hover();
    await workbench.screenshot('train-notification');
    await toast.locator('.monaco-button').filter({ hasText: 'Cancel' }).click();
    await until(() => manifestOf(folder, 'endless').status === 'stopped', 'the end');
    assert.ok(existsSync(modelFile(folder, 'endless', 'model.safetensors')));
    // What it has learned can be used.
    assert.match(toolrec('evaluate', 'endless', '--workspace', folder, '--json'), /"users": ?800/);

    await palette.run('Go to File...').catch(() => undefined);
    await palette.input.fill('wrong.toolrec-train.yaml');
    await palette.row('wrong.toolrec-train.yaml').click();
    await workbench.editorTab('wrong').waitFor();
    await window.locator('.codelens-decoration a').filter({ hasText: 'Run Training' }).click();
    await window.keyboard.press('Control+Shift+M');
    const problem = window.locator('.markers-panel').getByText('There is no model “nothing”').first();
    await problem.waitFor({ timeout: 30_000 });
    assert.match(await window.locator('.markers-panel').innerText(), /Ln 2/);
    await workbench.screenshot('train-problem');
  });

  it('is saved as a configuration in the end of “ToolRec: Train”, and run as a task', async () => {
    const folder = sampleWorkspace();
    const workbench = await openWorkbench({
      folder,
      settings: { 'toolrec.training.size': 'quick', 'toolrec.training.device': 'onnx-cpu' },
    });
    const { palette } = workbench;
    await (await models(workbench)).row('sample').waitFor();
    await palette.run('ToolRec: Train');
    for (const answer of ['SASRec', 'Quick Look', 'Cross-entropy', 'ONNX Runtime · CPU']) {
      await palette.rows.filter({ hasText: answer }).locator('visible=true').first().waitFor();
      await palette.input.press('Enter');
    }
    await palette.pick('Save Configuration…');
    const name = 'sasrec-sample.toolrec-train.yaml';
    const file = path.join(folder, name);
    await palette.widget.getByText('Save Training Configuration').waitFor();
    assert.equal(await palette.filled(name), file);
    await palette.input.press('Enter');
    await workbench.editorTab(name).waitFor();
    await workbench.page.locator('.codelens-decoration a').filter({ hasText: 'Run Training' }).waitFor();
    await workbench.screenshot('train-saved');
    assert.match(readFileSync(file, 'utf8'), /^dataset: sample$/m);
    assert.ok(!existsSync(path.join(folder, '.toolrec/models')), 'saving trains nothing');

    writeFileSync(file, `${['dataset: sample', 'id: tasked', 'epochs: 3', ...small].join('\n')}\n`);
    // The task runs what stands in the editor.
    await workbench.page.locator('.view-lines').getByText('tasked').waitFor();
    await palette.run('Tasks: Run Task');
    await palette.row('toolrec').waitFor();
    await palette.pick('toolrec');
    await palette.row('train sasrec-sample').waitFor();
    await workbench.screenshot('train-task-list');
    await palette.pick('train sasrec-sample');
    await workbench.page.locator('.terminal-outer-container, .terminal-wrapper').first().waitFor();
    await until(
      () =>
        existsSync(modelFile(folder, 'tasked', 'model.json')) &&
        manifestOf(folder, 'tasked').status === 'finished',
      'the end of the task',
    );
    assert.equal(logOf(folder, 'tasked').filter(({ kind }) => kind === 'epoch').length, 3);
    // The row of the task says how it ended.
    await workbench.page.locator('.part.panel').getByText('train sasrec-sample').first().waitFor();
    await workbench.screenshot('train-task');
  });

  describe('of several models', () => {
    let folder: string;
    before(() => {
      folder = sampleWorkspace();
      const train = (id: string, ...more: string[]) =>
        toolrec('train', 'sample', '--workspace', folder, '--id', id, ...smallFlags, ...more);
      train('narrow', '--epochs', '12');
      train('bpr', '--epochs', '12', '--loss', 'bpr');
      train('genre-tool', '--epochs', '4', '--backbone', 'narrow', '--attribute', 'genre');
    });

    for (const theme of Object.keys(themes) as Theme[])
      it(`lays runs over each other and compares them with paired tests (${theme})`, async () => {
        const workbench = await openWorkbench({ folder, theme, size: { width: 1440, height: 1100 } });
        const tree = await models(workbench);
        await tree.row('narrow').waitFor();
        assert.match((await tree.texts()).join('\n'), /★ NDCG@10 0\.\d{3}/);
        await tree.row('narrow').click();
        const page = await workbench.webview('Training');
        await page.locator('.figures-table').first().waitFor();
        // The components of a page that came with its picture have the colours of the theme too.
        const [own, themed] = (await page.locator('body').evaluate(buttonColours)) as string[];
        if (themed) assert.equal(own, themed);
        await workbench.screenshot(`train-panel-${theme}`);
        await page.locator('.run:has-text("bpr") input').first().check();
        await page.locator('.compared').waitFor();
        const plot = page.locator('toolrec-curves .curve-area').first();
        await plot.focus();
        await plot.press('Home');
        await page.locator('.curve-area[aria-valuetext*="narrow"][aria-valuetext*="bpr"]').first().waitFor();
        assert.match(await page.locator('.compared').innerText(), /≠ loss/);
        await workbench.screenshot(`train-overlay-${theme}`);
        await page.locator('.compared').scrollIntoViewIfNeeded();
        await workbench.screenshot(`train-compare-${theme}`);
        if (theme === 'dark') {
          await page.locator('vscode-button:has-text("Paired Tests")').click();
          const report = await workbench.webview('Preview Models of sample');
          await report.locator('h2:has-text("Paired tests")').waitFor({ timeout: 60_000 });
          assert.match(await report.locator('table').nth(1).innerText(), /NDCG@10/);
          await workbench.screenshot('train-report');
          await workbench.page.setViewportSize({ width: 900, height: 900 });
          await workbench.editorTab('Training').click();
          await (await workbench.webview()).locator('.figures-table').first().waitFor();
          await workbench.screenshot('train-narrow');
          await tree.contextMenu('bpr', 'Delete Model…');
          const dialog = workbench.page.locator('.monaco-dialog-box');
          assert.match(await dialog.innerText(), /Delete the model “bpr”\?/);
          await dialog.locator('.monaco-button').filter({ hasText: 'Cancel' }).click();
        }
      });
  });
});
