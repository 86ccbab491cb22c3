import assert from 'node:assert/strict';
import path from 'node:path';
import { LLMock } from '@copilotkit/aimock';
import { LlmPolicy } from '../../../src/agent/llm-policy.ts';
import { llmRanker, readRanking } from '../../../src/agent/llm-ranker.ts';
import { PromptLibrary } from '../../../src/agent/prompts/library.ts';
import type { PromptTemplate } from '../../../src/agent/prompts/template.ts';
import type { ProtocolName } from '../../../src/agent/prompts/values.ts';
import { replay } from '../../../src/agent/replay.ts';
import { standardTools } from '../../../src/agent/tools/registry.ts';
import { sessionEventSchema } from '../../../src/agent/events.ts';
import { ModelFailure } from '../../../src/llm/errors.ts';
import { OpenAiChatModel } from '../../../src/llm/openai-chat.ts';
import { ScriptedModel, type ScriptedReply } from '../../../src/llm/scripted.ts';
import type { ChatModel } from '../../../src/llm/chat-model.ts';
import { dataset, plainRanker, startSession, type World, world } from './world.ts';

const library = new PromptLibrary([path.resolve(import.meta.dirname, '../../../resources/prompts')]);

describe('LLM policy', () => {
  let surrogate: PromptTemplate;
  let rankPrompt: PromptTemplate;
  before(async () => {
    surrogate = await library.load('surrogate', 'movies');
    rankPrompt = await library.load('rank', 'movies');
  });

  const withModel = (
    model: ChatModel,
    protocol: ProtocolName = 'react',
    ranker: ChatModel | undefined = undefined,
  ): World =>
    world([], {
      policy: new LlmPolicy({ model, template: surrogate, protocol }),
      tools: standardTools(ranker ? llmRanker(ranker, rankPrompt) : plainRanker),
    });
  const texts = (model: ScriptedModel, index: number) =>
    model.requests[index]!.messages.map((m) => `${m.role}: ${m.content}`).join('\n\n');

  const call = (name: string, args: unknown, text = ''): ScriptedReply => ({
    text,
    toolCalls: [{ id: 'c', name, arguments: typeof args === 'string' ? args : JSON.stringify(args) }],
    finishReason: 'tool_calls',
  });

  const scripts: Record<ProtocolName, ScriptedReply[]> = {
    react: [
      'Thought: genres first\nAction: Retrieve[genre, 6]',
      'Thought: now order\nAction: Rank[None, 4]',
      'Thought: done\nAction: Finish[Alien (1979); Heat (1995)]',
    ],
    tools: [
      call('Retrieve', { attribute: 'genre', k: 6 }, 'genres first'),
      call('Rank', { attribute: null, k: 4 }, 'now order'),
      call('Finish', { items: ['Alien (1979)', 'Heat (1995)'] }, 'done'),
    ],
    json: [
      '{"thought": "genres first", "action": "Retrieve", "arguments": {"attribute": "genre", "k": 6}}',
      '{"thought": "now order", "action": "Rank", "arguments": {"attribute": null, "k": 4}}',
      '{"thought": "done", "action": "Finish", "arguments": {"items": ["Alien (1979)", "Heat (1995)"]}}',
    ],
  };

  it('means the same by each protocol', async () => {
    const outcomes = await Promise.all(
      (['react', 'tools', 'json'] as const).map(async (protocol) => {
        const w = withModel(new ScriptedModel(scripts[protocol]), protocol);
        const session = await startSession(w);
        const outcome = await session.run();
        assert.equal(outcome.status, 'finished', protocol);
        for (const event of w.events) assert.ok(sessionEventSchema.safeParse(event).success);
        const { divergences } = await replay(w.events, w.environment);
        assert.deepEqual(divergences, [], `${protocol} replays`);
        return session.state.rounds.map((round) => [
          round.thought,
          round.action,
          round.repairs,
          round.observation?.text,
        ]);
      }),
    );
    assert.deepEqual(outcomes[1], outcomes[0]);
    assert.deepEqual(outcomes[2], outcomes[0]);
  });

  it('shows the history, the tools, and each round so far; stops before an observation', async () => {
    const model = new ScriptedModel(scripts.react);
    const w = withModel(model);
    const session = await startSession(w);
    await session.run();
    const first = texts(model, 0);
    for (const { title } of session.state.started.subject.recent)
      assert.ok(first.includes(title.replaceAll('"', "'")), title);
    assert.match(first, /Retrieve\[attribute, K\].*genre \(Genres of the film\.; such as Drama/);
    assert.match(first, /release_year \(a number from 1946 to 2014\)/);
    assert.match(first, /This is round 1 of 8/);
    assert.ok(model.requests[0]!.stop!.includes('\nObservation'));
    const second = texts(model, 1);
    assert.match(second, /assistant: Thought 1: genres first\nAction 1: Retrieve\[genre, 6\]/);
    assert.ok(second.includes(session.state.rounds[0]!.observation!.text));
    assert.match(second, /This is round 2 of 8/);
  });

  it('sends native calls and their results as such', async () => {
    const model = new ScriptedModel(scripts.tools);
    await (await startSession(withModel(model, 'tools'))).run();
    const { messages, tools, toolChoice } = model.requests[1]!;
    assert.equal(toolChoice, 'required');
    assert.deepEqual(
      tools!.map((tool) => tool.name),
      ['Retrieve', 'Rank', 'Search', 'Lookup', 'Finish'],
    );
    const assistant = messages.find((message) => message.role === 'assistant')!;
    assert.deepEqual(assistant.toolCalls, [
      { id: 'round_1', name: 'Retrieve', arguments: '{"attribute":"genre","k":6}' },
    ]);
    const tool = messages.find((message) => message.role === 'tool')!;
    assert.equal(tool.toolCallId, 'round_1');
    assert.match(tool.content, /^Retrieve\[genre, 6\] returned 6 items/);
  });

  it('records the exact prompt, the raw reply, usage and cost of every call', async () => {
    const model = new ScriptedModel([
      {
        text: 'Thought: a\nAction: Retrieve[genre, 6]',
        usage: { prompt: 100, completion: 20, estimated: false },
        cost: 0.002,
      },
      { text: 'Action: Finish[]', usage: { prompt: 50, completion: 5, estimated: false } },
    ]);
    const w = withModel(model);
    const session = await startSession(w);
    await session.run();
    const [recorded] = session.state.rounds[0]!.calls;
    assert.deepEqual(recorded!.messages, model.requests[0]!.messages);
    assert.equal(recorded!.reply, 'Thought: a\nAction: Retrieve[genre, 6]');
    assert.deepEqual(
      { ...session.state.totals, durationMs: 0 },
      { tokens: 175, cost: 0.002, unpriced: 1, calls: 2, durationMs: 0 },
    );
    const { prompts } = session.state.started;
    assert.equal(prompts[0]!.text, surrogate.text);
    assert.match(prompts[0]!.hash, /^[0-9a-f]{64}$/);
  });

  it('explains an unreadable reply once, then goes on with a failed round', async () => {
    const model = new ScriptedModel([
      'I would rather talk about the weather.',
      'Thought: sorry\nAction: Retrieve[genre, 6]',
      'Action: Retreive[genre, 6]',
      'Still no action.',
      'Action: Finish[]',
    ]);
    const session = await startSession(withModel(model));
    await session.run();
    const [first, second] = session.state.rounds;
    assert.equal(first!.action!.name, 'Retrieve');
    assert.deepEqual(
      first!.calls.map((c) => c.purpose),
      ['policy', 'repair'],
    );
    const repair = model.requests[1]!.messages.slice(-2);
    assert.equal(repair[0]!.content, 'I would rather talk about the weather.');
    assert.match(repair[1]!.content, /No action was found.*Retrieve\[attribute, k\]/s);
    assert.equal(second!.action, null);
    assert.equal(second!.problem!.code, 'no-action');
    assert.equal(second!.observation!.status, 'problem');
    assert.equal(session.state.outcome!.reason.rule, 'finish');
  });

  it('answers a context that is too short with a smaller prompt, once', async () => {
    const tooLong = new ModelFailure('context-too-long', 'Too long.', 'Shorten.');
    const model = new ScriptedModel([tooLong, 'Action: Finish[]']);
    const session = await startSession(withModel(model));
    assert.equal((await session.run()).status, 'finished');
    const [long, short] = model.requests.map((request) => JSON.stringify(request.messages).length);
    assert.ok(short! < long!);
    const twice = await startSession(withModel(new ScriptedModel([tooLong, tooLong])));
    const outcome = await twice.run();
    assert.equal(outcome.status === 'failed' && outcome.error.code, 'context-too-long');
    assert.equal(twice.state.totals.calls, 2, 'failed calls are recorded');
  });

  it('asks with a smaller prompt at once where the context is known', async () => {
    const model = new ScriptedModel(['Action: Finish[]']);
    const narrow = Object.assign(Object.create(model) as ScriptedModel, { contextTokens: 1000 });
    await (await startSession(withModel(narrow))).run();
    const wide = new ScriptedModel(['Action: Finish[]']);
    await (await startSession(withModel(wide))).run();
    assert.ok(JSON.stringify(model.requests[0]).length < JSON.stringify(wide.requests[0]).length);
  });

  it('acts on a thought that a person wrote', async () => {
    const model = new ScriptedModel([...scripts.react, 'Action: Retrieve[None, 3]', 'Action: Finish[]']);
    const session = await startSession(withModel(model));
    await session.run();
    await session.edit({ round: 1, thought: 'Only what everyone watched counts.' });
    await session.run();
    assert.match(texts(model, 3), /settled: Only what everyone watched counts\./);
    assert.equal(session.state.rounds[0]!.thought, 'Only what everyone watched counts.');
    assert.equal(session.state.rounds[0]!.action!.args['attribute'], null);
  });

  describe('rank tool', () => {
    const run = async (replies: ScriptedReply[]) => {
      const ranker = new ScriptedModel(replies);
      const w = withModel(
        new ScriptedModel(['Action: Retrieve[None, 20]', 'Action: Rank[mood, 3]', 'Action: Finish[]']),
        'react',
        ranker,
      );
      const session = await startSession(w);
      await session.run();
      return { ranker, session, set: session.state.rounds[1]!.observation!.set! };
    };
    const titles = (indexes: number[]) => indexes.map((i) => dataset.item(i).title);

    it('shows candidates, attribute and K, and keeps the model’s order', async () => {
      const { ranker, session } = await run(['1. Heat (1995)']);
      const candidates = session.state.rounds[0]!.observation!.set!.items;
      const prompt = texts(ranker, 0);
      assert.match(prompt, /with regard to mood above all.*first 3/);
      assert.ok(candidates.every((candidate) => prompt.includes(`${candidate.id}: "${candidate.title}"`)));
      const wanted = [candidates[4]!, candidates[0]!, candidates[9]!];
      const again = await run([wanted.map((c, i) => `${i + 1}. ${c.id}: "${c.title}"`).join('\n')]);
      assert.deepEqual(
        again.set.items.map((item) => item.id),
        wanted.map((c) => c.id),
      );
      assert.equal(again.set.reruns, 0);
    });

    it('is run again with the wrong items named, at most twice, and keeps them as suggestions', async () => {
      const { ranker, set } = await run([
        '1. A Film Nobody Made\n2. Heat (1995)',
        '1. Another Invention\n2. Heat (1995)\n3. Alien (1979)',
        '1. Third Invention\n2. Heat (1995)',
      ]);
      assert.equal(ranker.requests.length, 3);
      assert.match(texts(ranker, 1), /not in the catalogue.*"A Film Nobody Made"/s);
      assert.match(texts(ranker, 2), /"A Film Nobody Made"; "Another Invention"/);
      assert.equal(set.reruns, 2);
      assert.deepEqual(set.removed.outside, ['A Film Nobody Made', 'Another Invention', 'Third Invention']);
      assert.deepEqual(
        set.items.map((item) => item.title),
        ['Heat (1995)', 'Alien (1979)'],
        'the best run is kept',
      );
    });

    it('is in the log with its prompt, in full', async () => {
      const { session } = await run(['1. Heat (1995)']);
      const { prompts } = session.state.started;
      assert.deepEqual(
        prompts.map(({ name }) => name),
        [surrogate.name, 'demonstrations', rankPrompt.name],
      );
      assert.equal(prompts.at(-1)!.text, rankPrompt.text);
      assert.equal(prompts.at(-1)!.hash, rankPrompt.hash);
    });

    it('drops history and duplicates', async () => {
      const history = titles([...dataset.items.subarray(dataset.offsets[3]!, dataset.validationEnd[3]!)]);
      const { set } = await run([
        `1. ${history[0]}\n2. Heat (1995)\n3. Heat (1995)\n4. Alien (1979)\n5. Blade Runner (1982)\n6. Unforgiven (1992)`,
      ]);
      assert.equal(set.items.length, 3);
      assert.deepEqual(
        set.removed.history.map((item) => item.title),
        [history[0]],
      );
      assert.equal(set.removed.duplicates.length, 1);
    });

    it('reads lists with words around them', () => {
      const list = readRanking(
        'Sure! Here they are:\n\n1. m1: "Alien (1979)"\n2. **Heat (1995)**\n\nI hope this helps.',
      );
      assert.deepEqual(
        list.map((mention) => mention.text),
        ['m1: "Alien (1979)"', 'Heat (1995)'],
      );
    });
  });

  it('finishes a session over a real HTTP server, streaming', async () => {
    const mock = new LLMock({ port: 0, host: '127.0.0.1' });
    mock.onMessage(/round 1 of/, { content: scripts.react[0] as string });
    mock.onMessage(/round 2 of/, { content: scripts.react[1] as string });
    mock.onMessage(/round 3 of/, { content: scripts.react[2] as string });
    await mock.start();
    try {
      const w = withModel(
        new OpenAiChatModel({ baseURL: `${mock.url}/v1`, apiKey: 'k-123456', model: 'fake' }),
      );
      const session = await startSession(w);
      let streamed = '';
      session.listen({ onDelta: (text) => (streamed += text) });
      assert.equal((await session.run()).status, 'finished');
      assert.equal(streamed, scripts.react.join(''));
      assert.ok(!JSON.stringify(w.events).includes('k-123456'));
      assert.ok(session.state.totals.tokens > 0);
    } finally {
      await mock.stop();
    }
  });
});
