import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  addDemonstration,
  enableDemonstration,
  moveDemonstration,
  newDemonstrations,
  removeDemonstration,
  replaceDemonstration,
} from '../../../src/agent/prompts/demonstration-edits.ts';
import { parseDemonstrations } from '../../../src/agent/prompts/demonstrations.ts';
import {
  checkDemonstrations,
  completeDemonstrations,
  demonstrationAt,
  type KnownItems,
  readDemonstrations,
} from '../../../src/agent/prompts/language/demonstration-file.ts';
import { applyEdits } from '../../../src/agent/prompts/language/spans.ts';
import { PromptLibrary } from '../../../src/agent/prompts/library.ts';
import { PromptFiles, requireInside } from '../../../src/agent/prompts/origins.ts';
import { standardSignatures } from '../../../src/agent/tools/registry.ts';

const shipped = path.resolve(import.meta.dirname, '../../../resources');

describe('prompts of a workspace', () => {
  let root: string;
  let workspace: string;
  let resources: string;
  const name = 'rank.movies.toolrec.md';
  const own = () => path.join(workspace, 'prompts', name);
  const ship = (text: string) => writeFileSync(path.join(resources, 'prompts', name), text);
  const files = (version = '1.0.0') => new PromptFiles(workspace, resources, version);
  const state = async (of = name) => (await files().find(of)).state;

  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), 'toolrec-prompts-'));
    workspace = path.join(root, 'workspace');
    resources = path.join(root, 'resources');
    mkdirSync(workspace);
    for (const part of ['prompts', 'demonstrations'])
      cpSync(path.join(shipped, part), path.join(resources, part), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('are copied at the first edit, and known as copies', async () => {
    assert.equal(await state(), 'shipped');
    assert.equal(await files().copyForEdit(name), own());
    assert.equal(await state(), 'unchanged');
    writeFileSync(own(), `${readFileSync(own(), 'utf8')}\nmine\n`);
    assert.equal(await state(), 'edited');
    await files().copyForEdit(name);
    assert.match(readFileSync(own(), 'utf8'), /mine/, 'opening it again overwrites nothing');
    await files().reset(name);
    assert.equal(await state(), 'unchanged');
    assert.equal((await files().list()).length, 24);
    assert.equal(files().nameOf(own()), name);
    assert.equal(files().nameOf(path.join(workspace, 'other.toolrec.md')), undefined);
  });

  it('survive an update of the extension, which is offered', async () => {
    await files().copyForEdit(name);
    const first = readFileSync(own(), 'utf8');
    ship(`${first}\nnewer\n`);
    assert.equal(await state(), 'outdated');
    writeFileSync(own(), `${first}\nmine\n`);
    assert.equal(await state(), 'diverged');
    await files('2.0.0').keep(name);
    assert.equal(await state(), 'edited', 'kept on purpose: nothing more is offered');
    assert.match(readFileSync(own(), 'utf8'), /mine/);
    await files('2.0.0').reset(name);
    assert.match(readFileSync(own(), 'utf8'), /newer/);
    const origins = JSON.parse(readFileSync(path.join(workspace, 'prompts/.origins.json'), 'utf8')) as {
      files: Record<string, { toolrec: string }>;
    };
    assert.equal(origins.files[name]!.toolrec, '2.0.0');
  });

  it('take in demonstrations, and prompts of the person’s own', async () => {
    assert.equal(await state('demonstrations/movies.yaml'), 'shipped');
    await files().copyForEdit('demonstrations/movies.yaml');
    assert.equal(await state('demonstrations/movies.yaml'), 'unchanged');
    writeFileSync(path.join(workspace, 'prompts/mine.toolrec.md'), 'x');
    assert.equal(await state('mine.toolrec.md'), 'own');
    await assert.rejects(files().reset('mine.toolrec.md'), { code: 'nothing-shipped' });
    for (const bad of ['nothing.toolrec.md', '../../etc/passwd', 'a/b.toolrec.md'])
      await assert.rejects(files().find(bad), { code: 'no-prompt' }, bad);
  });

  it('say so when the record of their origin is damaged, and lose nothing', async () => {
    await files().copyForEdit(name);
    writeFileSync(path.join(workspace, 'prompts/.origins.json'), '{');
    await assert.rejects(files().list(), { code: 'bad-origins' });
  });

  it('are refused outside of the workspace, through links too', async () => {
    const secret = path.join(root, 'secret.toolrec.md');
    writeFileSync(secret, readFileSync(path.join(shipped, 'prompts', name)));
    mkdirSync(path.join(workspace, 'prompts'));
    symlinkSync(secret, own());
    const library = new PromptLibrary([path.join(workspace, 'prompts')], [workspace]);
    await assert.rejects(library.named('rank.movies'), { code: 'outside-workspace' });
    await assert.rejects(files().copyForEdit(name), { code: 'outside-workspace' });
    await assert.rejects(files().reset(name), { code: 'outside-workspace' });
    await assert.rejects(requireInside(workspace, path.join(workspace, '..', 'x')), {
      code: 'outside-workspace',
    });
    rmSync(path.join(workspace, 'prompts'), { recursive: true });
    symlinkSync(root, path.join(workspace, 'prompts'));
    await assert.rejects(files().copyForEdit('plan.movies.toolrec.md'), { code: 'outside-workspace' });
    symlinkSync(path.join(root, 'not-there'), path.join(workspace, 'dangling'));
    await assert.rejects(requireInside(workspace, path.join(workspace, 'dangling')), {
      code: 'outside-workspace',
    });
    await requireInside(workspace, path.join(workspace, 'new', 'folder', 'x.toolrec.md'));
  });
});

