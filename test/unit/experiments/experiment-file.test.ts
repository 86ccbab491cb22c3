import assert from 'node:assert/strict';
import { checkExperiment, experimentId, parseExperiment } from '../../../src/experiments/experiment-file.ts';
import type { ConfigurationError } from '../../../src/shared/errors.ts';

function findings(text: string) {
  return checkExperiment(text, 'a.toolrec-experiment.yaml').findings.map(
    ({ code, place }) => `${code}:${place.line}`,
  );
}

describe('experiment file', () => {
  it('fills in the paper’s defaults', () => {
    const { config, methodIds } = parseExperiment('dataset: sample\nmethods:\n  - method: popularity\n', 'a');
    assert.deepEqual(config.sample, { users: 200, repeats: 3, seed: 2024 });
    assert.equal(config.n, 10);
    assert.equal(config.language_model, 'offline');
    assert.deepEqual(config.protocol, { part: 'test', mask_history: true });
    assert.deepEqual(methodIds, ['popularity']);
  });

  it('names the line of every mistake', () => {
    const text = [
      'dataset: sample',
      'sample:',
      '  users: 0',
      'methods:',
      '  - method: popularity',
      '    modle: x',
      '  - {}',
      'budgt: 3',
    ].join('\n');
    assert.deepEqual(findings(text).sort(), [
      'bad-value:3',
      'missing-key:7',
      'unknown-key:6',
      'unknown-key:8',
    ]);
  });

  it('holds names and numbers against each other', () => {
    const text = [
      'dataset: sample',
      'metrics: [recall@10, ndcg@20, preciseness@3]',
      'reference: toolrc',
      'language_model: gpt',
      'language_models:',
      '  local: { base_url: "http://localhost:1/v1", model: m, replay: true }',
      '  paid: { base_url: "http://localhost:1/v1", model: m }',
      'budget: { cost: 2 }',
      'methods:',
      '  - { method: toolrec, id: a, language_model: lokal }',
      '  - { method: toolrec, id: a }',
    ].join('\n');
    assert.deepEqual(findings(text).sort(), [
      'duplicate-id:11',
      'metric-too-deep:2',
      'no-cassette:6',
      'no-price:8',
      'unknown-language-model:10',
      'unknown-language-model:4',
      'unknown-metric:2',
      'unknown-reference:3',
    ]);
  });

  it('refuses what is not YAML, or never ends, with its line', () => {
    assert.equal(findings('dataset: [\nmethods: }')[0], 'bad-yaml:2');
    assert.throws(
      () => parseExperiment('dataset: "open\nmethods: []', 'f.yaml'),
      (error: ConfigurationError) => error.code === 'bad-yaml' && error.place?.file === 'f.yaml',
    );
    const bomb = `a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]`;
    assert.deepEqual(findings(bomb).slice(0, 1), ['bad-yaml:1']);
  });

  it('numbers methods that share a name, and takes its own name from the file', () => {
    const text = 'dataset: s\nmethods: [{method: toolrec}, {method: toolrec}, {method: w/ plan}]';
    assert.deepEqual(parseExperiment(text, 'x').methodIds, ['toolrec', 'toolrec-2', 'w-plan']);
    assert.equal(experimentId('/a/my paper.toolrec-experiment.yaml'), 'my-paper');
    assert.equal(experimentId('../.yaml'), 'experiment');
  });
});
