import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LLMock } from '@copilotkit/aimock';
import { openWorkbench, sampleWorkspace, themes, toolrec, type Theme } from './harness.ts';
import type { Webview } from './pages/webview.ts';
import type { Workbench } from './pages/workbench.ts';

const user = 'simulated-43';
const size = { width: 1440, height: 1000 };

/** Starts a session as a person does: palette, user by id. */
async function start(workbench: Workbench): Promise<Webview> {
  await workbench.palette.run('ToolRec: Start Session');
  await workbench.palette.row('Random Test User').waitFor();
  await workbench.palette.input.fill(user);
  await workbench.palette.pick(user);
  const page = await workbench.webview();
  await page.locator('#step').waitFor();
  return page;
}

const round = (page: Webview, number: number) => page.locator(`[data-round="${number}"]`);

function logs(folder: string): string[] {
  const directory = path.join(folder, '.toolrec/sessions');
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}

/** Puts lines before what is in the log that its first round was taken off again and again. */
function withEarlierLines(file: string, count: number): void {
  const [started, ...rest] = readFileSync(file, 'utf8').trimEnd().split('\n');
  const events = rest.map((text) => JSON.parse(text) as { type: string; round?: number });
  const first = events.filter(({ type, round }) => type !== 'finished' && round === 1);
  const lines = Array.from({ length: count }, () => [...first, { type: 'rewound', round: 0 }]);
  const { time } = JSON.parse(started!) as { time: number };
  const all = [...lines.flat(), ...events].map((event, i) => JSON.stringify({ ...event, seq: i + 1, time }));
  writeFileSync(file, `${[started, ...all].join('\n')}\n`);
}

