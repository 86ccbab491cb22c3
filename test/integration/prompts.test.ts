import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { commands, customEditors, extensionId } from '../../src/workbench/names.ts';

const execute = <T>(command: string, ...args: unknown[]) =>
  vscode.commands.executeCommand<T>(command, ...args);

describe('prompts in the editor', () => {
  let folder: string;
  let document: vscode.TextDocument;
  const front = '---\nkind: surrogate\ndomain: movies\ntitle: Test\ninputs:\n  tone: { sample: calm }\n---\n';
  const body =
    '{% system %}\nBe {{ tone }}.\n\nTools:\n{% for tool in tools %}\n- {{ tool.description }}\n{% endfor %}\nFinish[items] ends. Stop then.\n\nRules:\n- Name films.\n{% endsystem %}\n\n{% user %}\n{% for film in history %}\n- {{ film.line }}\n{% endfor %}\n{{ rounds.size }}\n{% enduser %}\n';
  const good = front + body;

  before(async function () {
    this.timeout(60_000);
    await vscode.extensions.getExtension(extensionId)!.activate();
    folder = vscode.workspace.workspaceFolders![0]!.uri.fsPath;
    mkdirSync(path.join(folder, '.toolrec', 'datasets'), { recursive: true });
    await execute(commands.createSample);
    rmSync(path.join(folder, 'prompts'), { recursive: true, force: true });
    mkdirSync(path.join(folder, 'prompts'), { recursive: true });
  });
  after(async () => {
    await execute('workbench.action.closeAllEditors');
    rmSync(path.join(folder, 'prompts'), { recursive: true, force: true });
    rmSync(path.join(folder, '.toolrec', 'datasets', 'sample'), { recursive: true, force: true });
  });

  async function open(text: string, name = 'surrogate.movies.toolrec.md'): Promise<vscode.TextDocument> {
    const file = path.join(folder, 'prompts', name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    document = await vscode.workspace.openTextDocument(file);
    if (document.getText() !== text) {
      const edit = new vscode.WorkspaceEdit();
      edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
      await vscode.workspace.applyEdit(edit);
      await document.save();
    }
    return document;
  }
  /** The place after this text. */
  const after_ = (text: string, from = document) =>
    from.positionAt(from.getText().indexOf(text) + text.length);
  const within = (text: string, plus = 1) => document.positionAt(document.getText().indexOf(text) + plus);
  const found = (uri = document.uri) =>
    vscode.languages.getDiagnostics(uri).map(({ code, range }) => [code, document.getText(range)]);

  it('knows the language of the file', async () => {
    assert.equal((await open(good)).languageId, 'toolrec-prompt');
  });

  it('finds mistakes at their place as the text changes, and puts them right', async () => {
    await open(good.replace('{{ film.line }}', '{{ film.lin }}').replace('rounds.size', 'ruonds.size'));
    await until(() => found().length === 3);
    assert.deepEqual(found(), [
      ['unused-input', 'surrogate'],
      ['unknown-field', 'lin'],
      ['unknown-variable', 'ruonds'],
    ]);
    for (const wrong of ['lin }}', 'ruonds']) {
      const at = within(wrong);
      const actions = await execute<vscode.CodeAction[]>(
        'vscode.executeCodeActionProvider',
        document.uri,
        new vscode.Range(at, at),
      );
      const fix = actions.find(({ isPreferred }) => isPreferred)!;
      assert.match(fix.title, /Change to/);
      await vscode.workspace.applyEdit(fix.edit!);
      await until(() => !found().some(([, text]) => text === wrong.split(' ')[0]));
    }
    await until(() => found().length === 0);
    await document.save();
  });

  it('holds actions to the attributes of the dataset', async () => {
    await open(good.replace('Name films.', 'Write Retrieve[gerne, 5].'));
    await until(() => found().length === 1);
    assert.deepEqual(found(), [['action-form', 'gerne']]);
  });

  it('completes variables with their value, fields, filters, tags, tools and attributes', async () => {
    await open(good.replace('Name films.', 'Action: Retrieve[, 5] {{  | }} {{ film. }} {% '));
    const labels = async (after: string) => {
      const { items } = await execute<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        document.uri,
        after_(after),
      );
      return items.map((item) => ({
        label: typeof item.label === 'string' ? item.label : item.label.label,
        detail: item.detail ?? '',
      }));
    };
    const variables = await labels('Be {{ ');
    assert.match(variables.find(({ label }) => label === 'history')!.detail, /list of items · 10: /);
    assert.match(variables.find(({ label }) => label === 'tone')!.detail, /text · “calm”/);
    assert.ok((await labels('- {{ film.')).some(({ label }) => label === 'title'));
    assert.ok((await labels('{{  | ')).some(({ label }) => label === 'upcase'));
    assert.ok((await labels('Action: ')).some(({ label }) => label === 'Retrieve'));
    assert.ok((await labels('Retrieve[')).some(({ label }) => label === 'genre'));
    assert.ok((await labels('}} {% ')).some(({ label }) => label === 'endsystem'));
    assert.ok((await labels('kind: ')).some(({ label }) => label === 'plan'));
  });

  it('tells values and tokens in a hover', async () => {
    await open(good);
    const hover = async (at: vscode.Position) => {
      const all = await execute<vscode.Hover[]>('vscode.executeHoverProvider', document.uri, at);
      return all
        .flatMap(({ contents }) => contents.map((one) => (typeof one === 'string' ? one : one.value)))
        .join('\n');
    };
    assert.match(await hover(within('in history', 4)), /Value for user .* of sample/s);
    assert.match(await hover(within('{% system', 4)), /About \d+ tokens for user/);
    assert.match(await hover(within('{{ tone', 4)), /calm/);
  });

  it('leads to definitions, finds references and renames across templates', async () => {
    const otherFile = path.join(folder, 'prompts', 'plan.movies.toolrec.md');
    writeFileSync(otherFile, good.replace('kind: surrogate', 'kind: plan').replace('{{ rounds.size }}', ''));
    await open(good);
    const at = within('{{ tone', 4);
    const [definition] = await execute<vscode.Location[]>(
      'vscode.executeDefinitionProvider',
      document.uri,
      at,
    );
    assert.equal(document.getText(definition!.range), 'tone');
    assert.equal(definition!.range.start.line, 5);
    const [given] = await execute<vscode.Location[]>(
      'vscode.executeDefinitionProvider',
      document.uri,
      within('in history', 4),
    );
    const page = await vscode.workspace.openTextDocument(given!.uri);
    assert.equal(page.lineAt(given!.range.start.line).text, '## history');
    const references = await execute<vscode.Location[]>('vscode.executeReferenceProvider', document.uri, at);
    assert.equal(references.length, 4);
    assert.equal(new Set(references.map(({ uri }) => uri.toString())).size, 2);
    const rename = await execute<vscode.WorkspaceEdit>(
      'vscode.executeDocumentRenameProvider',
      document.uri,
      at,
      'voice',
    );
    assert.equal(rename.size, 2);
    await vscode.workspace.applyEdit(rename);
    assert.equal(document.getText().match(/voice/g)!.length, 2);
    await assert.rejects(
      Promise.resolve(execute('vscode.prepareRename', document.uri, within('in history', 4))),
      /given by ToolRec/,
    );
    await vscode.workspace.saveAll();
    rmSync(otherFile);
  });

  it('outlines and folds', async () => {
    await open(good);
    const symbols = await execute<vscode.DocumentSymbol[]>(
      'vscode.executeDocumentSymbolProvider',
      document.uri,
    );
    assert.deepEqual(
      symbols.map(({ name }) => name),
      ['front matter', 'system', 'user'],
    );
    assert.deepEqual(
      symbols[1]!.children.map(({ name }) => name),
      ['Tools', 'Rules'],
    );
    const folds = await execute<vscode.FoldingRange[]>('vscode.executeFoldingRangeProvider', document.uri);
    assert.ok(folds.some(({ start, end }) => start === 0 && end === 6));
    assert.ok(folds.some(({ start }) => document.lineAt(start).text === '{% user %}'));
  });

  it('offers to preview, to run and tells tokens above the text', async () => {
    await open(good);
    const lenses = await execute<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 20);
    const titles = lenses.map(({ command }) => command!.title);
    assert.match(titles[0]!, /^Preview with user /);
    assert.equal(titles[1], 'Run session with this prompt');
    assert.ok(
      titles.some((title) => /^Tokens: [\d,.]+$/.test(title)),
      titles.join(),
    );
    assert.ok(titles.includes('Show what changed'), 'it is an edited copy of a shipped prompt');
  });

  it('opens a preview beside it', async () => {
    await open(good);
    await vscode.window.showTextDocument(document);
    await execute(commands.previewPrompt, document.uri);
    await until(() =>
      vscode.window.tabGroups.all.some(({ tabs }) =>
        tabs.some(({ label }) => label.startsWith('Preview surrogate.movies')),
      ),
    );
    assert.equal(vscode.window.tabGroups.all.length, 2);
    await execute('workbench.action.closeAllEditors');
  });

  it('shows what changed against what is shipped', async () => {
    await open(good);
    await execute(commands.showPromptChanges, document.uri);
    await until(
      () => vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff,
    );
    const input = vscode.window.tabGroups.activeTabGroup.activeTab!.input as vscode.TabInputTextDiff;
    const shipped = await vscode.workspace.openTextDocument(input.original);
    assert.match(shipped.getText(), /You act for a film viewer/);
    await execute('workbench.action.closeAllEditors');
  });

  it('refuses prompts that lie outside of the folder, through a link too', async () => {
    const outside = path.join(os.tmpdir(), `toolrec-outside-${process.pid}.toolrec.md`);
    writeFileSync(outside, good);
    const link = path.join(folder, 'prompts', 'linked.toolrec.md');
    symlinkSync(outside, link);
    try {
      const linked = await vscode.workspace.openTextDocument(link);
      await until(() =>
        vscode.languages.getDiagnostics(linked.uri).some(({ code }) => code === 'outside-workspace'),
      );
    } finally {
      rmSync(link);
      rmSync(outside);
    }
  });

  it('checks, completes and lists demonstrations', async () => {
    const shipped = path.join(
      vscode.extensions.getExtension(extensionId)!.extensionPath,
      'resources/demonstrations/movies.yaml',
    );
    const text = readFileSync(shipped, 'utf8').replace('Retrieve[genre, 5]', 'Retrieve[gerne, 5]');
    await open(text, 'demonstrations/movies.yaml');
    await until(() => found().some(([code]) => code === 'unknown-attribute'));
    const at = within('Retrieve[gerne', 2);
    const actions = await execute<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      document.uri,
      new vscode.Range(at, at),
    );
    assert.ok(
      actions.some(({ title }) => title === 'Change to “genre”'),
      actions.map(({ title }) => title).join(),
    );
    const { items } = await execute<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      document.uri,
      after_('action: Retrieve['),
    );
    assert.ok(items.some(({ label }) => label === 'genre'));
    await execute(commands.editDemonstrations, document.uri);
    await until(() => {
      const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return input instanceof vscode.TabInputCustom && input.viewType === customEditors.demonstrations;
    });
    await execute('workbench.action.closeAllEditors');
    assert.ok(existsSync(path.join(folder, 'prompts/demonstrations/movies.yaml')));
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 15_000; !condition();) {
    assert.ok(Date.now() < deadline, 'It did not come about in time.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