describe('demonstration files', () => {
  const text = readFileSync(path.join(shipped, 'demonstrations/movies.yaml'), 'utf8');
  const titles = [...new Set([...text.matchAll(/- '?([^\n]*\(\d{4}\))'?/g)].map(([, title]) => title!))];
  const items: KnownItems = {
    domain: 'movies',
    has: (title) => titles.includes(title),
    nearest: (title) => titles.find((known) => known.slice(0, 5) === title.slice(0, 5)),
    find: (part, most) =>
      titles.filter((title) => title.toLowerCase().includes(part.toLowerCase())).slice(0, most),
  };
  const signatures = standardSignatures();
  const findings = (changed: string) =>
    checkDemonstrations(readDemonstrations(changed), { signatures, items }).map((one) => ({
      ...one,
      about: changed.slice(one.start, one.end),
    }));

  it('find nothing in what is shipped', () => assert.deepEqual(findings(text), []));

  it('put actions, items and form at their place, with what repairs them', () => {
    const cases: [from: string | RegExp, to: string, code: string, about: string | RegExp][] = [
      ['action: Retrieve[genre, 5]', 'action: Retrieve[gerne, 5]', 'unknown-attribute', 'Retrieve[gerne, 5]'],
      ['action: Retrieve[genre, 5]', 'action: Retrieve genre 5', 'repaired-action', 'Retrieve genre 5'],
      ['action: Retrieve[genre, 5]', 'action: Dance[now]', 'unreadable-action', 'Dance[now]'],
      ['- Roman Holiday (1953)', '- Roman Holidays (1953)', 'unknown-item', 'Roman Holidays (1953)'],
      ['Finish[Aliens (1986); ', 'Finish[Nothing (1986); ', 'invented-item', /^Finish/],
      ['title: Loyal', 'titel: Loyal', 'schema', 'titel'],
      ['domain: movies', 'domain: movis', 'schema', 'movis'],
      ['domain: movies', 'domain: [', 'yaml-syntax', /./],
    ];
    for (const [from, to, code, about] of cases) {
      const changed = text.replace(from, to);
      assert.notEqual(changed, text);
      const found = findings(changed).find((one) => one.code === code && !/is missing/.test(one.message));
      assert.ok(found, `${to}: ${JSON.stringify(findings(changed).map((one) => one.code))}`);
      if (typeof about === 'string') assert.equal(found.about, about);
      else assert.match(found.about, about);
      const fix = found.fixes.find((one) => one.preferred);
      if (fix && !['schema'].includes(code))
        assert.deepEqual(findings(applyEdits(changed, fix.edits)), [], to);
    }
  });

  it('complete keys, tools, attributes and titles', () => {
    const labels = (marked: string) =>
      completeDemonstrations(readDemonstrations(marked.replace('¦', '')), marked.indexOf('¦'), {
        signatures,
        attributes: ['genre'],
        items,
      }).map(({ label }) => label);
    const head = 'domain: movies\nattributes: [genre]\ndemonstrations:\n  - title: A\n';
    assert.deepEqual(labels(`${head}    ¦\n`), ['source', 'enabled', 'history', 'rounds']);
    assert.deepEqual(labels(`${head}    history:\n      - A\n    rounds:\n      - thought: x\n        ¦`), [
      'action',
      'observation',
    ]);
    assert.deepEqual(labels(`${head}    rounds:\n      - thought: x\n        action: ¦`), [
      'Retrieve',
      'Rank',
      'Search',
      'Lookup',
      'Finish',
    ]);
    assert.deepEqual(labels(`${head}    rounds:\n      - thought: x\n        action: Retrieve[¦`), [
      'genre',
      'None',
    ]);
    assert.ok(labels(`${head}    history:\n      - Casa¦`).includes('Casablanca (1942)'));
    assert.deepEqual(labels('domain: ¦\n'), ['movies', 'books', 'businesses', 'generic']);
    const at = text.indexOf('Vertigo (1958)');
    assert.deepEqual(demonstrationAt(readDemonstrations(text), at + 2), { index: 1, item: 'Vertigo (1958)' });
  });

  it('are changed by a list editor without losing comments', () => {
    const list = (changed: string) => parseDemonstrations(changed, 'x').demonstrations;
    const before = list(text).map(({ title }) => title);
    const moved = moveDemonstration(text, 0, 2);
    assert.deepEqual(
      list(moved).map(({ title }) => title),
      [before[1], before[2], before[0], before[3]],
    );
    assert.match(moved, /^# Worked examples/);
    const off = enableDemonstration(text, 1, false);
    assert.deepEqual(
      list(off).map(({ enabled }) => enabled),
      [true, false, true, true],
    );
    assert.match(off, /title: Loyal to a director\n {4}enabled: false\n/);
    assert.ok(list(enableDemonstration(off, 1, true))[1]!.enabled);
    assert.equal(list(removeDemonstration(text, 3)).length, 3);
    const one = list(text)[2]!;
    assert.deepEqual(list(addDemonstration(text, { ...one, title: 'Again' })).at(-1), {
      ...one,
      title: 'Again',
    });
    assert.equal(list(replaceDemonstration(text, 0, { ...one, title: 'Other' }))[0]!.title, 'Other');
    assert.deepEqual(list(newDemonstrations('movies', ['genre'], one)), [one]);
    assert.throws(() => moveDemonstration(text, 0, 9), { code: 'no-demonstration' });
    assert.throws(() => enableDemonstration('demonstrations: [', 0, true), { code: 'bad-demonstrations' });
    assert.throws(() => removeDemonstration(newDemonstrations('movies', ['genre'], one), 0), {
      code: 'last-demonstration',
    });
  });
});