describe('session', () => {
  it('is stepped, edited, forked, reloaded, opened again and deleted', async () => {
    const workbench = await openWorkbench({ folder: sampleWorkspace(), size });
    const { palette } = workbench;
    const folder = workbench.folder!;
    const violations: string[] = [];
    workbench.page.on('console', (message) => {
      const ours = message.location().url.includes('/dist/webview/');
      if (ours && message.text().includes('Content Security Policy')) violations.push(message.text());
    });
    let page = await start(workbench);
    await page.locator('.card').first().waitFor();
    await page.locator('#step').click();
    await round(page, 1).locator('table tbody tr').first().waitFor();
    assert.match(await round(page, 1).innerText(), /Retrieve\[None, 50\]/);
    // The keys are commands that can be bound anew.
    await round(page, 1).locator('.ordinal').click();
    await workbench.page.keyboard.press('s');
    await round(page, 2).locator('table tbody tr').first().waitFor();
    await workbench.page.keyboard.press('k');
    await page.locator('[data-round="1"]:focus').waitFor();
    await workbench.page.keyboard.press('j');
    await page.locator('[data-round="2"]:focus').waitFor();
    await page.locator('#continue').click();
    await page.locator('#result table').waitFor();
    assert.equal(await page.locator('#result tbody tr').count(), 10);
    assert.equal(await page.locator('.held-out').count(), 0);
    await page.locator('#reveal').click();
    await page.locator('#result .metrics').waitFor();
    assert.match(await page.locator('#result .metrics').innerText(), /Recall@10[\s\S]*NDCG@10/);
    await page.locator('#result button.title').first().click();
    await page.locator('#result .trail li').first().waitFor();
    assert.match(await page.locator('#result .trail').innerText(), /Round 1\s*Retrieve\[None, 50\]/);
    await workbench.screenshot('session-result');
    await page.locator('#replay').click();
    await page.locator('#replayed').getByText('everything came out the same').waitFor();

    // A trail that is open follows the line.
    await round(page, 1).locator('button.title').first().click();
    const trail = round(page, 1).locator('.trail');
    await trail.getByText('Result').waitFor();

    // An edited action runs from there; what it replaces stays as an earlier line.
    const rounds = await page.locator('[data-round]').count();
    await round(page, 2).locator('.ordinal').click();
    await workbench.page.keyboard.press('Enter');
    const editor = page.locator('#editor');
    await editor.fill('dance[');
    await editor.press('Control+Enter');
    await page.locator('.editor .problem').waitFor();
    await workbench.screenshot('session-edit');
    await editor.fill('retrieve[genre, 7]');
    await editor.press('Control+Enter');
    await round(page, 2).locator('.part.action .edited').waitFor();
    await round(page, 2).locator('table tbody tr:nth-child(7)').waitFor();
    assert.equal(await page.locator('[data-round]').count(), 2);
    await trail.getByText('Result').waitFor({ state: 'detached' });
    await page.locator('#branch').selectOption('left:0');
    await round(page, rounds).waitFor();
    assert.equal(await page.locator('.round.stale').count(), rounds - 1);
    await workbench.screenshot('session-left-line');
    await page.getByText('Back to the Present Line').click();
    await round(page, 3).waitFor({ state: 'detached' });

    await round(page, 1).getByRole('button', { name: 'Fork after This Round' }).click();
    await round(page, 2).waitFor({ state: 'detached' });
    await page.locator('#continue').click();
    await page.locator('#result table').waitFor();
    assert.equal(logs(folder).length, 2);
    await workbench.screenshot('session-fork');
    await page.locator('#back').click();
    await page.locator('#result').waitFor({ state: 'detached' });
    const kept = await page.locator('[data-round]').count();

    // VS Code for the web writes down which editors are open each 5 s; on a desktop, when it closes.
    await workbench.page.waitForTimeout(6000);
    await workbench.page.reload();
    await workbench.untilReady();
    page = await workbench.webview();
    await round(page, kept).waitFor({ timeout: 60_000 });
    assert.equal(await page.locator('[data-round]').count(), kept);
    assert.equal(await page.locator('#reveal').getAttribute('aria-pressed'), 'true');
    await page.locator('#step').click();
    await page.locator('#result table').waitFor();

    await palette.run('ToolRec: Open Session…');
    await palette.row('forked after round 1').waitFor();
    assert.equal(await palette.rows.count(), 2);
    await workbench.screenshot('session-list');
    await palette.dismiss();
    await palette.runAndPick('ToolRec: Delete Session…', 'forked after round 1');
    const dialog = workbench.page.locator('.monaco-dialog-box');
    await dialog.locator('.monaco-button').filter({ hasText: 'Delete' }).click();
    await workbench.page.locator('iframe.webview').first().waitFor({ state: 'detached' });
    assert.equal(logs(folder).length, 1);
    assert.deepEqual(violations, []);
  });

  it('streams from a server, stops in the middle, shows an error in its cell, and says what the model was asked', async () => {
    const mock = new LLMock({ port: 0, host: '127.0.0.1' });
    const thought = 'Thought: The history leans to science fiction, so I ask by genre first. ';
    mock.onMessage(
      /round 1 of/,
      { content: `${thought.repeat(6)}\nAction: Retrieve[genre, 20]` },
      { latency: 60, chunkSize: 8 },
    );
    mock.onMessage(/round 2 of/, { content: 'Thought: enough\nAction: Finish[]' });
    await mock.start();
    const workbench = await openWorkbench({
      folder: sampleWorkspace(),
      size,
      settings: {
        'toolrec.languageModel.provider': 'openai',
        'toolrec.languageModel.baseUrl': `${mock.url}/v1`,
        'toolrec.languageModel.model': 'fake',
      },
    });
    let stopped = false;
    try {
      const page = await start(workbench);
      assert.match(await page.locator('#policy').innerText(), /fake/);
      await page.locator('#step').click();
      await page.locator('.writing').getByText('science fiction').first().waitFor();
      await workbench.screenshot('session-streaming');
      await page.locator('#stop').click();
      await page.locator('#interrupted').waitFor();
      assert.match(await page.locator('[data-pending] .writing').innerText(), /^Thought/);
      await page.locator('#step').click();
      await round(page, 1).locator('table tbody tr').first().waitFor();
      assert.match(await round(page, 1).innerText(), /tokens/);
      await round(page, 1).getByRole('button', { name: 'Prompt', exact: true }).click();
      await workbench.editorTab('round-1-policy-1-prompt.md').waitFor();
      await workbench.page.locator('.view-lines').getByText('Retrieve').first().waitFor();
      await workbench.screenshot('session-prompt-text');
      await workbench.editorTab(`User ${user}`).click();

      await mock.stop();
      stopped = true;
      const again = await workbench.webview();
      await again.locator('#step').click();
      await again.locator('#failure').waitFor({ timeout: 60_000 });
      await workbench.screenshot('session-error');
      const [log] = logs(workbench.folder!);
      const text = readFileSync(path.join(workbench.folder!, '.toolrec/sessions', log!), 'utf8');
      assert.ok(text.includes('"interrupted"') && text.includes('"failed"'));

      // The prompt of the workspace is another now: the rounds so far are stale.
      await again.locator('#prompt').click();
      const prompt = again.locator('#prompt-text');
      await prompt.waitFor();
      await prompt.fill(`${await prompt.inputValue()}\nBe brief.\n`);
      await again.getByText('Save', { exact: true }).click();
      await again.locator('.round.stale').waitFor();
      await workbench.screenshot('session-stale-prompt');
    } finally {
      if (!stopped) await mock.stop();
    }
  });

  for (const theme of Object.keys(themes) as Theme[])
    it(`is opened from its log (${theme})`, async () => {
      const folder = sampleWorkspace();
      toolrec('session', 'run', '--user', user, '--workspace', folder);
      const branched = theme === 'high-contrast';
      if (branched) withEarlierLines(path.join(folder, '.toolrec/sessions', logs(folder)[0]!), 23);
      const workbench = await openWorkbench({ folder, theme, size });
      await workbench.palette.run('ToolRec: Open Session…');
      await workbench.palette.pick(`User ${user}`);
      const page = await workbench.webview();
      await page.locator('.card').first().waitFor();
      await page.locator('.taste').waitFor();
      await page.locator('#reveal').click();
      await workbench.screenshot(`session-${theme}`);
      await page.locator('#result').scrollIntoViewIfNeeded();
      await workbench.screenshot(`session-${theme}-below`);
      if (branched) {
        // Every earlier line can be reached, the oldest after one more click.
        const lines = page.locator('#branch option');
        assert.equal(await lines.count(), 1 + 20);
        await page.getByText('3 older lines').click();
        await page.locator('#older').waitFor({ state: 'detached' });
        assert.equal(await lines.count(), 1 + 23);
        await page.locator('#branch').selectOption('left:22');
        await round(page, 2).waitFor({ state: 'detached' });
        await workbench.screenshot('session-older-line');
        await page.locator('#branch').selectOption('left:0');
        await page.getByText('Back to the Present Line').click();
        await round(page, 2).waitFor();
      }
      if (theme !== 'dark') return;
      await workbench.page.setViewportSize({ width: 720, height: 900 });
      await page.locator('h1').scrollIntoViewIfNeeded();
      await workbench.screenshot('session-narrow');
    });
});
