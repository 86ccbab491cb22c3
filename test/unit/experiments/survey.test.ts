import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { checkExperiment } from '../../../src/experiments/experiment-file.ts';
import { type ExperimentWorld, openExperiment, surveyExperiment } from '../../../src/experiments/plan.ts';
import { writeDataset } from '../../../src/data/store.ts';
import { lockTraining } from '../../../src/recommender/training-lock.ts';
import type { ConfigurationError } from '../../../src/shared/errors.ts';
import { Workspace } from '../../../src/shared/workspace.ts';
import { smallContent } from '../data/small-dataset.ts';

const world = {
  workspace: new Workspace(path.join(os.tmpdir(), 'toolrec-nothing-here')),
  engine: { request: () => Promise.resolve({ models: [] }) },
} as unknown as ExperimentWorld;

const file = checkExperiment(
  [
    'dataset: nowhere',
    'methods:',
    '  - method: populairty',
    '  - { method: popularity, rounds: 3 }',
    '  - method: p5',
    '  - method: own',
  ].join('\n'),
  'x.toolrec-experiment.yaml',
).experiment!;

describe('what an experiment file names', () => {
  it('is refused with its line: unknown dataset, method, setting; a method that is not built', async () => {
    const { findings } = await surveyExperiment(file, world);
    assert.deepEqual(
      findings.map(({ code, place }) => [code, place.line]),
      [
        ['no-dataset', 1],
        ['unknown-method', 3],
        ['setting-not-taken', 4],
        ['not-built', 5],
        ['missing-key', 6],
      ],
    );
    assert.match(findings[1]!.remedy, /popularity/);
  });

  it('stops an experiment before anything is opened', async () => {
    await assert.rejects(
      openExperiment(file, 'x', world),
      (error: ConfigurationError) => error.code === 'no-dataset' && error.place?.line === 1,
    );
  });

  it('a model in training is refused while somebody trains it, and taken as it is when the training died', async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-survey-'));
    try {
      const workspace = new Workspace(folder);
      await fs.mkdir(workspace.directory('datasets'), { recursive: true });
      const { hash } = await writeDataset(workspace.entry('datasets', 'small'), smallContent());
      const model = {
        id: 'base',
        model: 'sasrec',
        status: 'training',
        config: { itemEncoder: 'id' },
        dataset: { name: 'small', hash },
        progress: { bestEpoch: 3 },
      };
      const here = { workspace, engine: { request: () => Promise.resolve({ models: [model] }) } };
      const text = 'dataset: small\nsample: all\nmethods:\n  - { method: sasrec, model: base }\n';
      const named = checkExperiment(text, 'x').experiment!;
      const codes = async () =>
        (await surveyExperiment(named, here as unknown as ExperimentWorld)).findings.map(({ code }) => code);
      const lock = await lockTraining(workspace, 'base');
      assert.deepEqual(await codes(), ['model-in-training']);
      await lock.release();
      assert.deepEqual(await codes(), []);
    } finally {
      await fs.rm(folder, { recursive: true, force: true });
    }
  });
});
