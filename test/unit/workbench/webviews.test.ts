import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { contractText, HostEnd, WebviewEnd } from '../../../src/shared/message-channel.ts';
import type { PanelContract } from '../../../src/shared/message-channel.ts';
import * as protocol from '../../../webview/protocol.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const files = (folder: string, end: string) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(end))
    .map((name) => path.join(folder, name));

const pages = readdirSync(path.join(root, 'webview')).filter((name) => name.endsWith('.main.ts'));
const views = files('webview', '.ts').filter((file) => !/protocol|toolkit\.ts$/.test(file));
const styles = files('webview', '.css');
const hosts = files('src/workbench', '.ts').map((file) => ({ file, text: read(file) }));
const contracts = Object.entries(protocol).filter(([name]) => name.endsWith('Contract')) as unknown as [
  string,
  PanelContract,
][];

/** A file of webview/ and those of the folder that it imports, directly or not. */
function withImports(file: string, found = new Set<string>()): string[] {
  if (found.has(file)) return [];
  found.add(file);
  for (const [, name] of read(file).matchAll(/from '\.\/([\w-]+\.ts)'/g))
    withImports(`webview/${name}`, found);
  return [...found];
}

/** Openings of elements with what stands in them, to their end tag. */
function elements(text: string, names: readonly string[]): string[] {
  return names.flatMap((name) => text.match(new RegExp(`<${name}\\b[^]*?</${name}\\s*>`, 'g')) ?? []);
}

/** A template's text without the values of attributes: a handler is no name, words between the tags are. */
function withoutValues(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    if (!text.startsWith('=${', at)) {
      out += text[at];
      continue;
    }
    let depth = 0;
    do {
      if (text[at] === '{') depth++;
      else if (text[at] === '}') depth--;
      at++;
    } while (at < text.length && (depth > 0 || text[at - 1] === '=' || text[at - 1] === '$'));
    at--;
  }
  return out;
}

describe('every webview', () => {
  for (const page of pages) {
    const name = page.replace('.main.ts', '');
    const text = read(`webview/${page}`);

    it(`${name}: speaks a contract that exactly one host speaks, and is shown by it`, () => {
      const contract = /connect\((\w+),/.exec(text)?.[1] ?? '';
      assert.ok(
        contracts.some(([known]) => known === contract),
        `${contract} is not in webview/protocol.ts`,
      );
      const speaking = hosts.filter((host) => host.text.includes(`new HostEnd(${contract},`));
      assert.equal(speaking.length, 1, `hosts of ${contract}`);
      assert.match(speaking[0]!.text, new RegExp(`(webviewPage|new PageWriter)\\([^]*?'${name}'`));
    });

    it(`${name}: forbids zod to compile code before anything else runs, and says when it is ready`, () => {
      assert.match(text, /^import '\.\/no-eval\.ts';/);
      assert.match(text, /host\.ready\(\);/);
      assert.match(text, /setLanguage\(/);
    });
  }

  for (const [name, contract] of contracts) {
    it(`${name}: a page of another build is refused, one of this build is heard`, () => {
      const told: string[] = [];
      const violations: unknown[] = [];
      const end = (of: PanelContract) => {
        const host: HostEnd<PanelContract> = new HostEnd(contract, () => undefined, {
          requests: {},
          intents: {},
          onReady: () => told.push('ready'),
          onViolation: (error) => violations.push(error),
        });
        new WebviewEnd(of, (message) => host.receive(structuredClone(message)), {}).ready();
      };
      end(contract);
      assert.deepEqual([told.length, violations.length], [1, 0]);
      const other = { ...contract, updates: { ...contract.updates, another: contract.updates['language']! } };
      assert.notEqual(contractText(other), contractText(contract));
      end(other);
      assert.deepEqual([told.length, violations.length], [1, 1]);
      assert.ok('language' in contract.updates, 'it is never told the person’s language');
    });
  }

  it('keeps to the strict policy: nothing inline, nothing remote, no text taken for markup', () => {
    for (const file of views) {
      const text = read(file);
      assert.doesNotMatch(
        text,
        /\sstyle="|\son\w+="|unsafeHTML|unsafeSVG|innerHTML|outerHTML|\beval\(/,
        file,
      );
      assert.doesNotMatch(text, /https?:\/\/(?!www\.w3\.org)/, file);
    }
    for (const file of styles) assert.doesNotMatch(read(file), /url\(["']?(https?:|\/\/|data:)/, file);
  });

  it('takes all colours from the theme', () => {
    for (const file of styles) {
      const text = read(file).replace(/\/\*[^]*?\*\//g, '');
      assert.doesNotMatch(text, /#[0-9a-f]{3,8}\b|\b(rgb|hsl)a?\(/i, file);
      assert.doesNotMatch(
        text,
        /(?:color|background|fill|stroke)\s*:\s*(?:white|black|red|green|blue|gr[ae]y|orange|yellow)\b/i,
        file,
      );
    }
  });

  it('moves nothing for people who asked for less motion', () => {
    const rule = /@media \(prefers-reduced-motion: reduce\)/;
    assert.match(read('webview/base.css'), rule);
    // A sheet that others bring in comes with theirs.
    const brought = new Set(
      styles.flatMap((file) =>
        [...read(file).matchAll(/@import '\.\/([\w-]+\.css)'/g)].map(([, name]) => name),
      ),
    );
    for (const file of styles.filter((name) => !brought.has(path.basename(name))))
      assert.match(read(file), /@import '\.\/base\.css'/, `${file} does not bring the shared rules`);
    for (const file of views) assert.doesNotMatch(read(file), /behavior: 'smooth'/, file);
  });

  it('would notice a button without a name', () => {
    const icon = '<span class="codicon codicon-add"></span>';
    assert.doesNotMatch(
      withoutValues(`<button @click=${'${() => { go(); }}'}>${icon}</button>`),
      /aria-label|\$\{/,
    );
    assert.match(withoutValues(`<button @click=${'${go}'}>${"${t('Go')}"}</button>`), /\$\{/);
  });

  it('names every button and field, and every one is reached in its order', () => {
    for (const file of views) {
      const text = read(file);
      for (const button of elements(text, ['button', 'vscode-button']))
        assert.match(withoutValues(button), /aria-label|\$\{/, `${file}: ${button.slice(0, 200)}`);
      for (const field of text.matchAll(
        /<(?:input|select|textarea|vscode-(?:text-field|text-area|dropdown|checkbox))\b/g,
      )) {
        const around = text.slice(Math.max(0, field.index - 300), field.index + 700);
        assert.match(around, /aria-label|<label|id=/, `${file}: ${around.slice(300, 500)}`);
      }
      assert.doesNotMatch(text, /tabindex="[1-9]/, file);
    }
  });

  it('tells a screen reader of what is under way and what failed', () => {
    for (const page of pages) {
      const name = page.replace('.main.ts', '');
      const text = withImports(`webview/${page}`).map(read).join('\n');
      assert.match(text, /role="status"|aria-live/, `${name} has no live region`);
      assert.match(text, /role="alert"|aria-live="assertive"/, `${name} tells of no failure`);
    }
  });
});
