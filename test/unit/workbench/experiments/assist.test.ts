import assert from 'node:assert/strict';
import { checkExperiment } from '../../../../src/experiments/experiment-file.ts';
import type { ModelView } from '../../../../src/service/requests/model.ts';
import { explain, type KnownNames, suggest } from '../../../../src/workbench/experiments/assist.ts';

const model = (id: string, over: object = {}) =>
  ({
    id,
    title: 'SASRec',
    model: 'sasrec',
    status: 'finished',
    config: { itemEncoder: 'id' },
    dataset: { name: 'ml-1m', hash: 'h' },
    progress: { bestEpoch: 3 },
    validation: { 'ndcg@10': 0.1851 },
    ...over,
  }) as unknown as ModelView;

const names: KnownNames = {
  datasets: [
    { name: 'sample', detail: '600 users' },
    { name: 'ml-1m', detail: '6040 users' },
  ],
  models: [
    model('base'),
    model('bert', { model: 'bert4rec', title: 'BERT4Rec' }),
    model('base-genre', { tool: { attribute: 'genre', mode: 'frozen', backbone: 'base' } }),
    model('base-full', { tool: { attribute: 'genre', mode: 'full', backbone: 'base' } }),
    model('elsewhere', { dataset: { name: 'sample', hash: 's' } }),
    model('begun', { progress: { bestEpoch: 0 } }),
  ],
};

/** A document as the starter writes it, with the bar where the cursor is. */
const file = `# beside the paper
title: Mine
dataset: ml-1m
sample: { users: 200, repeats: 3 }
language_models:
  local:
    base_url: http://localhost:11434/v1
    model: llama
    protocol: react
  other:
    base_url: http://localhost:8000/v1
    model: qwen
language_model: offline
methods:
  - method: sasrec
    model: base
  - { method: toolrec, id: ours, rounds: 8 }
  - method: frozen+a
    model: base-genre
`;
const suggested = (text: string) => {
  const offset = text.indexOf('|');
  return suggest(text.replace('|', ''), offset, names);
};
const labels = (text: string) => suggested(text).map(({ label }) => label);
/** The file with this line in the place of another. */
const withLine = (from: string, to: string) => {
  assert.ok(file.includes(from), from);
  return file.replace(from, to);
};
/** The text after the first suggestion of that label is taken. */
const taken = (text: string, label: string) => {
  const found = suggested(text).find((each) => each.label === label);
  assert.ok(found, `${label} is not suggested`);
  const plain = text.replace('|', '');
  return plain.slice(0, found.start) + found.insert + plain.slice(found.end);
};

