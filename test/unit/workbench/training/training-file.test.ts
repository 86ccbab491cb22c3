import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../../../../src/shared/errors.ts';
import { explain, suggest } from '../../../../src/workbench/training-file/assist.ts';
import {
  placeOfFailure,
  plansOfFile,
  readTrainingFile,
} from '../../../../src/workbench/training-file/read.ts';
import { trainingFileJsonSchema } from '../../../../src/workbench/training-file/schema.ts';
import { trainingFileText } from '../../../../src/workbench/training-file/write.ts';

/** What the findings of a text point at, and say. */
const found = (text: string) =>
  readTrainingFile(text).findings.map(
    ({ start, end, message }) => [text.slice(start, end), message] as const,
  );
const names = { datasets: ['sample', 'ml-1m'], backbones: ['base'], attributes: ['genre', 'year'] };
/** Suggestions at the bar. */
const at = (text: string) => {
  const offset = text.indexOf('|');
  return suggest(text.replace('|', ''), offset, names);
};

describe('a training configuration', () => {
  it('becomes a run, or one an attribute, and is written back', () => {
    const { value, findings } = readTrainingFile(
      'dataset: sample\nepochs: 3\nloss: bpr # fast\nid: mine\nstartFrom: base\n',
    );
    assert.deepEqual(findings, []);
    assert.deepEqual(plansOfFile(value!, '/w', '/w/a.yaml'), [
      {
        folder: '/w',
        dataset: 'sample',
        config: { epochs: 3, loss: 'bpr' },
        device: 'auto',
        threads: 0,
        startFrom: 'base',
        id: 'mine',
      },
    ]);
    const tools = readTrainingFile(
      'dataset: sample\nbackbone: base\nattributes: [genre, year]\nglove: g.txt\n',
    ).value!;
    const plans = plansOfFile(tools, '/w', '/w/sub/a.yaml');
    assert.deepEqual(
      plans.map(({ tool }) => [tool!.attribute, tool!.mode, tool!.glove]),
      ['genre', 'year'].map((each) => [each, 'frozen', path.resolve('/w/sub/g.txt')]),
    );
    const again = readTrainingFile(trainingFileText(plans, 'Made by a test.')).value!;
    assert.deepEqual(
      [again.backbone, again.attributes, again.dataset, again.glove],
      ['base', ['genre', 'year'], 'sample', path.resolve('/w/sub/g.txt')],
    );
  });

  it('is found fault with at the very place', () => {
    assert.deepEqual(found('epochs: 3\n')[0]?.[1], '“dataset” is missing.');
    assert.deepEqual(found('dataset: sample\nlos: bpr\n'), [
      ['los', 'There is no setting “los”. Did you mean “loss”?'],
    ]);
    assert.equal(found('dataset: sample\nloss: none\n')[0]?.[0], 'none');
    assert.equal(found('dataset: sample\nhidden: -3\n')[0]?.[0], '-3');
    assert.equal(found('dataset: sample\nhidden: 10\nheads: 3\n')[0]?.[0], 'heads');
    assert.equal(found('dataset: sample\nbackbone: base\n')[0]?.[0], 'backbone');
    assert.equal(found('dataset: sample\nmode: full\n')[0]?.[0], 'mode');
    assert.equal(found('dataset: sample\nid: x\nbackbone: b\nattributes: [a, b]\n')[0]?.[0], 'id');
    assert.ok(found('dataset: [\n').length > 0);
    assert.ok(found('').length > 0);
    assert.ok(found('- a\n- b\n').length > 0);
  });

  it('shows a failed run at the key that it is about', () => {
    const text = 'dataset: sample\nbackbone: nothing\nattributes: genre\n';
    const place = (code: string) => {
      const { start, end } = placeOfFailure(text, new UsageError(code, '', ''));
      return text.slice(start, end);
    };
    assert.equal(place('no-model'), 'nothing');
    assert.equal(place('unknown-attribute'), 'genre');
    assert.equal(place('no-dataset'), 'sample');
    assert.equal(place('anything'), 'dataset: sample');
  });

  it('is completed: keys that are not there yet, values of enumerations, names of this folder', () => {
    const labels = (text: string) => at(text).map(({ label }) => label);
    assert.ok(labels('dataset: sample\n|').includes('loss'));
    assert.ok(!labels('dataset: sample\n|').includes('dataset'));
    assert.deepEqual(labels('dataset: |'), ['sample', 'ml-1m']);
    assert.deepEqual(at('dataset:|')[0]?.insert, ' sample');
    assert.deepEqual(labels('backbone: b|'), ['base']);
    assert.deepEqual(labels('attributes: [genre, |'), ['genre', 'year']);
    assert.deepEqual(labels('attributes:\n  - |'), ['genre', 'year']);
    assert.ok(labels('loss: |').includes('gbce'));
    assert.deepEqual(labels('# loss: |'), []);
    const [first] = at('lo|ss: bpr');
    assert.deepEqual([first?.start, first?.end], [0, 4]);
  });

  it('explains its keys with their limits', () => {
    assert.match(explain('hidden: 64', 2)!.markdown, /Width of item vectors.*From 4 to 1024\./s);
    assert.match(explain('loss: bpr', 0)!.markdown, /`gbce`/);
    assert.equal(explain('hidden: 64', 9), undefined);
    assert.equal(explain('other: 1', 1), undefined);
  });

  it('has a JSON Schema for other editors, as it is kept in resources', () => {
    const file = path.resolve(import.meta.dirname, '../../../../resources/schemas/toolrec-train.schema.json');
    assert.deepEqual(
      JSON.parse(readFileSync(file, 'utf8')),
      JSON.parse(JSON.stringify(trainingFileJsonSchema())),
    );
  });
});
