import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { LLMock } from '@copilotkit/aimock';
import { openWorkbench, sampleWorkspace, themes, toolrec, userData, type Theme } from './harness.ts';
import type { Workbench } from './pages/workbench.ts';

/** Not of the shape of any provider's keys, so that only exact redaction finds it. */
const key = 'zebra.crossing.4711.moonlight';

/** Every file under a folder that holds the text, as it is or in base64. */
function filesWith(folder: string, text: string): string[] {
  const needles = [text, Buffer.from(text).toString('base64').replace(/=+$/, '')].map((part) =>
    Buffer.from(part),
  );
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
    .filter((file) => {
      const content = readFileSync(file);
      return needles.some((needle) => content.includes(needle));
    });
}

async function addServer(workbench: Workbench, url: string, model: string): Promise<void> {
  const { palette } = workbench;
  await palette.run('ToolRec: Select Language Model');
  await palette.pick('Add a Server…');
  await palette.widget.getByText('Base URL of the server').waitFor();
  await palette.enter(url);
  await palette.widget.getByText('API key for').waitFor();
  assert.equal(await palette.input.getAttribute('type'), 'password');
  await palette.enter(key);
  await palette.pick('Another Name…');
  await palette.widget.getByText('Name of the model').waitFor();
  await palette.enter(model);
  await palette.pick('ReAct text');
}

/** Two sessions of one user, the second a fork of the first that retrieves with another model. */
function twoSessions(folder: string): readonly [first: string, second: string] {
  const run = (...more: string[]) =>
    (JSON.parse(toolrec('session', 'run', '--workspace', folder, '--json', ...more)) as { session: string })
      .session;
  const first = run('--user', 'simulated-1');
  return [first, run('--fork', `${first}@1`, '--retrieval', 'popularity')];
}