describe('completion in an experiment file', () => {
  it('is tested with a file that is right', () => {
    assert.deepEqual(checkExperiment(file, 'x').findings, []);
  });

  it('offers the keys that are not there, at the top and in maps', () => {
    assert.deepEqual(
      labels(`${file}|`).filter((key) => ['title', 'dataset', 'methods', 'budget', 'metrics'].includes(key)),
      ['metrics', 'budget'],
    );
    assert.deepEqual(labels(withLine('repeats: 3 }', '|}')), ['repeats', 'seed']);
    assert.deepEqual(labels(withLine('repeats: 3 }', 'repeats: 3, |')), ['seed']);
    assert.deepEqual(labels(`${file}budget:\n  |`), ['cost', 'tokens', 'minutes']);
    assert.deepEqual(labels(`${file}budget:\n  cost: 3\n  to|`), ['tokens', 'minutes']);
    assert.deepEqual(labels(`${file}protocol:\n  part: test\n  |`), ['mask_history']);
    const server = labels(withLine('    protocol: react\n', '    |\n'));
    assert.ok(server.includes('price') && !server.includes('base_url') && !server.includes('model'));
  });

  it('offers a method the settings that it takes', () => {
    assert.deepEqual(labels(withLine('    model: base\n', '    |\n')), ['id', 'model']);
    assert.deepEqual(labels(withLine('id: ours, rounds: 8 }', '| }')), [
      'id',
      'model',
      'language_model',
      'rounds',
      'domain',
      'demonstrations',
    ]);
    assert.deepEqual(labels(withLine('rounds: 8 }', 'rou| }'))[2], 'rounds');
    assert.ok(labels(withLine('  - method: sasrec\n', '  - |\n')).includes('method'));
  });

  it('offers values: methods, datasets, models that the method can stand on, language models', () => {
    const methods = labels(withLine('- method: sasrec', '- method: |'));
    assert.ok(['popularity', 'toolrec-b', 'w/plan', 'full+a', 'own'].every((name) => methods.includes(name)));
    assert.ok(!methods.includes('p5'), 'what is not built is not offered');
    assert.deepEqual(labels(withLine('dataset: ml-1m', 'dataset: |')), ['sample', 'ml-1m']);
    assert.deepEqual(labels(withLine('    model: base\n', '    model: |\n')), ['base']);
    assert.deepEqual(labels(withLine('rounds: 8', 'model: |')), ['base', 'cooccurrence', 'popularity']);
    assert.deepEqual(labels(withLine('model: base-genre', 'model: ba|')), ['base-genre']);
    assert.deepEqual(
      labels(withLine('method: frozen+a\n    model: base-genre', 'method: full+a\n    model: |')),
      ['base-full'],
    );
    assert.deepEqual(labels(withLine('language_model: offline', 'language_model: |')), [
      'offline',
      'local',
      'other',
    ]);
    assert.deepEqual(labels(withLine('rounds: 8', 'language_model: |')), ['offline', 'local', 'other']);
    assert.deepEqual(labels(`${file}reference: |`), ['sasrec', 'toolrec', 'ours']);
    assert.deepEqual(labels(`${file}metrics: [recall@10, |]`)[1], 'ndcg@10');
    assert.deepEqual(labels(`${file}n: 5\nmetrics:\n  - |`)[0], 'recall@5');
    assert.deepEqual(labels(`${file}sessions: |`), ['all', 'none']);
    assert.deepEqual(labels(withLine('protocol: react', 'protocol: |')), ['react', 'tools', 'json']);
    assert.deepEqual(labels(`${file}protocol: { part: |`), ['test', 'validation']);
    assert.deepEqual(labels(withLine('rounds: 8', 'demonstrations: |')), ['true', 'false']);
  });

  it('offers nothing in comments, titles and after a value', () => {
    for (const text of ['# |', 'title: |', 'title: two wo|', 'dataset: sample |', 'nothing: |'])
      assert.deepEqual(labels(text), [], text);
  });

  it('what is taken leaves a file that can be read', () => {
    const methods = taken('dataset: sample\nme|', 'methods');
    assert.equal(methods, 'dataset: sample\nmethods:\n  - method: ');
    assert.equal(taken(`${methods}|`, 'toolrec'), `${methods}toolrec`);
    assert.equal(
      taken(withLine('dataset: ml-1m', 'dataset:|'), 'sample').includes('dataset: sample\n'),
      true,
    );
    const whole = taken(withLine('- method: sasrec', '- method: sas|rec'), 'bert4rec');
    assert.ok(whole.includes('- method: bert4rec\n'));
    const metrics = taken(`${file}met|`, 'metrics');
    assert.deepEqual(checkExperiment(taken(`${metrics}|`, 'ndcg@10'), 'x').findings, []);
  });
});

describe('hover in an experiment file', () => {
  const over = (word: string, from = 0, plus = 1) => {
    const found = explain(file, file.indexOf(word, from) + plus, names);
    return found && [file.slice(found.start, found.end), found.markdown];
  };

  it('says what a key means, where it stands', () => {
    const [word, text] = over('repeats')!;
    assert.equal(word, 'repeats');
    assert.match(text!, /Samples \(the paper: three\)\.[^]*From 1 to 100\./);
    assert.match(
      over('protocol: react')![1]!,
      /How the model writes its actions[^]*`react`, `tools`, `json`/,
    );
    assert.match(over('rounds')![1]!, /Rounds at most/);
    assert.match(over('base_url')![1]!, /OpenAI-compatible server/);
    assert.match(over('model: llama')![1]!, /As the server names it/);
    assert.match(over('model: base')![1]!, /Id of a trained model/);
  });

  it('says what a method, a model and a dataset are', () => {
    assert.match(over('toolrec,')![1]!, /\*\*ToolRec\*\* — .*\n\nTakes `model`, `language_model`, `rounds`/);
    assert.match(over('frozen+a', 0, 8)![1]!, /An attribute tool by itself/);
    assert.match(over('base\n')![1]!, /^`base` — SASRec, ml-1m, NDCG@10 0\.1851 on validation$/);
    assert.match(over('ml-1m')![1]!, /6040 users/);
    assert.equal(over('Mine'), undefined);
    assert.equal(over('beside'), undefined);
  });

  it('takes nothing of a name for markup', () => {
    const evil = { datasets: [{ name: 'x', detail: '[click](command:evil) <b>' }], models: [] };
    const { markdown } = explain('dataset: x\n', 9, evil)!;
    assert.ok(!markdown.includes('[click](') && markdown.includes('\\[click\\]'));
  });
});
