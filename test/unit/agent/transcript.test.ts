import assert from 'node:assert/strict';
import { markdownCode, markdownText } from '../../../src/agent/markdown.ts';
import { itemTrail } from '../../../src/agent/trail.ts';
import { sessionMarkdown } from '../../../src/agent/transcript.ts';
import { finish, rank, retrieve, scripted, startSession, world } from './world.ts';

describe('a session as Markdown', () => {
  it('lets no text of a dataset or model take effect', () => {
    assert.equal(markdownText('a | b\n# <img src=x> *c*'), 'a \\| b \\# \\<img src=x\\> \\*c\\*');
    assert.equal(markdownText('&lt; @octocat'), '&amp;lt; @<!-- -->octocat');
    assert.equal(
      markdownText('see https://evil.example www.x.y'),
      'see https:<!-- -->//evil.example www<!-- -->.x.y',
    );
    assert.equal(markdownText('\u202Eabc\u0000'), 'abc');
    assert.equal(markdownText('1. first'), '1\\. first');
    assert.equal(markdownText('- not a list'), '\\- not a list');
    assert.equal(markdownText('---'), '\\---');
    assert.equal(markdownText('1984 (1984)'), '1984 (1984)');
    assert.equal(markdownText('hooray :tada: 12:30'), 'hooray :<!-- -->tada: 12:30');
    assert.equal(markdownCode('Retrieve[\u202Egenre\u2028, 10]'), '`Retrieve[genre , 10]`');
    assert.equal(markdownCode('a `` b'), '```a `` b```');
    assert.equal(markdownCode('`x`'), '`` `x` ``');
  });

  it('tells what it was and what came of it before the rounds, whose tables are folded and well-formed', async () => {
    const session = await startSession(world([retrieve(null, 4), rank('genre', 3), finish('m2', 'm9')]));
    await session.run();
    const text = sessionMarkdown(session.state);
    const heads = text.split('\n').filter((line) => line.startsWith('#'));
    assert.deepEqual(
      heads.map((line) => line.replace(/ · .*/, '')),
      ['# made-up, user u4: session test-session', '## Result', '## Rounds', '### 1', '### 2', '### 3'],
    );
    assert.match(text, /simulated/);
    assert.match(text, /^\| 1 \| Heat \(1995\) \| m2 \| finish \|$/m);
    assert.equal(text.match(/<details>/g)?.length, text.match(/<\/details>/g)?.length);
    // Every table: each row has as many cells as its head, and a blank line before it.
    const lines = text.split('\n');
    lines.forEach((line, i) => {
      if (!/^\| :?-/.test(line)) return;
      assert.equal(lines[i - 2], '');
      const cells = (row: string) => row.split(/(?<!\\)\|/).length;
      for (let at = i - 1; lines[at]?.startsWith('|'); at++)
        assert.equal(cells(lines[at]!), cells(line), lines[at]);
    });
    assert.ok(!/held.out/i.test(text), 'the held-out item is named without being asked for');
    assert.match(sessionMarkdown(session.state, { rank: 2, 'ndcg@5': 0.6309 }), /at rank 2: ndcg@5 0\.631\./);
    assert.match(sessionMarkdown(session.state, { rank: 2, 'ndcg@5': 0.6309 }), /\| 2 \| .*← held out/);
  });

  it('reads well while it is open, has failed, or was edited', async () => {
    const session = await startSession(world([retrieve(null, 4), null, retrieve('genre', 3)]));
    assert.match(sessionMarkdown(session.state), /There is no round yet/);
    await session.step();
    await session.step();
    await session.step();
    await session.edit({ round: 1, observation: ['m1', 'm1', 'nothing like it'] });
    const text = sessionMarkdown(session.state);
    assert.match(text, /_\(edited: observation\)_/);
    assert.match(text, /1 named twice, 1 not in the catalogue/);
    assert.match(text, /The session has not ended/);
    assert.match(text, /taken back or rewritten once/);
  });

  it('says who decided which rounds when the policy changed on the way', async () => {
    const script = [retrieve(null, 4), retrieve('genre', 3), finish('m2')];
    const of = (kind: 'offline' | 'llm', label: string) =>
      world(script, { policy: { ...scripted(script), label: { kind, label } } });
    const session = await startSession(of('offline', 'statistics'));
    assert.match(sessionMarkdown(session.state), /No language model took part/);
    await session.step();
    await session.use(of('llm', 'small at 127.0.0.1:1').environment);
    await session.step();
    await session.step();
    const text = sessionMarkdown(session.state);
    assert.match(
      text,
      /^\| \*\*Policy\*\* \| statistics \(round 1\), then small at 127\.0\.0\.1:1 \(rounds 2–3\) \|$/m,
    );
    assert.ok(!text.includes('No language model took part'));
    assert.match(text, /not a language model, decided round 1\./);
  });

  it('stays within a given length: fewer candidates first, then fewer rounds, never a shorter result', async () => {
    const session = await startSession(
      world(Array.from({ length: 40 }, (_, i) => retrieve(i % 2 === 0 ? null : 'genre', 12 + i))),
      { maxRounds: 40 },
    );
    await session.run();
    const whole = sessionMarkdown(session.state);
    assert.equal(sessionMarkdown(session.state, undefined, whole.length), whole);
    const rows = (text: string) => text.split('\n').filter((line) => /^\| \d+ \|/.test(line)).length;
    const rounds = (text: string) => text.match(/^### /gm)?.length;
    const final = session.state.outcome!.result.items.length;

    const fewer = sessionMarkdown(session.state, undefined, whole.length - 1);
    assert.deepEqual([rows(fewer), rounds(fewer)], [final + 40 * 10, 40]);
    assert.match(fewer, /_Another 2 are not listed here\._/);

    const short = sessionMarkdown(session.state, undefined, 3_000);
    assert.ok(short.length <= 3_000, `${short.length} characters`);
    assert.equal(rows(short), final);
    assert.ok(rounds(short)! >= 2);
    assert.match(short, /^### 1 ·[^]*_Rounds \d+ to \d+ are left out[^]*^### 40 ·/m);
  });
});

describe('the trail of an item', () => {
  it('names each tool result that held or dropped it, and what became of it', async () => {
    const session = await startSession(world([retrieve(null, 6), rank('genre', 3), finish('m2')]));
    await session.run();
    const [first, second] = session.state.rounds.map((round) => round.observation?.set?.items ?? []);
    const best = second![0]!;
    const trail = itemTrail(session.state, best.id)!;
    assert.equal(trail.title, best.title);
    assert.deepEqual(
      trail.steps.map(({ round, mark, what }) => [round, mark, what.kind === 'found' && what.rank]),
      [
        [1, 'Retrieve[None, 6]', first!.findIndex(({ id }) => id === best.id) + 1],
        [2, 'Rank[genre, 3]', 1],
      ],
    );
    const moved = trail.steps[1]!.what;
    assert.equal(
      moved.kind === 'found' && moved.moved,
      first!.findIndex(({ id }) => id === best.id),
    );
    assert.equal(trail.steps[0]!.what.kind === 'found' && trail.steps[0]!.what.moved, undefined);
    assert.deepEqual(trail.standing, { rank: 1, of: 6 });
    const final = session.state.outcome!.result.items.findIndex(({ id }) => id === best.id);
    assert.equal(trail.final?.rank, final + 1);
    assert.equal(trail.final?.source, 'memory');
    assert.equal(itemTrail(session.state, 'no such item'), undefined);
  });

  it('tells why a tool’s item was dropped', async () => {
    const session = await startSession(world([retrieve(null, 3)]));
    await session.step();
    const seen = session.state.started.subject.recent[0]!;
    await session.edit({ round: 1, observation: [seen.id, 'm2', 'm2'] });
    const trail = itemTrail(session.state, seen.id)!;
    assert.equal(trail.inHistory, true);
    assert.deepEqual(
      trail.steps.map(({ what }) => what),
      [{ kind: 'dropped', why: 'history' }],
    );
    assert.deepEqual(
      itemTrail(session.state, 'm2')!.steps.map(({ what }) => what.kind),
      ['found', 'dropped'],
    );
  });
});
