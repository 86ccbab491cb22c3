import assert from 'node:assert/strict';
import path from 'node:path';
import { ESLint } from 'eslint';

const root = path.resolve(import.meta.dirname, '../../..');

/** Lints one line as if it stood in `file`, with the project's own configuration. */
async function rulesBroken(file: string, code: string): Promise<string[]> {
  const eslint = new ESLint({
    cwd: root,
    overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
    ruleFilter: ({ ruleId }) => ['no-restricted-imports', 'no-restricted-syntax'].includes(ruleId),
  });
  const [result] = await eslint.lintText(code, { filePath: path.join(root, file) });
  return result!.messages.map((message) => message.ruleId ?? `fatal: ${message.message}`);
}

describe('the floors of the house', function () {
  this.timeout(30_000);

  const forbidden: [string, string][] = [
    ['src/data/x.ts', "import '../service/client.ts';"],
    ['src/data/x.ts', "export * from '../engine/backend.ts';"],
    ['src/data/nested/x.ts', "import { a } from '../../agent/session.ts'; a();"],
    ['src/agent/x.ts', "import type { Engine } from '../engine/backend.ts'; export type A = Engine;"],
    ['src/agent/x.ts', "import '../service/client.ts';"],
    ['src/cli/x.ts', "import '../workbench/commands.ts';"],
    ['src/shared/x.ts', "import 'vscode';"],
    ['src/experiments/x.ts', "import * as vscode from 'vscode'; vscode.env;"],
    ['src/data/x.ts', "import '../../webview/charts.ts';"],
    ['src/data/x.ts', "import '../../webview/protocol.ts';"],
    ['src/workbench/x.ts', "import '../../webview/plot.ts';"],
  ];
  for (const [file, code] of forbidden)
    it(`refuses in ${file}: ${code}`, async () => {
      assert.deepEqual(await rulesBroken(file, code), ['no-restricted-imports']);
    });

  const sneaky: [string, string][] = [
    ['src/data/x.ts', "await import('../service/client.ts');"],
    ['src/llm/x.ts', "require('../engine/backend.ts');"],
    ['src/cli/x.ts', "await import('vscode');"],
  ];
  for (const [file, code] of sneaky)
    it(`refuses in ${file}: ${code}`, async () => {
      assert.deepEqual(await rulesBroken(file, code), ['no-restricted-syntax']);
    });

  const allowed: [string, string][] = [
    ['src/workbench/x.ts', "import * as vscode from 'vscode'; import '../agent/session.ts'; vscode.env;"],
    ['src/workbench/x.ts', "import '../../webview/protocol.ts';"],
    ['src/extension.ts', "import * as vscode from 'vscode'; import './workbench/a.ts'; vscode.env;"],
    ['src/service/x.ts', "import '../recommender/popularity.ts'; import '../data/store.ts';"],
    ['src/agent/x.ts', "import '../llm/chat.ts'; import './data/x.ts'; import '../data/retriever.ts';"],
  ];
  for (const [file, code] of allowed)
    it(`allows in ${file}: ${code}`, async () => {
      assert.deepEqual(await rulesBroken(file, code), []);
    });
});
