import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { checkExperiment } from '../../../src/experiments/experiment-file.ts';
import { LanguageModels } from '../../../src/experiments/language-models.ts';
import type { Method, MethodAnswer } from '../../../src/experiments/method.ts';
import type { OpenExperiment } from '../../../src/experiments/plan.ts';
import { experimentDirectory, recordsFile } from '../../../src/experiments/places.ts';
import { readRecords } from '../../../src/experiments/records.ts';
import { summarise } from '../../../src/experiments/report/summary.ts';
import { reportFiles } from '../../../src/experiments/report/write.ts';
import { runExperiment } from '../../../src/experiments/runner.ts';
import { ModelFailure } from '../../../src/llm/errors.ts';
import { Workspace } from '../../../src/shared/workspace.ts';

/** Twelve users whose held-out item is their own code; six items, none repeated. */
const users = Array.from({ length: 12 }, (_, user) => user);
const dataset = {
  name: 'tiny',
  hash: 'hash',
  simulated: false,
  userCount: 12,
  itemCount: 20,
  catalogueCount: 20,
  interactionCount: 36,
  offsets: Uint32Array.from({ length: 13 }, (_, i) => i * 3),
  items: Uint32Array.from({ length: 36 }, (_, i) => (i % 3 === 2 ? Math.floor(i / 3) : 13 + (i % 3))),
  timestamps: new Float64Array(36),
  trainEnd: Uint32Array.from(users, (user) => user * 3 + 1),
  validationEnd: Uint32Array.from(users, (user) => user * 3 + 2),
  attributes: [],
  user: (code: number) => ({ id: `u${code}`, profile: {} }),
} as unknown as OpenExperiment['dataset'];

function experiment(
  folder: string,
  answer: (user: number) => Promise<MethodAnswer> | MethodAnswer,
  extra = '',
): OpenExperiment {
  const text = `dataset: tiny\nsample: all\nn: 3\n${extra}methods:\n  - method: popularity\n`;
  const file = checkExperiment(text, path.join(folder, 'x.toolrec-experiment.yaml')).experiment!;
  const method: Method = {
    detail: 'a test',
    provenance: {},
    recommend: async ({ user }) => answer(user.code),
  };
  const planned = {
    id: 'popularity',
    name: 'popularity',
    title: 'Popularity',
    group: 'floor' as const,
    detail: 'a test',
    standIn: null,
    languageModel: null,
    model: null,
    size: null,
    provenance: {},
    fingerprint: 'f',
  };
  const plan: OpenExperiment['plan'] = {
    version: 1,
    id: 'x',
    title: 'x <script>',
    file: 'x.yaml',
    configuration: text,
    program: { version: '0', node: 'v20', platform: 'test' },
    dataset: { ...dataset, users: 12, items: 20, interactions: 36, eligible: 12 },
    part: 'test',
    maskHistory: true,
    n: 3,
    metrics: ['recall@3', 'ndcg@3'],
    seed: 0,
    sample: null,
    samples: [users],
    reference: null,
    methods: [planned],
  };
  return {
    id: 'x',
    file,
    plan,
    dataset,
    methods: [{ planned, method, concurrency: 2 }],
    languageModels: new LanguageModels({}, folder, {}),
    world: { workspace: new Workspace(folder) } as OpenExperiment['world'],
  };
}

/** Second in the list for even users, not there for odd ones. */
const half = (user: number): MethodAnswer => ({ items: user % 2 === 0 ? [19, user, 18] : [19, 18, 17] });

describe('experiment runner', () => {
  let folder: string;
  const records = async () =>
    (await readRecords(path.join(experimentDirectory(new Workspace(folder), 'x'), recordsFile))).records;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-runner-'));
  });
  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  it('counts every user, and a failure or a bad list as a miss with its cause', async () => {
    const answers = (user: number): MethodAnswer => {
      if (user === 2) return { items: [], failure: { code: 'timeout', message: 'late' } };
      if (user === 4) return { items: [4, 4, 1] };
      if (user === 6) return { items: [13, 6, 1] };
      return half(user);
    };
    const run = experiment(folder, answers);
    const outcome = await runExperiment(run, { mode: 'fresh' });
    assert.equal(outcome.status, 'finished');
    const summary = summarise(run.plan, await records());
    assert.equal(summary.methods[0]!.done, 12);
    assert.deepEqual(
      summary.methods[0]!.failures.map(({ user, failure }) => [user, failure!.code]),
      [
        [2, 'timeout'],
        [4, 'bad-list'],
        [6, 'bad-list'],
      ],
    );
    // Users 0, 8, 10 hit at rank 2: 3 of 12; NDCG 1/log2(3) each.
    assert.ok(Math.abs(summary.methods[0]!.metrics[0]!.mean - 3 / 12) < 1e-12);
    assert.ok(Math.abs(summary.methods[0]!.metrics[1]!.mean - 3 / Math.log2(3) / 12) < 1e-12);
  });

  it('goes on where it was left, runs nobody twice, and ends with the same report', async () => {
    const asked: number[] = [];
    const leave = new AbortController();
    const first = experiment(folder, (user) => {
      asked.push(user);
      if (asked.length === 5) leave.abort();
      return half(user);
    });
    assert.equal((await runExperiment(first, { mode: 'fresh', signal: leave.signal })).status, 'cancelled');
    const before = (await records()).length;
    assert.ok(before > 0 && before < 12);
    await assert.rejects(runExperiment(first, { mode: 'fresh' }), { code: 'experiment-exists' });
    const again: number[] = [];
    const second = experiment(folder, (user) => {
      again.push(user);
      return half(user);
    });
    assert.equal((await runExperiment(second, { mode: 'resume' })).status, 'finished');
    assert.equal(again.length, 12 - before);
    const resumed = reportFiles(summarise(second.plan, await records()));
    await fs.rm(path.join(folder, '.toolrec'), { recursive: true });
    await runExperiment(experiment(folder, half), { mode: 'fresh' });
    assert.deepEqual(reportFiles(summarise(second.plan, await records())), resumed);
    assert.ok(!resumed.get('report.html')!.includes('<script>'));
  });

  it('stops when nobody could be served, and counts nobody for it', async () => {
    const run = experiment(folder, () => {
      throw new ModelFailure('unauthorised', 'No key.', 'Enter one.');
    });
    const outcome = await runExperiment(run, { mode: 'fresh' });
    assert.equal(outcome.status, 'stopped');
    assert.equal(outcome.error?.code, 'unauthorised');
    assert.equal((await records()).length, 0);
  });

  it('takes no new user when the budget is spent, and says so', async () => {
    const run = experiment(
      folder,
      async (user) => {
        await new Promise((resolve) => setTimeout(resolve, 15));
        return half(user);
      },
      'budget: { minutes: 0.0005 }\n',
    );
    const outcome = await runExperiment(run, { mode: 'fresh' });
    assert.equal(outcome.status, 'budget');
    const summary = summarise(run.plan, await records());
    assert.ok(summary.done < 12 && !summary.complete);
    assert.match(reportFiles(summary).get('report.md')!, /Partial/);
  });
});