describe('language models', () => {
  let mock: LLMock;
  before(async () => {
    mock = new LLMock({ port: 0, host: '127.0.0.1' });
    mock.onMessage(/ready/, {
      content: 'ready',
      usage: { prompt_tokens: 11, completion_tokens: 1, total_tokens: 12 },
    });
    mock.onMessage(/round 1 of/, { content: `Thought: My key is ${key}.\nAction: Retrieve[None, 20]` });
    mock.onMessage(/round 2 of/, { content: 'Thought: enough\nAction: Finish[]' });
    await mock.start();
  });
  after(() => mock.stop());

  it('takes a server and its key, tests the connection, and leaves the key nowhere', async function () {
    this.timeout(120_000);
    const workbench = await openWorkbench({ folder: sampleWorkspace() });
    const { palette, notifications } = workbench;
    await workbench.openViewContainer('ToolRec');
    await workbench.statusBarItem('ToolRec: offline').waitFor();
    await palette.run('ToolRec: Select Language Model');
    await palette.row('in use').waitFor();
    assert.match(await palette.row('in use').innerText(), /Offline/);
    await workbench.screenshot('select-language-model');
    await palette.dismiss();

    const before = mock.getRequests().length;
    await addServer(workbench, `${mock.url}/v1/`, 'toolrec-test');
    const { host } = new URL(mock.url);
    await workbench.statusBarItem(`toolrec-test at ${host}`).waitFor();
    await notifications.choose('Sessions use', 'Test Connection');
    await notifications.toast('answered in').waitFor();
    assert.match((await notifications.messages()).join('\n'), /11 \+ 1 tokens/);
    await workbench.screenshot('language-model-tested');
    const asked = mock
      .getRequests()
      .slice(before)
      .filter(({ path: at }) => at.includes('/chat/completions'));
    assert.equal(asked.length, 1);
    // The journal hides credentials, so what counts is that there was one.
    assert.ok(Object.keys(asked[0]!.headers).some((name) => name.toLowerCase() === 'authorization'));

    // A server that answers with the key it was sent: neither the session's log nor an export of it says it again.
    await palette.run('ToolRec: Start Session');
    await palette.row('Random Test User').waitFor();
    await palette.input.fill('simulated-43');
    await palette.pick('simulated-43');
    const session = await workbench.webview();
    await session.locator('#continue').click();
    await session.locator('#result table').waitFor();
    await palette.run('ToolRec: Export Session…');
    await palette.pick('Markdown, to a file…');
    await palette.widget.getByText('Export Session').waitFor();
    const exported = await palette.filled('.md');
    assert.equal(path.dirname(exported), workbench.folder);
    await palette.input.press('Enter');
    await notifications.toast('Exported to').waitFor();
    const markdown = readFileSync(exported, 'utf8');
    assert.match(markdown, /## Result/);
    assert.match(markdown, /My key is \[redacted\]/);
    await palette.run('ToolRec: Doctor');
    const report = await workbench.webview('Preview Doctor');
    await report.locator('h1, h2').first().waitFor();
    assert.ok(!(await report.locator('body').innerText()).includes(key), 'the report shows the key');

    // Where a key might have been left: settings, storage and logs of VS Code, the workspace, what the window shows.
    await palette.run('ToolRec: Show Log');
    await workbench.page.locator('.part.panel').getByText('answered in').first().waitFor();
    assert.deepEqual(filesWith(userData(), key), []);
    assert.deepEqual(filesWith(workbench.folder!, key), []);
    assert.ok(!(await workbench.page.content()).includes(key), 'the window shows the key');
    const settings = readFileSync(path.join(userData(), 'User', 'settings.json'), 'utf8');
    assert.match(settings, new RegExp(`"toolrec.languageModel.baseUrl": "${mock.url}/v1"`));

    // A server that is gone is named, with what to do; the choice stays.
    await mock.stop();
    await palette.run('ToolRec: Test Language Model Connection');
    await notifications.toast('Nothing answers at').waitFor();
    await mock.start();
    await workbench.page.waitForTimeout(1000); // what ends the test takes the focus, and would close the palette

    await palette.run('ToolRec: Forget API Key…');
    await palette.row(host).locator('input, .monaco-checkbox').first().click();
    await palette.input.press('Enter');
    await palette.widget.waitFor({ state: 'hidden' });
    await palette.run('ToolRec: Select Language Model');
    await palette.pick('Offline');
    await workbench.statusBarItem('ToolRec: offline').waitFor();
  });

  it('asks for the key again where a server refuses it, and makes no link of what the server says', async () => {
    const server = createServer((request, response) => {
      const allowed = request.headers.authorization === 'Bearer right';
      request.resume().on('end', () => {
        const streams = allowed && request.url !== '/v1/models';
        const type = streams ? 'text/event-stream' : 'application/json';
        response.writeHead(allowed ? 200 : 401, { 'content-type': type });
        const refusal = { error: { message: 'No. [Click here](command:workbench.action.closeWindow)' } };
        const list = { object: 'list', data: [{ id: 'small $(trash)', object: 'model' }] };
        if (!allowed) response.end(JSON.stringify(refusal));
        else if (!streams) response.end(JSON.stringify(list));
        else {
          const choices = [{ index: 0, delta: { content: 'ready' }, finish_reason: 'stop' }];
          response.end(`data: ${JSON.stringify({ id: '1', model: 'small', choices })}\n\ndata: [DONE]\n\n`);
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
      const workbench = await openWorkbench({
        theme: 'high-contrast',
        settings: {
          'toolrec.languageModel.provider': 'openai',
          'toolrec.languageModel.baseUrl': baseUrl,
          'toolrec.languageModel.model': 'small $(trash)',
        },
      });
      const { palette, notifications } = workbench;
      await palette.run('ToolRec: Test Language Model Connection');
      const refused = notifications.toast('refused the key');
      await refused.waitFor();
      const message = refused.locator('.notification-list-item-message');
      assert.match(await message.innerText(), /\[Click here\] \(command:/);
      assert.equal(await message.locator('a').count(), 0);
      await workbench.screenshot('language-model-refused');
      await notifications.choose('refused the key', 'Enter API Key…');
      await palette.widget.getByText('API key for').waitFor();
      await palette.enter('right');
      await palette.pick('small $ (trash)');
      await palette.pick('ReAct text');
      await notifications.choose('Sessions use', 'Test Connection');
      await notifications.toast('answered in').waitFor();
      await workbench.statusBarItem('ToolRec: small $ (trash)').waitFor();
    } finally {
      server.close();
    }
  });

  it('compares two sessions round by round, in every theme', async function () {
    this.timeout(180_000);
    const folder = sampleWorkspace();
    const [first, second] = twoSessions(folder);
    for (const theme of Object.keys(themes) as Theme[]) {
      const workbench = await openWorkbench({ folder, theme, size: { width: 1280, height: 1100 } });
      await workbench.palette.run('ToolRec: Compare Sessions…');
      await workbench.palette.pick(first);
      await workbench.palette.pick(second);
      const page = await workbench.webview();
      await page.getByRole('heading', { name: 'Round 2' }).waitFor();
      await workbench.screenshot(`compare-${theme}`);
      if (theme === 'dark') {
        assert.equal(await page.getByRole('heading', { name: 'Round 1', exact: true }).count(), 1);
        await page.getByRole('checkbox', { name: 'Only what differs' }).check();
        await page.getByRole('heading', { name: 'Round 1', exact: true }).waitFor({ state: 'detached' });
        await page.getByText('1 round that is the same is not shown.').waitFor();
        await page.locator('body').press('j');
        assert.match(
          (await page.locator(':focus').getAttribute('aria-label'))!,
          /^Round 2: another action|^Round 2: /,
        );
      }

      // Its session becomes the active one: memory and metrics show it.
      await page.getByRole('button', { name: 'Open Session' }).first().click();
      const panel = await workbench.webview();
      await panel.locator('#result table').waitFor();
      await workbench.openViewContainer('ToolRec');
      const memory = await workbench.view('Memory');
      // Room for the two.
      await (await workbench.view('Datasets & Models')).pane.locator('> .pane-header').click();
      await memory.row('Final list').waitFor();
      const metrics = await workbench.view('Metrics');
      await memory.expand('Catalogue');
      await metrics.row('Held-out item').waitFor();
      assert.match(await metrics.row('Held-out item').innerText(), /hidden/);
      await workbench.screenshot(`memory-and-metrics-${theme}`);
      if (theme !== 'dark') continue;
      await metrics.row('Held-out item').click();
      await metrics.row('NDCG@10').waitFor();
      await memory.rows.filter({ hasText: /^1 / }).first().click();
      await workbench.editorTab('Preview Item Trail').waitFor();
      await workbench.screenshot('item-trail');

      await workbench.palette.run('ToolRec: Export Session…');
      await workbench.palette.pick('Markdown, in a new editor');
      await workbench.page.locator('.monaco-editor .view-lines').getByText('## Result').first().waitFor();
      await workbench.screenshot('session-export');
    }
  });

  it('is walked through in five steps, from the sample to a finished session', async function () {
    this.timeout(180_000);
    const workbench = await openWorkbench({ size: { width: 1440, height: 1000 } });
    const { palette } = workbench;
    const open = async () => {
      await palette.run('ToolRec: Open Walkthrough');
      await workbench.walkthroughStep('Open the sample').waitFor();
    };
    const step = async (title: string, button: string) => {
      await workbench.walkthroughStep(title).click();
      await workbench.page
        .locator('.getting-started-step.expanded .monaco-button')
        .filter({ hasText: button })
        .first()
        .click();
    };
    await open();
    await step('Open the sample', 'Open Sample');
    await workbench.notifications.toast('is ready').waitFor();
    await workbench.walkthroughStep('Open the sample').locator('.codicon.complete').waitFor();
    await workbench.statusBarItem('ToolRec: offline').waitFor();
    await step('Look at the data', 'Show Dataset');
    await (await workbench.webview('sample')).getByText('History length').waitFor();
    await workbench.editorTab('Welcome').click();
    await step('Train a recommender', 'Train');
    await palette.rows.first().waitFor();
    await workbench.screenshot('walkthrough-train');
    await palette.dismiss();
    await step('Step a surrogate user', 'Start Session');
    await palette.row('Random Test User').waitFor();
    await palette.input.fill('simulated-43');
    await palette.pick('simulated-43');
    await (await workbench.webview()).locator('#step').waitFor();
    await workbench.editorTab('Welcome').click();
    await step('Finish it', 'Continue to the End');
    await workbench.walkthroughStep('Finish it').locator('.codicon.complete').waitFor();
    await workbench.screenshot('walkthrough-finished');
    const done = await workbench.page.locator('.getting-started-step .codicon.complete').count();
    assert.ok(done >= 4, `${done} of five steps are ticked`);
  });
});
