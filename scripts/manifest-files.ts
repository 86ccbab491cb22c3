import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { manifest } from '../src/workbench/manifest.ts';

/** The three generated files by name, as the JSON they should hold. */
export function expectedFiles(root: string): Record<string, unknown> {
  const { keys, texts } = manifest();
  const current = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  return {
    'package.json': { ...current, ...keys },
    'package.nls.json': texts,
    'l10n/bundle.l10n.json': runtimeTexts(root),
  };
}

/**
 * Every English text of `l10n.t('…')` in the workbench and `t('…')` in webviews, as VS Code's translation bundle:
 * text → text. @throws when the text is not a literal, since a translator could not find it.
 */
export function runtimeTexts(root: string): Record<string, string> {
  const found = new Set<string>();
  for (const folder of ['src/workbench', 'webview']) {
    for (const name of readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const file = path.join(folder, name);
      const source = ts.createSourceFile(
        file,
        readFileSync(path.join(root, file), 'utf8'),
        ts.ScriptTarget.Latest,
        true,
      );
      collect(source, source, found);
    }
  }
  return Object.fromEntries([...found].sort().map((text) => [text, text]));
}

function collect(node: ts.Node, source: ts.SourceFile, found: Set<string>): void {
  if (ts.isCallExpression(node) && /(^|\.)t$/.test(node.expression.getText(source))) {
    const text = node.arguments[0];
    if (text && ts.isStringLiteralLike(text)) found.add(text.text);
    else if (text) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      throw new Error(`${source.fileName}:${line + 1}: a text to be translated must be one string literal.`);
    }
  }
  ts.forEachChild(node, (child) => collect(child, source, found));
}
