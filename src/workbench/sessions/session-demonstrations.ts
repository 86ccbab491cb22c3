import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { DemonstrationChange, EditedDemonstration, SessionExamples } from '../../../webview/protocol.ts';
import {
  enableDemonstration,
  moveDemonstration,
  removeDemonstration,
} from '../../agent/prompts/demonstration-edits.ts';
import { domainOf } from '../../agent/prompts/library.ts';
import type { PromptFile, PromptFiles } from '../../agent/prompts/origins.ts';
import type { Dataset } from '../../data/dataset.ts';
import { DisposableStore } from '../../shared/disposable.ts';
import { UsageError } from '../../shared/errors.ts';
import { requireTrust } from '../folders.ts';
import { vscodeTexts } from '../language.ts';
import { addSessionToDemonstrations } from '../prompts/demonstration-commands.ts';
import { demonstrationsState, withEdited } from '../prompts/demonstration-list.ts';
import type { PromptFeatures } from '../prompts/features.ts';
import { replaceAndSave } from '../prompts/replace-text.ts';
import type { OpenSession } from './open-session.ts';

/**
 * The demonstrations of a session's prompt, while its panel shows them as a list. The file is the truth: a change is an
 * edit of its text that is saved at once, so that the next round has it and undo in the editor takes it back. What ships
 * is copied to the workspace by the first change.
 */
export class SessionDemonstrations implements vscode.Disposable {
  private readonly session: OpenSession;
  private readonly features: PromptFeatures;
  private readonly tell: (shown: SessionExamples | null) => void;
  private readonly owned = new DisposableStore();
  private readonly dataset: Dataset;
  private readonly files: PromptFiles;
  private readonly name: string;
  /** Changes run one after another: each builds on the text that the one before has saved. */
  private last: Promise<unknown> = Promise.resolve();

  /** @throws UsageError `no-session` while the dataset is not open. */
  constructor(
    session: OpenSession,
    features: PromptFeatures,
    tell: (shown: SessionExamples | null) => void,
    onFailure: (error: unknown) => void,
  ) {
    const { dataset, reference } = session;
    if (!dataset)
      throw new UsageError('no-session', 'The dataset is not open yet.', 'Wait a moment and try again.');
    this.session = session;
    this.features = features;
    this.tell = tell;
    this.dataset = dataset;
    this.name = `demonstrations/${domainOf(dataset)}.yaml`;
    const folder = vscode.Uri.file(reference.folder);
    this.files = features.subjects.files(folder);
    const file = path.join(this.files.folder, ...this.name.split('/'));
    const again = () => void this.show().catch(onFailure);
    this.owned.add(
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && document.uri.fsPath === file) again();
      }),
    );
    const pattern = new vscode.RelativePattern(folder, `prompts/${this.name}`);
    const watcher = this.owned.add(vscode.workspace.createFileSystemWatcher(pattern));
    for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete])
      this.owned.add(event(again));
    this.owned.add(
      session.onDidChange((change) => {
        if (change === 'state') again(); // it may have ended
      }),
    );
  }

  async show(): Promise<void> {
    const entry = await this.files.find(this.name).catch((error: unknown) => {
      if (error instanceof UsageError && error.code === 'no-prompt') return undefined;
      throw error;
    });
    if (!entry) {
      this.tell(null);
      return;
    }
    const list = demonstrationsState(await textOf(entry), {
      file: `prompts/${this.name}`,
      items: this.features.subjects.itemsOf(this.dataset),
      texts: vscodeTexts,
    });
    const { id, state } = this.session;
    const canAdd = state.outcome !== undefined && !list.demonstrations.some(({ source }) => source === id);
    this.tell({ own: entry.state !== 'shipped', list, canAdd });
  }

  change(change: DemonstrationChange): Promise<void> {
    return this.apply((text) => {
      switch (change.what) {
        case 'move':
          return moveDemonstration(text, change.from, change.to);
        case 'enable':
          return enableDemonstration(text, change.index, change.enabled);
        case 'remove':
          return removeDemonstration(text, change.index);
      }
    });
  }

  /** @throws InputError `bad-demonstrations`: nothing is written then. */
  edit(index: number, demonstration: EditedDemonstration): Promise<void> {
    return this.apply((text) => withEdited(text, index, demonstration));
  }

  /** Makes an example out of the session. */
  add(): Promise<void> {
    return this.inTurn(async () => {
      await addSessionToDemonstrations(this.features, this.session.reference);
      await this.show();
    });
  }

  /** Opens the text; what ships is copied first, for it to be changed. */
  async openText(line: number): Promise<void> {
    const at = new vscode.Position(Math.max(0, line - 1), 0);
    const document = await this.ownDocument();
    await vscode.window.showTextDocument(document, { selection: new vscode.Range(at, at) });
  }

  private apply(edit: (text: string) => string): Promise<void> {
    return this.inTurn(async () => {
      const entry = await this.files.find(this.name);
      edit(await textOf(entry)); // what cannot be done copies nothing
      const document = await this.ownDocument();
      await replaceAndSave(document, edit(document.getText()));
      await this.show();
    });
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async ownDocument(): Promise<vscode.TextDocument> {
    requireTrust();
    return vscode.workspace.openTextDocument(await this.files.copyForEdit(this.name));
  }

  dispose(): void {
    this.owned.dispose();
  }
}

/** As open in an editor, saved or not; else as on disk. */
async function textOf(entry: PromptFile): Promise<string> {
  if (entry.state === 'shipped' && entry.shipped !== undefined) return readFile(entry.shipped, 'utf8');
  const open = vscode.workspace.textDocuments.find(
    ({ uri, isClosed }) => !isClosed && uri.fsPath === entry.file,
  );
  return open?.getText() ?? readFile(entry.file, 'utf8');
}
