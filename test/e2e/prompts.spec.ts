import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { openWorkbench, sampleWorkspace, themes, type Theme } from './harness.ts';
import type { Workbench } from './pages/workbench.ts';

const name = 'surrogate.movies.toolrec.md';

/** Opens the workspace's copy of the shipped prompt the way a person does. */
async function editPrompt(workbench: Workbench) {
  await workbench.palette.run('ToolRec: Edit Prompts');
  await workbench.palette.row('surrogate.books').waitFor();
  await workbench.palette.input.fill('surrogate.movies');
  await workbench.palette.pick('surrogate.movies');
  await workbench.editorTab(name).waitFor();
  const editor = workbench.page.locator('.part.editor .monaco-editor').first();
  await editor.locator('.view-line').first().waitFor();
  return editor;
}

/** Puts the cursor at the end of a line, as “Go to Line” does. */
async function goToEndOf(workbench: Workbench, line: number) {
  const { keyboard } = workbench.page;
  await keyboard.press('Control+g');
  await workbench.palette.input.fill(`:${line}:1000`);
  await workbench.palette.input.press('Enter');
  await workbench.palette.widget.waitFor({ state: 'hidden' });
}

describe('prompts', () => {
  for (const theme of Object.keys(themes) as Theme[])
    it(`are edited with diagnostics, completion and a live preview (${theme})`, async () => {
      const folder = sampleWorkspace();
      const workbench = await openWorkbench({ folder, theme, size: { width: 1440, height: 900 } });
      const { page } = workbench;
      const editor = await editPrompt(workbench);
      assert.ok(existsSync(path.join(folder, 'prompts', name)));
      const lens = (text: RegExp) => page.locator('.codelens-decoration a').filter({ hasText: text }).first();
      await lens(/Preview with user/).waitFor();
      await lens(/Tokens: [\d,]+/).waitFor();

      // The shipped text has its line “You act for …” at this place.
      const line =
        readFileSync(path.join(folder, 'prompts', name), 'utf8')
          .split('\n')
          .findIndex((text) => text.startsWith('You act for')) + 1;
      await goToEndOf(workbench, line);
      await page.keyboard.type(' So far: {{');
      await page.keyboard.type(' hist', { delay: 60 });
      const suggestion = page
        .locator('.suggest-widget .monaco-list-row')
        .filter({ hasText: 'history' })
        .first();
      await suggestion.waitFor();
      await workbench.screenshot(`prompt-completion-${theme}`);
      await page.keyboard.press('Escape');
      for (let i = 0; i < 4; i++) await page.keyboard.press('Backspace');
      await page.keyboard.type('histroy.size }}', { delay: 20 });
      await page.keyboard.press('Escape');
      await editor.locator('.squiggly-error').first().waitFor();
      // The finding of the half-typed text goes when the checks have caught up with the typing.
      const named = page.locator('.marker-widget').getByText('Did you mean').first();
      for (let tries = 0; tries < 10 && !(await named.isVisible()); tries++) {
        await page.keyboard.press('Escape');
        await page.keyboard.press('F8');
        await named.waitFor({ timeout: 3000 }).catch(() => undefined);
      }
      await named.waitFor();
      await workbench.screenshot(`prompt-diagnostics-${theme}`);
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+.');
      const fix = page
        .locator('.action-widget .monaco-list-row')
        .filter({ hasText: 'Change to “history”' })
        .first();
      await fix.waitFor();
      await fix.click();
      await editor.locator('.squiggly-error').first().waitFor({ state: 'detached' });

      await lens(/Preview with user/).click();
      const preview = await workbench.webview();
      await preview.locator('.message').nth(1).waitFor();
      assert.match(await preview.locator('.message .text').first().innerText(), /So far: 10/);
      assert.match(await preview.locator('.total').innerText(), /about [\d,]+ tokens/);
      await goToEndOf(workbench, line);
      await page.keyboard.type(' Be kind.', { delay: 20 });
      await preview.locator('ins').filter({ hasText: '.' }).first().waitFor();
      assert.match(await preview.locator('.message .text').first().innerText(), /Be kind\./);
      await workbench.screenshot(`prompt-preview-${theme}`);
      await page.keyboard.type(' {{');
      await page.keyboard.type(' nothing_here', { delay: 10 });
      await preview.locator('.callout.failed').waitFor();
      assert.match(await preview.locator('.message .text').first().innerText(), /Be kind\./);
      await workbench.screenshot(`prompt-preview-error-${theme}`);
      if (theme !== 'dark') return;

      // Another round, chosen in the preview.
      await page.keyboard.press('Escape');
      for (let i = 0; i < 'nothing_here'.length; i++) await page.keyboard.press('Backspace');
      await page.keyboard.type('n }}', { delay: 20 });
      await page.keyboard.press('Escape');
      await preview.locator('.callout.failed').waitFor({ state: 'detached' });
      await preview.locator('select.round').selectOption('2');
      await preview.getByText('earlier rounds by the offline policy').waitFor();
      await preview.locator('.message').filter({ hasText: 'Assistant' }).first().waitFor();
      await workbench.screenshot('prompt-preview-round');

      await page.keyboard.press('Control+s');
      await lens(/Show what changed/).click();
      await page.locator('.monaco-diff-editor').first().waitFor();
      await workbench.screenshot('prompt-changes');
    });

  it('have their examples in a list, which is the file', async () => {
    const folder = sampleWorkspace();
    const workbench = await openWorkbench({ folder, size: { width: 1280, height: 900 } });
    await workbench.palette.run('ToolRec: Edit Demonstrations');
    const list = await workbench.webview();
    await list.locator('.entry').nth(3).waitFor();
    const titles = async () =>
      (await list.locator('.entry .title').allInnerTexts()).map((text) => text.trim());
    const before = await titles();
    await list
      .locator('.entry')
      .nth(0)
      .getByRole('button', { name: /^Move .* down/ })
      .click();
    await list.locator('.entry').nth(1).filter({ hasText: before[0]! }).waitFor();
    await list.locator('.entry').nth(0).locator('input[type=checkbox]').click();
    await list.locator('.entry.off').first().waitFor();
    await list.locator('.entry .title').nth(1).click();
    await list.locator('.detail .round').first().waitFor();
    await workbench.screenshot('demonstrations');
    await list.locator('.entry').nth(1).getByRole('button', { name: /^Edit/ }).click();
    await list.locator('form [name=title]').fill('A better title');
    await list.locator('form').getByText('Save').click();
    await list.locator('.entry').nth(1).filter({ hasText: 'A better title' }).waitFor();
    await workbench.page.keyboard.press('Control+s');
    const file = path.join(folder, 'prompts/demonstrations/movies.yaml');
    for (let i = 0; i < 50 && !readFileSync(file, 'utf8').includes('A better title'); i++)
      await workbench.page.waitForTimeout(100);
    const text = readFileSync(file, 'utf8');
    assert.match(text, /A better title/);
    assert.match(text, /enabled: false/);
    assert.match(text, /^# Worked examples/);
  });
});
