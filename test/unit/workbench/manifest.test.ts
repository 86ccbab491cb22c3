import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expectedFiles } from '../../../scripts/manifest-files.ts';
import * as names from '../../../src/workbench/names.ts';
import { settings } from '../../../src/workbench/settings-schema.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const json = (name: string) =>
  JSON.parse(readFileSync(path.join(root, name), 'utf8')) as Record<string, unknown>;

interface Contributions {
  readonly commands: readonly { command: string; title: string; category: string }[];
  readonly views: Readonly<Record<string, readonly { id: string; icon: string }[]>>;
  readonly viewsWelcome: readonly { view: string; contents: string; when?: string }[];
  readonly menus: Readonly<Record<string, readonly { command: string; when: string }[]>>;
  readonly configuration: {
    readonly properties: Readonly<Record<string, { default: unknown; markdownDescription: string }>>;
  };
  readonly walkthroughs: readonly {
    id: string;
    steps: readonly { description: string; media: { svg: string }; completionEvents: readonly string[] }[];
  }[];
}

describe('package.json', () => {
  const expected = expectedFiles(root);
  for (const name of Object.keys(expected))
    it(`${name} is what the definitions in src/workbench make (npm run manifest)`, () => {
      assert.deepEqual(json(name), expected[name]);
    });

  const manifest = json('package.json');
  const contributes = manifest['contributes'] as Contributions;
  const texts = json('package.nls.json') as Record<string, string>;
  const resolve = (text: string) => texts[/^%(.+)%$/.exec(text)?.[1] ?? ''] ?? text;

  it('contributes exactly the commands that names.ts has, each under ToolRec', () => {
    assert.deepEqual(
      contributes.commands.map(({ command }) => command).sort(),
      Object.values(names.commands).sort(),
    );
    for (const { category } of contributes.commands) assert.equal(category, 'ToolRec');
  });

  it('contributes exactly the views and settings that the constants name', () => {
    const views = contributes.views[names.viewContainer]!.map(({ id }) => id);
    assert.deepEqual(views.sort(), Object.values(names.views).sort());
    assert.deepEqual(
      Object.keys(contributes.configuration.properties).sort(),
      Object.keys(settings)
        .map((key) => `${names.configurationSection}.${key}`)
        .sort(),
    );
  });

  it('gives every setting a default that its own schema accepts, and a description', () => {
    for (const [key, { schema, fallback }] of Object.entries(settings)) {
      const property = contributes.configuration.properties[`toolrec.${key}`]!;
      assert.deepEqual(schema.parse(property.default), fallback, key);
      assert.ok(resolve(property.markdownDescription).length > 30, key);
    }
  });

  it('names only existing commands, views and texts in menus, welcome content and walkthrough', () => {
    const known = new Set<string>(Object.values(names.commands));
    for (const items of Object.values(contributes.menus))
      for (const { command } of items) assert.ok(known.has(command), command);
    const prose = [
      ...contributes.viewsWelcome.map(({ contents }) => resolve(contents)),
      ...contributes.walkthroughs.flatMap(({ steps }) => steps.map((step) => resolve(step.description))),
    ];
    for (const text of prose)
      for (const [, command] of text.matchAll(/command:(toolrec\.[\w.]+)/g))
        assert.ok(known.has(command!), command);
    assert.equal(contributes.walkthroughs[0]!.id, names.walkthroughId);
    for (const view of Object.values(names.views))
      assert.ok(
        contributes.viewsWelcome.some((welcome) => welcome.view === view),
        `${view} has no welcome content`,
      );
    for (const [key] of JSON.stringify(manifest).matchAll(/%([\w.]+)%/g))
      assert.ok(Object.hasOwn(texts, key.slice(1, -1)), key);
  });

  it('has every command that sentences and pages name as “ToolRec: …”', () => {
    const titles = new Set(contributes.commands.map(({ title }) => resolve(title)));
    const folders = ['src', 'webview', 'docs'].flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(ts|md)$/.test(name))
        .map((name) => path.join(folder, name)),
    );
    let named = 0;
    for (const file of [...folders, 'README.md', 'package.nls.json']) {
      const text = readFileSync(path.join(root, file), 'utf8').replace(/\s*\n\s*(?:\*|\/\/)?\s*/g, ' ');
      for (const [, title] of text.matchAll(/(?:“|\*\*)ToolRec: ([A-Z][\w ]*[^”*]*?)(?:”|\*\*)/g)) {
        named++;
        assert.ok(titles.has(title!.trim()), `${file} names “ToolRec: ${title}”`);
      }
    }
    assert.ok(named > 50);
  });

  it('points at files that exist', () => {
    const files = [
      manifest['icon'] as string,
      ...contributes.views[names.viewContainer]!.map(({ icon }) => icon),
      ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.svg)),
    ];
    for (const file of files) assert.ok(existsSync(path.join(root, file)), file);
  });

  it('restores every panel after a reload', () => {
    const events = manifest['activationEvents'] as string[];
    for (const panel of Object.values(names.panels))
      assert.ok(events.includes(`onWebviewPanel:${panel}`), panel);
  });
});
