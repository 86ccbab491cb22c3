import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { JournalCassette, requestHash } from '../../../src/llm/journal-cassette.ts';
import { costOf, parsePrice, priceOf } from '../../../src/llm/prices.ts';
import { ReasoningSplitter, splitReasoning } from '../../../src/llm/reasoning.ts';
import { ScriptedModel } from '../../../src/llm/scripted.ts';
import { estimateTokens } from '../../../src/llm/tokens.ts';
import type { ChatRequest } from '../../../src/llm/chat-model.ts';

const ask = (content: string): ChatRequest => ({ messages: [{ role: 'user', content }] });

describe('recorded model', () => {
  let directory: string;
  beforeEach(async () => (directory = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-cassette-'))));
  afterEach(() => fs.rm(directory, { recursive: true, force: true }));

  it('records what is asked and replays it with no model', async () => {
    const file = path.join(directory, 'tape.jsonl');
    const live = new ScriptedModel(['one', 'two', 'three']);
    const recorder = await JournalCassette.record(file, live);
    assert.equal((await recorder.chat(ask('a'))).text, 'one');
    assert.equal((await recorder.chat(ask('b'))).text, 'two');
    assert.equal((await recorder.chat(ask('a'))).text, 'three', 'asked again, asked of the model again');

    const player = await JournalCassette.replay(file);
    assert.equal((await player.chat(ask('b'))).text, 'two');
    assert.equal((await player.chat(ask('a'))).text, 'one');
    assert.equal((await player.chat(ask('a'))).text, 'three');
    assert.equal((await player.chat(ask('a'))).text, 'three');
    await assert.rejects(player.chat(ask('c')), { code: 'not-recorded' });
    assert.equal(live.requests.length, 3);
  });

  it('goes on with an old recording and keeps keys out of it', async () => {
    const file = path.join(directory, 'tape.jsonl');
    await (
      await JournalCassette.record(file, new ScriptedModel(['one']))
    ).chat(ask('api_key=supersecretvalue'));
    const again = await JournalCassette.record(file, new ScriptedModel(['new']));
    assert.equal((await again.chat(ask('api_key=supersecretvalue'))).text, 'one');
    assert.equal((await again.chat(ask('x'))).text, 'new');
    assert.ok(!(await fs.readFile(file, 'utf8')).includes('supersecretvalue'));
  });

  it('refuses a damaged or missing recording', async () => {
    const file = path.join(directory, 'tape.jsonl');
    await assert.rejects(JournalCassette.replay(file), { code: 'not-found' });
    await fs.writeFile(file, '{');
    await assert.rejects(JournalCassette.replay(file), { code: 'damaged-cassette' });
    // Something that is no recording is not written over.
    await fs.writeFile(file, 'my notes');
    await assert.rejects(JournalCassette.record(file, new ScriptedModel(['one'])), {
      code: 'damaged-cassette',
    });
    assert.equal(await fs.readFile(file, 'utf8'), 'my notes');
  });

  it('only appends, and cuts off or ends the half line that a crash left', async () => {
    const file = path.join(directory, 'deep', 'tape.jsonl');
    const recorder = await JournalCassette.record(file, new ScriptedModel(['one', 'two']));
    await recorder.chat(ask('a'));
    const first = await fs.readFile(file, 'utf8');
    await recorder.chat(ask('b'));
    const both = await fs.readFile(file, 'utf8');
    assert.ok(both.startsWith(first) && both.length > first.length);
    for (const left of [both.slice(0, -20), both.slice(0, -1)]) {
      await fs.writeFile(file, left);
      const again = await JournalCassette.record(file, new ScriptedModel(['new', 'newer']));
      await again.chat(ask('c'));
      const player = await JournalCassette.replay(file);
      assert.equal((await player.chat(ask('a'))).text, 'one');
      assert.equal((await player.chat(ask('c'))).text, 'new');
    }
  });

  it('tells requests apart by all that changes the answer', () => {
    const base = ask('a');
    const hashes = [
      requestHash('m', base),
      requestHash('n', base),
      requestHash('m', ask('b')),
      requestHash('m', { ...base, temperature: 0 }),
      requestHash('m', { ...base, seed: 0 }),
      requestHash('m', { ...base, stop: ['x'] }),
    ];
    assert.equal(new Set(hashes).size, hashes.length);
    assert.equal(requestHash('m', { ...base }), hashes[0]);
  });
});

describe('reasoning in text', () => {
  it('is the same however the text is cut', () => {
    const part = fc.constantFrom(
      '<think>',
      '</think>',
      '<thinking>',
      '</thinking>',
      '<',
      '</',
      'a < b',
      'think',
      ' text ',
      '>',
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1 }),
        (parts, sizes) => {
          const text = parts.join('');
          const splitter = new ReasoningSplitter();
          for (let at = 0, i = 0; at < text.length; i++) {
            const size = sizes[i % sizes.length]!;
            splitter.push(text.slice(at, at + size));
            at += size;
          }
          const words = (s: string) => s.replace(/\s+/g, '');
          const cut = splitter.end();
          const whole = splitReasoning(text);
          assert.equal(words(cut.text), words(whole.text));
          assert.equal(words(cut.reasoning), words(whole.reasoning));
        },
      ),
      { numRuns: 400, seed: 41 },
    );
  });
});

describe('tokens and prices', () => {
  it('estimates: counted by hand from its rule', () => {
    // nine words of up to six letters and a full stop
    assert.equal(estimateTokens('The quick brown fox jumps over the lazy dog.'), 10);
    // Retriev|e, [, genre, comma, 10, ]
    assert.equal(estimateTokens('Retrieve[genre, 10]'), 7);
    assert.equal(estimateTokens(''), 0);
    assert.equal(estimateTokens('映画推薦'), 4);
    assert.equal(estimateTokens('1979'), 2);
  });

  it('knows a dated version of a priced model, and nothing of others', () => {
    const table = { 'gpt-x': { prompt: 1, completion: 2 }, 'gpt-x-mini': { prompt: 0.1, completion: 0.2 } };
    assert.equal(priceOf(table, 'gpt-x-mini-2026-01-01'), table['gpt-x-mini']);
    assert.equal(priceOf(table, 'gpt-x'), table['gpt-x']);
    assert.equal(priceOf(table, 'gpt-xy'), undefined);
    assert.equal(priceOf({}, 'constructor'), undefined);
    assert.equal(
      priceOf({ 'gpt-x': table['gpt-x']! }, 'gpt-x-mini'),
      undefined,
      'another model, not guessed',
    );
    assert.equal(priceOf(table, 'gpt-x:latest'), table['gpt-x']);
  });

  it('prices as a person writes them', () => {
    assert.deepEqual(parsePrice('0.15/0.6'), { prompt: 0.15, completion: 0.6 });
    assert.deepEqual(parsePrice(' $2 / 8 / 0.5 '), { prompt: 2, completion: 8, cached: 0.5 });
    for (const text of ['', '1', '1/', '1/x', '-1/2', '1/2/3/4', '1e3/2', 'NaN/1', 'Infinity/1'])
      assert.equal(parsePrice(text), undefined, text);
  });

  it('costs: worked by hand', () => {
    const usage = { prompt: 1_000_000, completion: 500_000, cached: 400_000, estimated: false };
    assert.equal(costOf(usage, { prompt: 1, completion: 4, cached: 0.5 }), 0.6 + 0.2 + 2);
    assert.equal(costOf(usage, { prompt: 1, completion: 4 }), 3);
  });
});
