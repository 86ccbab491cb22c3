import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { demonstrationFileSchema } from '../../../src/agent/prompts/demonstrations.ts';
import { markChanges } from '../../../src/agent/prompts/language/changes.ts';
import { checkPrompt, promptCodes } from '../../../src/agent/prompts/language/diagnose.ts';
import { readPrompt } from '../../../src/agent/prompts/language/document.ts';
import { tagWords } from '../../../src/agent/prompts/language/words.ts';
import { standardSignatures } from '../../../src/agent/tools/registry.ts';
import { promptKinds } from '../../../src/agent/prompts/kinds.ts';
import { inputsPage } from '../../../src/workbench/prompts/inputs-page.ts';
import { nextPreview, nothingShown } from '../../../src/workbench/prompts/preview-state.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const json = (name: string) =>
  JSON.parse(readFileSync(path.join(root, name), 'utf8')) as Record<string, unknown>;

describe('marks of what changed', () => {
  it('are the columns of a line that was edited, and whole lines that are new', () => {
    assert.deepEqual(markChanges(['a', 'bcd', 'e'], ['a', 'bXd', 'e']), [undefined, [1, 2], undefined]);
    assert.deepEqual(markChanges(['a', 'c'], ['a', 'b', 'c']), [undefined, 'whole', undefined]);
    assert.deepEqual(markChanges(['a', 'b', 'c', 'd'], ['x', 'b', 'c', 'y', 'z']), [
      'whole',
      undefined,
      undefined,
      'whole',
      'whole',
    ]);
    assert.deepEqual(markChanges(['same'], ['same']), [undefined]);
    assert.deepEqual(markChanges(['abc'], ['ac']), [[0, 2]], 'a deletion shows at its neighbours');
    assert.deepEqual(markChanges([], ['a']), ['whole']);
  });
});

describe('the preview', () => {
  const front = '---\nkind: rank\ndomain: generic\ntitle: T\n---\n';
  const values = { history: [], candidates: [], k: 10, attribute: 'genre' };
  const check = (body: string) => {
    const document = readPrompt(front + body);
    const options = { file: 'x', signatures: standardSignatures(), values };
    return { document, result: checkPrompt(document, options) };
  };

  it('marks what a keystroke changed, and keeps the last good text while there is a mistake', () => {
    const first = check('{% user %}\nBest {{ k }} by {{ attribute }}.\n{% enduser %}');
    const one = nextPreview(nothingShown, first.result, first.document.lines, { marks: true });
    assert.deepEqual(one.memory.shown[0]!.lines, [{ text: 'Best 10 by genre.' }]);
    assert.equal(one.problem, undefined);
    const second = check('{% user %}\nBest {{ k }} films by {{ attribute }}.\n{% enduser %}');
    const two = nextPreview(one.memory, second.result, second.document.lines, { marks: true });
    assert.deepEqual(two.memory.shown[0]!.lines, [{ text: 'Best 10 films by genre.', mark: [8, 14] }]);
    const broken = check('{% user %}\nBest {{ k \n{% enduser %}');
    const three = nextPreview(two.memory, broken.result, broken.document.lines, { marks: true });
    assert.equal(three.memory, two.memory);
    assert.deepEqual([three.problem!.line, three.problem!.column], [7, 6]);
  });
});

describe('docs/prompts.md', () => {
  it('lists every code of a finding with its meaning', () => {
    const page = readFileSync(path.join(root, 'docs/prompts.md'), 'utf8');
    for (const [code, meaning] of Object.entries(promptCodes)) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${code}\``));
      assert.ok(row?.includes(meaning), code);
    }
  });
});

describe('the prompt language', () => {
  const contributes = json('package.json')['contributes'] as {
    languages: { id: string; configuration: string; icon: { light: string; dark: string } }[];
    grammars: { path: string; scopeName: string }[];
    snippets: { path: string }[];
    yamlValidation: { url: string }[];
  };

  it('points at files that exist', () => {
    const files = [
      ...contributes.languages.flatMap(({ configuration, icon }) => [configuration, icon.light, icon.dark]),
      ...contributes.grammars.map(({ path: file }) => file),
      ...contributes.snippets.map(({ path: file }) => file),
      ...contributes.yamlValidation.map(({ url }) => url),
    ];
    for (const file of files) assert.ok(existsSync(path.join(root, file)), file);
  });

  it('has snippets that make valid Liquid', () => {
    const snippets = json('resources/language/prompt.snippets.json') as unknown as Record<
      string,
      { body: string[] }
    >;
    for (const [name, { body }] of Object.entries(snippets)) {
      const text = body
        .join('\n')
        .replace(/\$\{\d+\|([^,|]+)[^}]*\}/g, '$1')
        .replace(/\$\{\d+:([^}]*)\}/g, '$1')
        .replace(/\$\d/g, 'x');
      const whole = text.startsWith('---')
        ? text
        : `---\nkind: surrogate\ndomain: generic\ntitle: T\n---\n${text}`;
      const found = checkPrompt(readPrompt(whole), {
        file: 'x',
        signatures: standardSignatures(),
      }).diagnostics;
      assert.deepEqual(
        found.filter(({ severity, code }) => severity === 'error' && code !== 'unknown-variable'),
        [],
        name,
      );
    }
  });

  it('validates demonstrations by the same schema as the program', () => {
    const { title: _, ...schema } = json('resources/language/demonstrations.schema.json');
    assert.deepEqual(
      schema,
      JSON.parse(JSON.stringify(z.toJSONSchema(demonstrationFileSchema, { target: 'draft-7', io: 'input' }))),
    );
  });

  it('has a grammar whose patterns are regular expressions', () => {
    const grammar = json('resources/language/prompt.tmLanguage.json');
    const walk = (node: unknown): void => {
      if (Array.isArray(node)) node.forEach(walk);
      else if (typeof node === 'object' && node !== null)
        for (const [key, value] of Object.entries(node)) {
          if (['match', 'begin', 'end'].includes(key) && typeof value === 'string')
            assert.ok(new RegExp(value.replaceAll('\\A', '^')), value);
          else walk(value);
        }
    };
    walk(grammar);
    assert.ok(tagWords.length > 10);
  });

  it('has a page of inputs that leads to each', () => {
    for (const kind of promptKinds) {
      const { text, lines } = inputsPage(kind);
      for (const [name, line] of lines) assert.equal(text.split('\n')[line], `## ${name}`);
      assert.ok(lines.size >= 5);
    }
    assert.ok(readdirSync(path.join(root, 'resources/prompts')).length >= 20);
  });
});
