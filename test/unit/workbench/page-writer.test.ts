import './vscode-stub.ts';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import vm from 'node:vm';
import { transformSync } from 'esbuild';
import type * as vscode from 'vscode';
import type { WorkbenchLog } from '../../../src/workbench/log.ts';

const { PageWriter } = await import('../../../src/workbench/page-writer.ts');

/** A panel that is on its way, and what becomes of its page. */
function panel(visible: boolean) {
  const written: string[] = [];
  const warnings: string[] = [];
  const webview = {
    cspSource: 'vscode:',
    asWebviewUri: (uri: unknown) => uri,
    set html(html: string) {
      written.push(html);
    },
  };
  const shown = { visible, webview };
  let greeted = 0;
  const writer = new PageWriter(shown as unknown as vscode.WebviewPanel, {
    extension: '/nowhere' as unknown as vscode.Uri,
    log: { warn: (text: string) => warnings.push(text) } as unknown as WorkbenchLog,
    bundle: 'training',
    title: 'Training',
    onWritten: () => greeted++,
  });
  return { writer, written, warnings, shown, greetings: () => greeted };
}

describe('the page of a panel', () => {
  it('is written once, without its picture where that does not come in time', async () => {
    const { writer, written, greetings } = panel(true);
    await sleep(160);
    assert.equal(writer.open, false);
    writer.picture(() => 'late');
    assert.equal(written.length, 1);
    assert.match(written[0]!, /<main id="app"><\/main>/);
    assert.equal(greetings(), 1);
  });

  it('of a panel that was hidden meanwhile has no picture, and is told nothing until it is shown', () => {
    const { writer, written, warnings, shown, greetings } = panel(true);
    shown.visible = false;
    writer.picture(() => assert.fail('drawn for nobody'));
    assert.match(written[0]!, /<main id="app"><\/main>/);
    assert.equal(greetings(), 0);
    assert.deepEqual(warnings, []);
  });

  it('is not written any more once the panel is closed', async () => {
    const { writer, written } = panel(true);
    writer.dispose();
    writer.picture(() => 'late');
    await sleep(160);
    assert.deepEqual(written, []);
  });
});

describe('a page that comes with its first picture', () => {
  const source = readFileSync(path.resolve(import.meta.dirname, '../../../webview/start.ts'), 'utf8');
  const script = transformSync(source, { loader: 'ts', supported: { 'dynamic-import': false } }).code;

  /** Runs what such a page runs first. @param age of its picture, ms */
  async function start(age: number) {
    let picture = true;
    const imported: string[] = [];
    const listeners = new Map<string, () => void>();
    const window = {
      addEventListener: (name: string, listener: () => void) => void listeners.set(name, listener),
      removeEventListener: (name: string) => void listeners.delete(name),
    };
    vm.runInNewContext(script, {
      window,
      document: {
        currentScript: { dataset: { page: 'training.js', drawn: String(Date.now() - age) } },
        querySelector: () => ({ replaceChildren: () => (picture = false) }),
      },
      requestAnimationFrame: (draw: () => void) => draw(),
      setTimeout: (run: () => void) => run(),
      require: (name: string) => imported.push(name),
    });
    await sleep(0);
    const before = [...imported];
    listeners.get('load')?.();
    await sleep(0);
    return { picture, before, imported };
  }

  it('shows it, and runs its script after it', async () => {
    assert.deepEqual(await start(50), { picture: true, before: [], imported: ['training.js'] });
  });

  it('does not show an old one when VS Code loads the page anew', async () => {
    for (const age of [60_000, -60_000]) {
      const { picture, imported } = await start(age);
      assert.deepEqual({ picture, imported }, { picture: false, imported: ['training.js'] });
    }
  });
});
