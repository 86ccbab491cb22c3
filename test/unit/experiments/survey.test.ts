import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { checkExperiment } from '../../../src/experiments/experiment-file.ts';
import { type ExperimentWorld, openExperiment, surveyExperiment } from '../../../src/experiments/plan.ts';
import type { ConfigurationError } from '../../../src/shared/errors.ts';
import { Workspace } from '../../../src/shared/workspace.ts';

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
});
