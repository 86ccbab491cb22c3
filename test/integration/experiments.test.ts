import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { commands, extensionId } from '../../src/workbench/names.ts';

const text = [
  'title: Mine',
  'dataset: sample',
  'methods:',
  '  - method: popularity',
  '  - { method: toolrec, model: cooccurrence }',
  '',
].join('\n');

describe('experiment files in the editor', () => {
  let file: string;
  let document: vscode.TextDocument;

  before(async function () {
    this.timeout(60_000);
    await vscode.extensions.getExtension(extensionId)!.activate();
    const folder = vscode.workspace.workspaceFolders![0]!.uri.fsPath;
    mkdirSync(path.join(folder, '.toolrec', 'datasets'), { recursive: true });
    await vscode.commands.executeCommand(commands.createSample);
    file = path.join(folder, 'assist.toolrec-experiment.yaml');
    writeFileSync(file, text);
    document = await vscode.workspace.openTextDocument(file);
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    rmSync(file, { force: true });
    rmSync(path.join(path.dirname(file), '.toolrec', 'datasets', 'sample'), { recursive: true, force: true });
  });

  const after_ = (word: string) => document.positionAt(text.indexOf(word) + word.length);
  const suggested = async (position: vscode.Position) => {
    const list = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      document.uri,
      position,
    );
    // Words of the document are offered beside ours, which say what they are.
    return list.items.filter(({ kind }) => kind !== vscode.CompletionItemKind.Text);
  };
  const labels = (items: readonly vscode.CompletionItem[]) =>
    items.map(({ label }) => (typeof label === 'string' ? label : label.label));

  it('complete methods, settings of a method, datasets and models', async () => {
    assert.ok(labels(await suggested(after_('- method: '))).includes('w/plan'));
    assert.deepEqual(labels(await suggested(after_('dataset: '))), ['sample']);
    assert.deepEqual(labels(await suggested(after_('model: '))), ['cooccurrence', 'popularity']);
    const settings = await suggested(after_('toolrec, '));
    assert.ok(labels(settings).includes('rounds') && !labels(settings).includes('candidates'));
    const [range] = settings.map((item) => item.range);
    assert.ok(range instanceof vscode.Range && document.getText(range) === 'model');
  });

  it('say in a hover what a word means', async () => {
    const hover = async (word: string) => {
      const found = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        document.uri,
        document.positionAt(text.indexOf(word) + 1),
      );
      return found
        .flatMap(({ contents }) => contents)
        .map((content) => (typeof content === 'string' ? content : content.value))
        .join('\n');
    };
    assert.match(await hover('toolrec'), /\*\*ToolRec\*\*/);
    assert.match(await hover('dataset'), /A dataset of the workspace/);
    assert.match(await hover('sample'), /users/);
  });
});
