import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from './run.ts';

const shipped = path.resolve(import.meta.dirname, '../../../resources/prompts');

describe('toolrec prompt', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'toolrec-prompt-cli-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const at = (...argv: string[]) => run(['prompt', ...argv, '-w', folder], { cwd: folder });
  const own = (text: string, name = 'rank.movies.toolrec.md') => {
    mkdirSync(path.join(folder, 'prompts'), { recursive: true });
    writeFileSync(path.join(folder, 'prompts', name), text);
  };
  const template = () => readFileSync(path.join(shipped, 'rank.movies.toolrec.md'), 'utf8');

  it('lists what is shipped and what is the person’s', async () => {
    own(template().replace('Weigh', 'Judge'));
    const { prompts } = JSON.parse((await at('list', '--json')).stdout) as {
      prompts: { name: string; state: string }[];
    };
    assert.equal(prompts.length, 24);
    assert.equal(prompts.find(({ name }) => name === 'rank.movies.toolrec.md')!.state, 'edited');
    assert.match((await at('list')).stdout, /rank\.movies\.toolrec\.md +edited/);
  });

  it('checks as the editor does, with a code for CI', async () => {
    assert.equal((await at('check')).code, 0);
    own(template().replace('{{ k }}', '{{ kk }}'));
    const bad = await at('check', '--json');
    assert.equal(bad.code, 1);
    const { findings, ok } = JSON.parse(bad.stdout) as {
      ok: boolean;
      findings: { code: string; line: number; column: number; fixes: string[] }[];
    };
    assert.equal(ok, false);
    const line =
      template()
        .split('\n')
        .findIndex((text) => text.includes('{{ k }}')) + 1;
    assert.deepEqual([findings[0]!.code, findings[1]!.code].sort(), ['unknown-variable', 'unused-input']);
    const unknown = findings.find(({ code }) => code === 'unknown-variable')!;
    assert.equal(unknown.line, line);
    assert.equal(unknown.fixes[0], 'Change to “k”');
    assert.match(
      (await at('check')).stdout,
      /prompts\/rank\.movies\.toolrec\.md:\d+:\d+: error .*\[unknown-variable\]/,
    );
  });

  it('lets warnings fail where that is asked for, and reports prompts too long for a model', async () => {
    own(template());
    assert.equal((await at('check', '--context', '100')).code, 0);
    assert.equal((await at('check', '--context', '100', '--strict')).code, 1);
  });

  it('refuses files outside of the workspace and files that are no prompts', async () => {
    const outside = await at('check', path.join(shipped, 'rank.movies.toolrec.md'), '--json');
    assert.equal(outside.code, 2);
    assert.equal((JSON.parse(outside.stdout) as { error: { code: string } }).error.code, 'outside-workspace');
    writeFileSync(path.join(folder, 'x.txt'), '');
    assert.match((await at('check', 'x.txt')).stderr, /neither a template/);
  });

  it('renders with sample values and with those of a user', async () => {
    const sample = JSON.parse((await at('render', 'rank.movies', '--json')).stdout) as {
      messages: { role: string; content: string; tokens: number }[];
      tokens: number;
    };
    assert.deepEqual(
      sample.messages.map(({ role }) => role),
      ['system', 'user'],
    );
    assert.ok(sample.tokens > 100);
    assert.equal((await at('render', 'rank.movies', '--user', 'x')).code, 2);
    assert.equal((await at('render', 'no.such')).code, 2);
  });
});
