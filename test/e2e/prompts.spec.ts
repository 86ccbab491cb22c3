import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LLMock } from '@copilotkit/aimock';
import { parseDocument } from 'yaml';
import { openWorkbench, root, sampleWorkspace, themes, toolrec, type Theme } from './harness.ts';
import type { Workbench } from './pages/workbench.ts';

const name = 'surrogate.movies.toolrec.md';

/** Opens the workspace's copy of the shipped prompt the way a person does. */
async function editPrompt(workbench: Workbench, file = name) {
  const label = file.replace('.toolrec.md', '');
  await workbench.palette.run('ToolRec: Edit Prompts');
  await workbench.palette.row('surrogate.books').waitFor();
  await workbench.palette.input.fill(label);
  await workbench.palette.pick(label);
  await workbench.editorTab(file).waitFor();
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

const lensOf = (workbench: Workbench, text: RegExp) =>
  workbench.page.locator('.codelens-decoration a').filter({ hasText: text }).first();

/** Waits until the file says what is expected. */
async function untilFile(workbench: Workbench, file: string, expected: (text: string) => boolean) {
  for (let tries = 0; tries < 300; tries++) {
    if (existsSync(file) && expected(readFileSync(file, 'utf8'))) return;
    await workbench.page.waitForTimeout(100);
  }
  assert.fail(`${file} never became what was expected`);
}

/** A language model that retrieves by genre where the prompt asks it to be kind; holds when so many users have come. */
async function fakeModel() {
  const mock = new LLMock({ port: 0, host: '127.0.0.1' });
  let users = 0;
  let limit = Infinity;
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  mock.on({}, async ({ messages }) => {
    const text = messages.map(({ content }) => (typeof content === 'string' ? content : '')).join('\n');
    if (!text.includes('round 1 of')) return { content: 'Thought: enough\nAction: Finish[]' };
    if (++users > limit) await held;
    const attribute = text.includes('Be kind.') ? 'genre' : 'None';
    return { content: `Thought: I look around.\nAction: Retrieve[${attribute}, 50]` };
  });
  await mock.start();
  return {
    url: `${mock.url}/v1`,
    /** The model answers for so many users from now on, then never. */
    holdAfter: (count: number) => {
      users = 0;
      limit = count;
    },
    stop: async () => {
      release();
      await mock.stop();
    },
  };
}

interface StoredCheck {
  readonly prompts: { readonly name: string; readonly hash: string; readonly text: string }[];
  readonly users: { readonly user: string; readonly rank: number | null }[];
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
      (await list.locator('.entry-title').allInnerTexts()).map((text) => text.trim());
    const before = await titles();
    await list
      .locator('.entry')
      .nth(0)
      .getByRole('button', { name: /^Move .* down/ })
      .click();
    await list.locator('.entry').nth(1).filter({ hasText: before[0]! }).waitFor();
    await list.locator('.entry').nth(0).locator('input[type=checkbox]').click();
    await list.locator('.entry.off').first().waitFor();
    await list.locator('.entry-title').nth(1).click();
    await list.locator('.detail .step').first().waitFor();
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

  it('are checked over users with a model and without, and compared by version', async function () {
    this.timeout(180_000);
    const model = await fakeModel();
    try {
      const folder = sampleWorkspace();
      const workbench = await openWorkbench({
        folder,
        size: { width: 1500, height: 950 },
        settings: {
          'toolrec.languageModel.provider': 'openai',
          'toolrec.languageModel.baseUrl': model.url,
          'toolrec.languageModel.model': 'fake',
        },
      });
      const { page, palette, notifications } = workbench;
      await editPrompt(workbench);
      const checks = (): StoredCheck[] => {
        const file = path.join(folder, '.toolrec/cache/prompt-checks.jsonl');
        if (!existsSync(file)) return [];
        const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
        return lines.map((line) => JSON.parse(line) as StoredCheck);
      };
      const check = async () => {
        await lensOf(workbench, /^Quick check$/).click();
        await palette.row('10 users').waitFor();
      };
      const report = await workbench.webview();
      const cellOf = async (label: string) =>
        (
          await report.locator('tr').filter({ hasText: label }).first().locator('td').nth(1).innerText()
        ).trim();
      const percent = (hits: number, of: number) => `${((100 * hits) / of).toFixed(1)} %`;
      const meanNdcg = ({ users }: StoredCheck) =>
        (
          users.reduce((sum, { rank }) => sum + (rank === null ? 0 : 1 / Math.log2(rank + 1)), 0) /
          users.length
        ).toFixed(4);
      const hitsOf = ({ users }: StoredCheck) => users.filter(({ rank }) => rank !== null).length;

      // Stopped in the middle of the fourth user: the three before count.
      model.holdAfter(3);
      await check();
      assert.match(await palette.row('10 users').innerText(), /with fake/);
      await workbench.screenshot('quick-check-choice');
      await palette.pick('10 users');
      await notifications.toast(/Hits: \d · 3 of 10 users/).waitFor();
      await workbench.screenshot('quick-check-running');
      await notifications.choose('Quick check over 10 users', 'Cancel');
      await report.getByText('Stopped by you').waitFor();
      assert.equal(await cellOf('Users'), '3');
      assert.equal(checks().length, 1);

      model.holdAfter(Infinity);
      await check();
      await palette.pick('10 users');
      await report.getByText('Stopped by you').waitFor({ state: 'detached' });
      assert.equal(await cellOf('Users'), '10');
      const [, first] = checks();
      assert.equal(await cellOf('NDCG@10'), meanNdcg(first!));
      assert.deepEqual(first!.prompts.map((prompt) => prompt.name).sort(), [
        'demonstrations',
        'rank.movies',
        'surrogate.movies',
      ]);
      assert.equal(await cellOf('Hit rate@10'), percent(hitsOf(first!), 10));
      assert.match(await cellOf('95 % interval'), /^[\d.]+ % – [\d.]+ %$/);
      assert.match(await cellOf('Tokens'), /^[1-9][\d,]+$/);
      assert.equal(
        await report
          .locator('tr')
          .filter({ hasText: /^\s*simulated-/ })
          .count(),
        10,
      );
      await workbench.screenshot('quick-check-report');

      // The text as it stands in the editor counts, saved or not.
      const lines = readFileSync(path.join(folder, 'prompts', name), 'utf8').split('\n');
      await page.locator('.part.editor .monaco-editor .view-line').first().click();
      await goToEndOf(workbench, lines.findIndex((text) => text.startsWith('You act for')) + 1);
      await page.keyboard.type(' Be kind.');
      await page.locator('.view-line').filter({ hasText: 'Be kind.' }).first().waitFor();
      await check();
      await palette.pick('10 users');
      await report.getByText(meanNdcg(first!)).waitFor({ state: 'detached' });
      const [, , second] = checks();
      assert.ok(second!.prompts.some(({ text }) => text.includes('Be kind.')));
      assert.notEqual(meanNdcg(second!), meanNdcg(first!));
      assert.equal(await cellOf('NDCG@10'), meanNdcg(second!));
      await page.locator('.notifications-toasts .notification-toast').first().waitFor({ state: 'detached' });

      await palette.run('ToolRec: Compare Prompt Versions');
      await palette.widget.getByText('Used 2×').first().waitFor();
      await workbench.screenshot('versions-choice');
      const hashes = [second!, first!].map(
        ({ prompts }) => prompts.find((prompt) => prompt.name === 'surrogate.movies')!.hash,
      );
      await palette.pick(hashes[0]!.slice(0, 8));
      await palette.row(hashes[0]!.slice(0, 8)).waitFor({ state: 'detached' });
      await palette.pick(hashes[1]!.slice(0, 8));
      await page.locator('.monaco-diff-editor .char-insert').first().waitFor();
      await report.getByText('Versions of surrogate.movies').waitFor();
      const rates = await report.locator('tr').filter({ hasText: 'Hit rate' }).first().innerText();
      const old = hitsOf(first!) + hitsOf(checks()[0]!);
      assert.deepEqual(rates.match(/[\d.]+ %/g), [percent(old, 13), percent(hitsOf(second!), 10)]);
      const difference = 10 * hitsOf(second!) - (100 * old) / 13;
      await report.getByText(`Difference of the hit rate: ${difference.toFixed(1)} points`).waitFor();
      await report.getByText('Of 10 users that both were run for').waitFor();
      await workbench.screenshot('versions-compared');

      // Without a language model it is the baseline, and nothing is recorded of a prompt that was not read.
      await workbench.editorTab(name).click();
      await palette.run('ToolRec: Select Language Model');
      await palette.pick('Offline');
      await workbench.statusBarItem('ToolRec: offline').waitFor();
      await check();
      assert.match(await palette.row('10 users').innerText(), /offline: the policy does not read the prompt/);
      await palette.pick('10 users');
      await report.getByText('the baseline that it has to beat').waitFor();
      assert.equal(await cellOf('Users'), '10');
      assert.equal(await cellOf('Tokens'), '0');
      assert.match(await cellOf('Hit rate@10'), /^[\d.]+ %$/);
      assert.equal(checks().length, 3);
      await workbench.screenshot('quick-check-offline');
    } finally {
      await model.stop();
    }
  });

  it('are updated from what ships, kept, and reset, only when asked', async () => {
    const folder = sampleWorkspace();
    const shipped = (file: string) => readFileSync(path.join(root, 'resources/prompts', file), 'utf8');
    const file = (of: string) => path.join(folder, 'prompts', of);
    const [copied, edited] = ['rank.movies.toolrec.md', 'plan.movies.toolrec.md'];
    // As an earlier ToolRec left them: one as it was shipped then, one edited since.
    mkdirSync(path.join(folder, 'prompts'));
    const older = (of: string) => shipped(of).replace(/^title: .*$/m, 'title: As it was');
    const hash = (text: string) => createHash('sha256').update(text).digest('hex');
    const mine = older(edited).replace('title: As it was', 'title: As I want it');
    writeFileSync(file(copied), older(copied));
    writeFileSync(file(edited), mine);
    writeFileSync(
      file('.origins.json'),
      JSON.stringify({
        version: 1,
        files: Object.fromEntries(
          [copied, edited].map((of) => [of, { shipped: hash(older(of)), toolrec: '0.0.1' }]),
        ),
      }),
    );
    const workbench = await openWorkbench({ folder, size: { width: 1280, height: 800 } });
    const { palette, notifications, page } = workbench;
    await palette.run('ToolRec: Edit Prompts');
    await palette.row('rank.movies').waitFor();
    assert.match(
      await palette.row('rank.movies').innerText(),
      /not edited; a newer version comes with ToolRec/,
    );
    assert.match(await palette.row('plan.movies').innerText(), /edited; a newer version comes with ToolRec/);
    await workbench.screenshot('prompts-list');
    await palette.dismiss();

    await editPrompt(workbench, copied);
    assert.equal(readFileSync(file(copied), 'utf8'), older(copied), 'nothing is replaced unasked');
    const newer = lensOf(workbench, /A newer version comes with ToolRec/);
    await newer.click();
    await notifications.toast('You have not edited yours').waitFor();
    await workbench.screenshot('prompt-update');
    await notifications.choose('You have not edited yours', 'Show What Changed');
    await page.locator('.monaco-diff-editor .char-insert').first().waitFor();
    await workbench.screenshot('prompt-update-changes');
    await workbench.editorTab(copied).click();
    await page.locator('.monaco-diff-editor').first().waitFor({ state: 'hidden' });
    await newer.click();
    await notifications.choose('You have not edited yours', 'Take the New Version');
    await untilFile(workbench, file(copied), (text) => text === shipped(copied));
    await newer.waitFor({ state: 'detached' });

    await editPrompt(workbench, edited);
    await newer.click();
    await notifications.choose('You have edited yours', 'Keep Mine');
    const reset = lensOf(workbench, /Reset to default/);
    await reset.waitFor();
    assert.equal(readFileSync(file(edited), 'utf8'), mine);
    await lensOf(workbench, /Show what changed/).waitFor();
    await reset.click();
    const dialog = page.locator('.monaco-dialog-box');
    await dialog.getByText('Your changes are replaced').waitFor();
    await workbench.screenshot('prompt-reset');
    await dialog.locator('.monaco-button').filter({ hasText: 'Reset' }).click();
    await untilFile(workbench, file(edited), (text) => text === shipped(edited));
    await reset.waitFor({ state: 'detached' });
    // Undo brings the edits back.
    await page.locator('.part.editor .monaco-editor .view-line').first().click();
    await page.keyboard.press('Control+z');
    await page.locator('.view-line').filter({ hasText: 'As I want it' }).first().waitFor();
    await page.keyboard.press('Control+s');
    await untilFile(workbench, file(edited), (text) => text === mine);
    await reset.waitFor();
  });

  it('are taught by finished sessions, in the list editor and in the session panel', async function () {
    this.timeout(180_000);
    const folder = sampleWorkspace();
    const size = { width: 1280, height: 900 };
    const users = ['simulated-43', 'simulated-44'] as const;
    const [first, second] = users.map(
      (user) =>
        (
          JSON.parse(toolrec('session', 'run', '--user', user, '--workspace', folder, '--json')) as {
            session: string;
          }
        ).session,
    );
    const file = path.join(folder, 'prompts/demonstrations/movies.yaml');
    const stored = () => {
      const text = readFileSync(file, 'utf8');
      assert.match(text, /^# Worked examples/, 'comments stay');
      const document = parseDocument(text);
      assert.deepEqual(document.errors, []);
      return (
        document.toJS() as {
          demonstrations: {
            title: string;
            source?: string;
            enabled?: boolean;
            rounds: { action: string; observation?: string[] }[];
          }[];
        }
      ).demonstrations;
    };
    const workbench = await openWorkbench({ folder, size });
    const { palette, notifications } = workbench;
    const openSession = async (window: Workbench, user: string) => {
      await window.palette.run('ToolRec: Open Session…');
      await window.palette.pick(`User ${user}`);
      await window.editorTab(`User ${user}`).waitFor();
      const panel = await window.webview();
      await panel.locator('#result table').waitFor();
      return panel;
    };

    // From the session's menu.
    const panel = await openSession(workbench, users[0]);
    await panel.locator('#more').click();
    await palette.pick('Add to Demonstrations');
    await notifications.toast('The session is now an example').waitFor();
    const made = stored().at(-1)!;
    assert.equal(made.source, first);
    assert.match(made.rounds[0]!.action, /^Retrieve\[None, 50\]$/);
    assert.match(made.rounds.at(-1)!.action, /^Finish\[/);
    assert.ok(
      made.rounds.every(({ observation }) => (observation?.length ?? 0) <= 10),
      'long lists are cut',
    );
    await notifications.choose('The session is now an example', 'Show');
    await workbench.editorTab('movies.yaml').waitFor();
    const list = await workbench.webview();
    const entry = list.locator('.entry').nth(4);
    await entry.getByText(`From session ${first}`).waitFor();
    assert.equal(await entry.locator('.codicon.error, .codicon.warning').count(), 0);
    await entry.locator('.entry-title').click();
    await entry.locator('.detail').waitFor();
    await workbench.screenshot('demonstration-from-session');

    // From the list the person says which session; one that is an example already is not added again.
    const before = readFileSync(file, 'utf8');
    await list.getByText('Add from a Session…').click();
    await palette.widget.getByPlaceholder('Which session should become an example?').waitFor();
    await palette.pick(`User ${users[0]}`);
    await notifications.toast('The session is an example already').waitFor();
    assert.equal(readFileSync(file, 'utf8'), before);
    await palette.run('Notifications: Clear All Notifications');
    await notifications.all.first().waitFor({ state: 'detached' });

    // In the panel of a session the same list stands under its rounds; each change is in the file.
    const other = await openSession(workbench, users[1]);
    await other.locator('#prompt').click();
    await other.locator('#tab-demonstrations').click();
    const examples = other.locator('.entry');
    await examples.nth(4).waitFor();
    await other.locator('#add-example').click();
    await examples.nth(5).getByText(`From session ${second}`).waitFor();
    await other.locator('#add-example[disabled]').waitFor();
    await untilFile(workbench, file, (text) => text.includes(second!));
    assert.equal(stored().at(-1)!.source, second);
    await examples
      .nth(5)
      .getByRole('button', { name: /^Move .* up/ })
      .click();
    await examples.nth(4).getByText(`From session ${second}`).waitFor();
    await examples.nth(0).locator('input[type=checkbox]').click();
    await other.locator('.entry.off').first().waitFor();
    await examples.nth(4).getByRole('button', { name: /^Edit/ }).click();
    await other.locator('form [name=title]').fill('Best of the year');
    await other.locator('form').getByText('Save').click();
    await examples.nth(4).getByText('Best of the year').waitFor();
    await other.locator('.detail .step').first().waitFor();
    await untilFile(workbench, file, (text) => text.includes('Best of the year'));
    const after = stored();
    assert.deepEqual(
      [after[0]!.enabled, after[4]!.title, after[4]!.source],
      [false, 'Best of the year', second],
    );
    await other.locator('#add-example').scrollIntoViewIfNeeded();
    await workbench.screenshot('session-demonstrations-dark');

    for (const theme of ['light', 'high-contrast'] as const) {
      const window = await openWorkbench({ folder, size, theme });
      const page = await openSession(window, users[1]);
      await page.locator('#prompt').click();
      await page.locator('#tab-demonstrations').click();
      await page.locator('.entry').nth(4).locator('.entry-title').click();
      await page.locator('.detail .step').first().waitFor();
      await page.locator('#add-example').scrollIntoViewIfNeeded();
      await window.screenshot(`session-demonstrations-${theme}`);
    }
  });
});
