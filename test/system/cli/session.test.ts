import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { LLMock } from '@copilotkit/aimock';
import { run } from '../../unit/cli/run.ts';

interface Result {
  session: string;
  rounds: { number: number; action: string; status: string | null; items: unknown[] }[];
  ended: { rule: string };
  finalList: { id: string; title: string; source: string }[];
  metrics: Record<string, number | null> | null;
  divergences?: unknown[];
  file: string;
}

describe('toolrec session', function () {
  this.timeout(20_000);
  let folder: string;
  let first: Result;
  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'toolrec-session-'));
    assert.equal((await run(['sample', '-w', folder])).code, 0);
    first = await json('session', 'run', '--user', 'simulated-3');
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const json = async (...argv: string[]): Promise<Result> => {
    const { code, stdout } = await run([...argv, '--json', '-w', folder]);
    assert.equal(code, 0, stdout);
    return JSON.parse(stdout) as Result;
  };
  const errorOf = async (...argv: string[]): Promise<[number, string]> => {
    const { code, stdout } = await run([...argv, '--json', '-w', folder]);
    return [code, (JSON.parse(stdout) as { error: { code: string } }).error.code];
  };

  it('runs without a language model to a full list with metrics', () => {
    assert.equal(first.ended.rule, 'finish');
    assert.equal(first.finalList.length, 10);
    assert.equal(new Set(first.finalList.map((item) => item.id)).size, 10);
    assert.deepEqual(Object.keys(first.metrics!), ['rank', 'recall@10', 'ndcg@10']);
    assert.equal(first.rounds[0]!.action, 'Retrieve[None, 50]');
    assert.ok(fs.existsSync(first.file));
  });

  it('prints rounds for a person, without control characters from data', async () => {
    const { code, stdout } = await run(['session', 'run', '-u', 'simulated-1', '-w', folder]);
    assert.equal(code, 0);
    assert.match(stdout, /^Session s-\d{8}-\d{6}-[0-9a-f]{4} · sample · user simulated-1 · simulated data\n/);
    assert.match(stdout, /offline policy, no language model/);
    assert.match(stdout, / 1 {2}Thought .*\n/);
    assert.match(stdout, /Action {6}Retrieve\[None, 50\]/);
    assert.match(stdout, /Result · top 10/);
    assert.match(stdout, /Held-out item: (rank \d+|not in the list)/);
    assert.ok(stdout.split('\n').every((line) => line.length <= 120));
  });

  it('takes the live line off the terminal before it prints a round', async () => {
    const mock = new LLMock({ port: 0, host: '127.0.0.1' });
    mock.onMessage(/round 1 of/, { content: 'Thought: begin\nAction: Retrieve[genre, 20]' });
    // Slowly enough that the line, which is not drawn for every word, is drawn while it writes.
    const slow = { latency: 60, chunkSize: 4 };
    mock.onMessage(/round 2 of/, { content: 'Thought: enough\nAction: Finish[]' }, slow);
    await mock.start();
    const screen: string[] = [];
    const model = ['-p', 'llm', '-m', 'fake', '--base-url', `${mock.url}/v1`, '--retrieval', 'popularity'];
    const { code } = await run(['session', 'run', ...model, '-w', folder], { tty: true, screen });
    await mock.stop();
    assert.equal(code, 0);
    const clear = '\r\u001b[2K';
    const live = screen.map((chunk) => chunk.startsWith(clear) && chunk !== clear);
    assert.ok(screen.some((chunk) => /Round 2: the model has written \d+ characters/.test(chunk)));
    for (const [i, chunk] of screen.entries())
      if (i > 0 && live[i - 1]) assert.ok(chunk.startsWith(clear), `“${chunk}” runs into the live line`);
    assert.equal(live.at(-1), false);
  });

  it('replays to the same result, and finds a changed log', async () => {
    const again = await json('session', 'run', '--replay', first.session);
    assert.deepEqual(again.divergences, []);
    assert.deepEqual(again.finalList, first.finalList);
    const lines = fs.readFileSync(first.file, 'utf8').trimEnd().split('\n');
    const finished = JSON.parse(lines.at(-1)!) as { result: { items: unknown[] } };
    finished.result.items.reverse();
    const changed = path.join(path.dirname(first.file), 'changed.jsonl');
    fs.writeFileSync(changed, [...lines.slice(0, -1), JSON.stringify(finished)].join('\n') + '\n');
    const { code } = await run(['session', 'run', '--replay', 'changed', '-w', folder]);
    assert.equal(code, 1);
    fs.rmSync(changed);
  });

  it('forks from a round, and compares', async () => {
    const fork = await json('session', 'run', '--fork', `${first.session}@1`, '-n', '10');
    assert.deepEqual(fork.finalList, first.finalList, 'the same policy goes the same way');
    const { stdout } = await run(['session', 'diff', first.session, fork.session, '-w', folder]);
    assert.match(stdout, /The final lists are the same/);
    const other = await json('session', 'run', '-u', 'simulated-4');
    const difference = JSON.parse(
      (await run(['session', 'diff', first.session, other.session, '--json', '-w', folder])).stdout,
    ) as {
      rounds: { same: boolean }[];
      result: { same: boolean };
    };
    assert.equal(difference.result.same, false);
    assert.ok(difference.rounds.some((round) => !round.same));
  });

  it('forks under other limits, and refuses another user', async () => {
    const at = `${first.session}@1`;
    const short = await json('session', 'run', '--fork', at, '-n', '3', '--rounds', '2');
    assert.equal(short.finalList.length, 3);
    assert.ok(first.rounds.length > 2);
    assert.equal(short.rounds.length, 2);
    const hasty = await json('session', 'run', '--fork', at, '--max-time', '0.000001');
    assert.equal(hasty.ended.rule, 'time-budget');
    assert.deepEqual(await errorOf('session', 'run', '--fork', at, '-u', 'simulated-4'), [
      2,
      'fork-of-other',
    ]);
    assert.deepEqual(await errorOf('session', 'run', '--fork', at, '-n', '600'), [2, 'catalogue-too-small']);
  });

  it('lists, shows and exports', async () => {
    const list = await run(['session', 'list', '-w', folder]);
    assert.ok(list.stdout.includes(first.session));
    const shown = await run(['session', 'show', first.session, '-w', folder]);
    assert.match(shown.stdout, /Result · top 10/);
    const jsonl = await run(['session', 'export', first.session, '-f', 'jsonl', '-w', folder]);
    assert.equal(jsonl.stdout, fs.readFileSync(first.file, 'utf8'));
    const out = path.join(folder, 'session.md');
    assert.equal((await run(['session', 'export', first.session, '-o', out, '-w', folder])).code, 0);
    const markdown = fs.readFileSync(out, 'utf8');
    assert.match(markdown, /^# sample, user simulated-3: session s-/);
    assert.equal(markdown.match(/^\| \d+ \| .* \| finish \|$/gm)!.length, 10);
  });

  it('runs for a history of one’s own', async () => {
    const own = await json('session', 'run', '--history', '1, 2,3', '-n', '4');
    assert.equal(own.finalList.length, 4);
    assert.equal(own.metrics, null);
  });

  it('fits its weights on the validation split', async () => {
    const { code, stderr } = await run(['session', 'run', '--fit', '-w', folder]);
    assert.equal(code, 0);
    assert.match(stderr, /Fitted on \d+ validation users: NDCG@10 0\.\d{4} → 0\.\d{4}/);
    const [, before, after] = /NDCG@10 (0\.\d{4}) → (0\.\d{4})/.exec(stderr)!;
    assert.ok(Number(after) >= Number(before));
    const shown = await run(['session', 'run', '-w', folder]);
    assert.match(shown.stdout, /fitted weights/);
  });

  it('runs with a language model behind a server, records and plays back', async () => {
    const mock = new LLMock({ port: 0, host: '127.0.0.1' });
    mock.onMessage(/round 1 of/, { content: 'Thought: begin\nAction: Retrieve[genre, 20]' });
    mock.onMessage(/round 2 of/, { content: 'Thought: enough\nAction: Finish[]' });
    await mock.start();
    const tape = path.join(folder, 'tape.json');
    const model = ['-p', 'llm', '-m', 'fake', '--base-url', `${mock.url}/v1`];
    const live = await json('session', 'run', ...model, '--record', tape);
    await mock.stop();
    assert.equal(live.rounds[0]!.action, 'Retrieve["genre", 20]'.replaceAll('"', ''));
    assert.equal(live.finalList.length, 10);
    assert.ok(live.finalList.every((item) => item.source === 'memory'));
    const played = await json('session', 'run', '-p', 'llm', '--playback', tape);
    assert.deepEqual(played.finalList, live.finalList);
    assert.deepEqual(await errorOf('session', 'run', ...model), [6, 'unreachable']);
  });

  it('stops when the money is spent, at the price that was given, and guesses none', async () => {
    const mock = new LLMock({ port: 0, host: '127.0.0.1' });
    mock.onMessage(/round/, { content: 'Thought: on\nAction: Retrieve[genre, 20]' });
    await mock.start();
    const model = ['-p', 'llm', '-m', 'fake', '--base-url', `${mock.url}/v1`, '--rounds', '5'];
    const paid = await json('session', 'run', ...model, '--max-cost', '0.000001', '--price', '1/2');
    assert.equal(paid.ended.rule, 'cost-budget');
    assert.equal(paid.rounds.length, 1);
    assert.equal(paid.finalList.length, 10);
    const free = await json('session', 'run', ...model, '--max-cost', '0.000001', '--price', '0/0');
    assert.notEqual(free.ended.rule, 'cost-budget');
    assert.deepEqual(await errorOf('session', 'run', ...model, '--max-cost', '1'), [2, 'no-price']);
    assert.deepEqual(await errorOf('session', 'run', ...model, '--price', 'cheap'), [
      2,
      'invalid-option-value',
    ]);
    await mock.stop();
  });

  it('says what is wrong', async () => {
    assert.deepEqual(await errorOf('session', 'run', '-u', 'nobody'), [2, 'unknown-user']);
    assert.deepEqual(await errorOf('session', 'run', '--history', 'zzz'), [2, 'unknown-item']);
    assert.deepEqual(await errorOf('session', 'run', '-p', 'llm'), [2, 'no-model']);
    assert.deepEqual(await errorOf('session', 'run', '-p', 'llm', '-m', 'x', '--base-url', 'nowhere'), [
      2,
      'bad-base-url',
    ]);
    assert.deepEqual(await errorOf('session', 'run', '-p', 'magic'), [2, 'invalid-option-value']);
    assert.deepEqual(await errorOf('session', 'show', 'none'), [4, 'not-found']);
    assert.deepEqual(await errorOf('session', 'show', '../x'), [2, 'bad-name']);
    assert.deepEqual(await errorOf('session', 'run', '--fork', `${first.session}@99`), [2, 'unknown-round']);
    assert.deepEqual(await errorOf('session', 'run', '-n', '490'), [2, 'catalogue-too-small']);
  });
});
