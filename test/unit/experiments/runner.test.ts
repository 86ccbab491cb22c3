import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { checkExperiment } from '../../../src/experiments/experiment-file.ts';
import { LanguageModels } from '../../../src/experiments/language-models.ts';
import type { Method, MethodAnswer } from '../../../src/experiments/method.ts';
import type { OpenExperiment } from '../../../src/experiments/plan.ts';
import { experimentDirectory, recordsFile, spendingFile } from '../../../src/experiments/places.ts';
import { readRecords } from '../../../src/experiments/records.ts';
import { summarise } from '../../../src/experiments/report/summary.ts';
import { documentOf } from '../../../src/experiments/report/document.ts';
import { figuresOf } from '../../../src/experiments/report/figures.ts';
import { ReportThread } from '../../../src/experiments/report/report-thread.ts';
import { reportFiles } from '../../../src/experiments/report/write.ts';
import { experimentStatus } from '../../../src/experiments/run-state.ts';
import { runExperiment } from '../../../src/experiments/runner.ts';
import { readSpending } from '../../../src/experiments/spending.ts';
import type { ChatModel } from '../../../src/llm/chat-model.ts';
import { ModelFailure } from '../../../src/llm/errors.ts';
import { CancelledError, StorageError } from '../../../src/shared/errors.ts';
import { compareVersions, promptVersions } from '../../../src/experiments/prompt-versions.ts';
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

  it('keeps the full text of its prompts, so that versions are compared over all its users', async () => {
    const workspace = new Workspace(folder);
    const asked = async (id: string, hash: string, answers: (user: number) => MethodAnswer) => {
      const run = experiment(folder, answers);
      const [open] = run.methods;
      const planned = { ...open!.planned, provenance: { 'prompt surrogate.movies': hash } };
      const prompts = [{ name: 'surrogate.movies', hash, text: `text ${hash}` }];
      const methods = [{ ...open!, planned, method: { ...open!.method, prompts } }];
      const plan = { ...run.plan, id, methods: [planned] };
      await runExperiment({ ...run, id, plan, methods }, { mode: 'fresh' });
    };
    await asked('one', 'aaaa', half);
    await asked('two', 'bbbb', (user) => ({ items: [user, 19, 18] }));
    const { versions, unreadable } = await promptVersions(workspace);
    assert.equal(unreadable, 0);
    assert.deepEqual(versions.map(({ hash, text, uses, runs }) => [hash, text, uses, runs.length]).sort(), [
      ['aaaa', 'text aaaa', 1, 12],
      ['bbbb', 'text bbbb', 1, 12],
    ]);
    const [a, b] = ['aaaa', 'bbbb'].map((hash) => versions.find((one) => one.hash === hash)!);
    const { difference, paired } = compareVersions(a!, b!);
    assert.equal(difference, 0.5);
    assert.deepEqual(paired, { users: 12, onlyFirst: 0, onlySecond: 6 });
    await fs.writeFile(path.join(experimentDirectory(workspace, 'one'), 'prompts.json'), '{');
    assert.equal((await promptVersions(workspace)).unreadable, 1, 'a damaged one hides no other');
  });

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

  it('is reported by a thread: the same tables as here, one method’s users, typed failures', async () => {
    const run = experiment(folder, half);
    await runExperiment(run, { mode: 'fresh' });
    const thread = new ReportThread();
    try {
      const [view, figures, missing] = await Promise.all([
        thread.ask({ kind: 'view', folder, id: 'x', method: 'popularity' }),
        thread.ask({ kind: 'figures', folder, id: 'x' }),
        thread.ask({ kind: 'view', folder, id: 'nowhere', method: null }).catch((error: unknown) => error),
      ]);
      const summary = summarise(run.plan, await records());
      assert.deepEqual(view.blocks, documentOf(summary, figuresOf(summary)));
      assert.equal(view.users!.records.length, 12);
      const [recall] = summary.methods[0]!.metrics;
      assert.deepEqual(figures[0]!.metrics[0], {
        name: 'recall@3',
        mean: recall!.mean,
        deviation: undefined,
        interval: [recall!.interval.low, recall!.interval.high],
      });
      assert.ok(missing instanceof StorageError && missing.code === 'no-experiment');
      const { directory } = await thread.ask({ kind: 'write', folder, id: 'x' });
      const written = await fs.readFile(path.join(directory, 'report.md'), 'utf8');
      assert.equal(written, reportFiles(summary).get('report.md'));
      // What is asked when the thread is ended is not left without an answer.
      const lost = thread.ask({ kind: 'view', folder, id: 'x', method: null });
      thread.dispose();
      await assert.rejects(lost, { code: 'report-failed' });
    } finally {
      thread.dispose();
    }
  });

  describe('what users cost that were lost', () => {
    const models =
      'language_models:\n  paid: { base_url: "http://127.0.0.1:9/v1", model: m, price: { prompt: 1, completion: 1 } }\n';
    const price = { tokens: 100, cost: 0.5, calls: 1 };
    const replies: ChatModel = {
      label: 'm',
      model: 'm',
      contextTokens: undefined,
      chat: () =>
        Promise.resolve({
          text: '',
          toolCalls: [],
          usage: { prompt: 60, completion: 40, estimated: false },
          cost: 0.5,
          finish: 'stop',
          model: 'm',
          durationMs: 1,
          retries: [],
        } as unknown as Awaited<ReturnType<ChatModel['chat']>>),
    };
    /** Two calls a user; users in `lost` are given up between the two. */
    function paid(budget: string, lost: readonly number[], leave?: AbortController): OpenExperiment {
      const run = experiment(folder, half, `${models}${budget}`);
      const languageModels = new LanguageModels(run.file.config.language_models, folder, {
        model: () => replies,
      });
      const method: Method = {
        detail: 'paid',
        provenance: {},
        languageModel: 'paid',
        async recommend({ user }) {
          const model = (await languageModels.get('paid'))!;
          await model.chat({ messages: [] });
          if (lost.includes(user.code)) {
            leave!.abort();
            throw new CancelledError('The experiment');
          }
          await model.chat({ messages: [] });
          const tokens = { prompt: 120, completion: 80, estimated: false };
          return { ...half(user.code), calls: 2, tokens, cost: 1 };
        },
      };
      return { ...run, languageModels, methods: [{ ...run.methods[0]!, method, concurrency: 1 }] };
    }
    const journal = () => path.join(experimentDirectory(new Workspace(folder), 'x'), spendingFile);

    it('counts towards the budget when the run goes on', async () => {
      const budget = 'budget: { cost: 4.5 }\n';
      const leave = new AbortController();
      const first = paid(budget, [3], leave);
      assert.equal((await runExperiment(first, { mode: 'fresh', signal: leave.signal })).status, 'cancelled');
      assert.equal((await records()).length, 3);
      // Three users for 1 each, and half of the fourth.
      assert.deepEqual(await readSpending(journal()), { tokens: 700, cost: 3.5, calls: 7 });
      const status = await experimentStatus(new Workspace(folder), 'x');
      assert.deepEqual([status.state.tokens, status.state.cost], [700, 3.5]);
      // 3.5 are gone: after one user more the budget is spent. By the records alone it would be after two.
      const outcome = await runExperiment(paid(budget, []), { mode: 'resume' });
      assert.equal(outcome.status, 'budget');
      assert.equal((await records()).length, 4);
      assert.equal((await runExperiment(paid(budget, []), { mode: 'resume' })).status, 'budget');
      assert.equal((await records()).length, 4);
    });

    it('is on the disk before an answer is used, and half a line of a crash is cut off', async () => {
      const written: unknown[] = [];
      const languageModels = new LanguageModels(paid('', []).file.config.language_models, folder, {
        model: () => replies,
      });
      let release: () => void = () => undefined;
      languageModels.keepAccount(async (spent) => {
        await new Promise<void>((resolve) => (release = resolve));
        written.push(spent);
      });
      const answer = (await languageModels.get('paid'))!.chat({ messages: [] }).then(() => written.length);
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(written, []);
      release();
      assert.equal(await answer, 1);
      assert.deepEqual(written, [price]);

      await runExperiment(paid('', []), { mode: 'fresh' });
      const whole = await fs.readFile(journal(), 'utf8');
      await fs.writeFile(journal(), `${whole}{"tokens": 10`);
      assert.deepEqual(await readSpending(journal()), { tokens: 2400, cost: 12, calls: 24 });
      await runExperiment(paid('', []), { mode: 'resume' });
      assert.equal(await fs.readFile(journal(), 'utf8'), whole);
    });

    it('an experiment from before the journal counts its records', async () => {
      const budget = 'budget: { tokens: 2400 }\n';
      await runExperiment(paid('', []), { mode: 'fresh' });
      await fs.rm(journal());
      await runExperiment(paid(budget, []), { mode: 'resume' });
      assert.deepEqual(await readSpending(journal()), { tokens: 2400, cost: 12, calls: 24 });
    });
  });
});
