import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Action, finishSignature, formatAction } from '../../../src/agent/grammar/action.ts';
import { readLenientJson } from '../../../src/agent/grammar/lenient-json.ts';
import { lineAndColumn, parseReply } from '../../../src/agent/grammar/parse.ts';
import { attributes, signatures } from './signatures.ts';

const options = { signatures, attributes };
const parse = (reply: string) => parseReply(reply, options);

/** The first action in canonical form, or the code of the problem. */
function read(reply: string): string {
  const { parsed, problem } = parse(reply);
  if (!parsed) return `! ${problem?.code}`;
  const signature = [...signatures, finishSignature].find((s) => s.name === parsed.action.name);
  return formatAction(parsed.action, signature);
}
const repairs = (reply: string) => [...new Set(parse(reply).repairs.map((r) => r.code))].sort();

describe('action grammar: what models write', () => {
  const cases: [what: string, reply: string, action: string][] = [
    ['the plain form', 'Thought: begin\nAction: Retrieve[genre, 10]', 'Retrieve[genre, 10]'],
    ['numbered labels', 'Thought 1: x\nAction 1: Rank[director, 5]', 'Rank[director, 5]'],
    ['markdown labels', '**Thought 2:** x\n**Action 2:** `Retrieve[genre, 10]`', 'Retrieve[genre, 10]'],
    ['headings', '### Thought\nx\n### Action\nRetrieve[genre, 10]', 'Retrieve[genre, 10]'],
    ['another case', 'ACTION: RETRIEVE[Genre, 10]', 'Retrieve[Genre, 10]'],
    ['Retrieval', 'Action: Retrieval[genre, 10]', 'Retrieve[genre, 10]'],
    ['Rerank and Re-Rank', 'Action: Re-Rank[genre, 10]', 'Rank[genre, 10]'],
    ['round brackets', 'Action: Retrieve(genre, 10)', 'Retrieve[genre, 10]'],
    ['mixed brackets', 'Action: Retrieve[genre, 10)', 'Retrieve[genre, 10]'],
    ['full-width brackets and comma', 'Action：Retrieve【genre，10】', 'Retrieve[genre, 10]'],
    ['no closing bracket', 'Action: Retrieve[genre, 10\nObservation: ok', 'Retrieve[genre, 10]'],
    ['no brackets', 'Action: Retrieve genre 10', 'Retrieve[genre, 10]'],
    ['a colon', 'Action: Retrieve: genre, 10', 'Retrieve[genre, 10]'],
    ['prose', 'Action: Rank the candidates by release year, top 12.', 'Rank[release_year, 12]'],
    ['named arguments', 'Action: Retrieve[attribute=genre, K=10]', 'Retrieve[genre, 10]'],
    ['named the other way round', 'Action: Retrieve[K: 10, attribute: "genre"]', 'Retrieve[genre, 10]'],
    ['swapped arguments', 'Action: Retrieve[10, genre]', 'Retrieve[genre, 10]'],
    ['quoted arguments', 'Action: Retrieve["genre", "10"]', 'Retrieve[genre, 10]'],
    ['German quotes', 'Action: Retrieve[„genre“, 10]', 'Retrieve[genre, 10]'],
    ['French quotes', 'Action: Retrieve[« genre », 10]', 'Retrieve[genre, 10]'],
    ['Japanese quotes', 'Action: Retrieve[「genre」、10]', 'Retrieve[genre, 10]'],
    ['a count with words', 'Action: Retrieve[genre, top 10 movies]', 'Retrieve[genre, 10]'],
    ['a count as a word', 'Action: Retrieve[genre, ten]', 'Retrieve[genre, 10]'],
    ['K left as it stands', 'Action: Retrieve[genre, $K]', 'Retrieve[genre, 10]'],
    ['no count', 'Action: Retrieve[genre]', 'Retrieve[genre, 10]'],
    ['nothing at all', 'Action: Retrieve[]', 'Retrieve[None, 10]'],
    ['only a count', 'Action: Retrieve[7]', 'Retrieve[None, 7]'],
    ['None', 'Action: Retrieve[none, 20]', 'Retrieve[None, 20]'],
    ['a count too large', 'Action: Retrieve[genre, 100000]', 'Retrieve[genre, 100]'],
    ['two attributes', 'Action: Retrieve[genre, director, 10]', 'Retrieve[genre, 10]'],
    ['a code fence', 'Thought: x\n```\nRetrieve[genre, 10]\n```', 'Retrieve[genre, 10]'],
    ['no label', 'The genres are off. Retrieve[genre, 10]', 'Retrieve[genre, 10]'],
    [
      'a decision at the end of prose',
      'Retrieve[genre, 10] would waste a round, so I choose Rank[director, 5].',
      'Rank[director, 5]',
    ],
    ['the action inside the thought', 'Thought: I do Retrieve[genre, 5] now.', 'Retrieve[genre, 5]'],
    [
      'a thought that mentions another action',
      'Thought: Rank[genre, 3] was good.\nAction: Retrieve[director, 4]',
      'Retrieve[director, 4]',
    ],
    ['several at once', 'Action: Retrieve[genre, 10]\nAction: Rank[genre, 5]', 'Retrieve[genre, 10]'],
    ['Action Input', 'Action: Retrieve\nAction Input: genre, 10', 'Retrieve[genre, 10]'],
    [
      'Action Input as JSON',
      'Action: Retrieve\nAction Input: {"attribute": "genre", "k": 10}',
      'Retrieve[genre, 10]',
    ],
    [
      'an invented observation',
      'Action: Retrieve[genre, 10]\nObservation: 1. A\nThought: good\nAction: Finish[A]',
      'Retrieve[genre, 10]',
    ],
    ['JSON', '{"thought":"t","action":"Retrieve","attribute":"genre","k":10}', 'Retrieve[genre, 10]'],
    [
      'JSON with arguments',
      '{"name": "retrieve", "arguments": {"attribute": "genre", "K": 10}}',
      'Retrieve[genre, 10]',
    ],
    [
      'JSON with arguments as text',
      '{"name": "retrieve", "arguments": "{\\"attribute\\": \\"genre\\", \\"k\\": 10}"}',
      'Retrieve[genre, 10]',
    ],
    ['JSON with the bracket form', '{"action": "Retrieve[genre, 10]"}', 'Retrieve[genre, 10]'],
    [
      'JSON with mistakes',
      "Action: {'action': 'Rank', 'args': {'attribute': None, 'k': 5,},}",
      'Rank[None, 5]',
    ],
    [
      'JSON that breaks off',
      '{"action": "Retrieve", "args": {"attribute": "genre", "k": 1',
      'Retrieve[genre, 1]',
    ],
    ['a fenced JSON', 'Sure!\n```json\n{"Rank": ["genre", 5]}\n```', 'Rank[genre, 5]'],
    [
      'a tool_call tag',
      '<tool_call>\n{"name": "Retrieve", "arguments": {"attribute": "genre", "k": 3}}\n</tool_call>',
      'Retrieve[genre, 3]',
    ],
    ['text with a comma', 'Action: Search[robots, in space, 5]', 'Search["robots, in space", 5]'],
    ['text that is a number', 'Action: Search[1984]', 'Search["1984", 10]'],
    ['text that is a number, and a count', 'Action: Search[1984, 5]', 'Search["1984", 5]'],
    ['text with brackets', 'Action: Search["[REC]", 5]', 'Search["[REC]", 5]'],
    ['an optional text left out', 'Action: Neighbours[20]', 'Neighbours[None, 20]'],
    ['an optional text as None', 'Action: Similar[None, 20]', 'Neighbours[None, 20]'],
    ['an optional text given', 'Action: Neighbors[Alien (1979), 5]', 'Neighbours["Alien (1979)", 5]'],
    ['a two-word name', 'Action: Look up[Alien (1979)]', 'Lookup["Alien (1979)"]'],
    ['a final list', 'Action: Finish[Alien (1979); Heat (1995)]', 'Finish["Alien (1979)", "Heat (1995)"]'],
    ['Final Answer', 'Final Answer: Alien; Heat', 'Finish["Alien", "Heat"]'],
    ['a quoted list', `Finish["Good, the Bad", "It's a Gift"]`, `Finish["Good, the Bad", "It's a Gift"]`],
    ['a single-quoted list', `Finish['Alien', 'It's a Gift']`, `Finish["Alien", "It's a Gift"]`],
    ['a JSON list', 'Finish[["Alien", "Heat"]]', 'Finish["Alien", "Heat"]'],
    ['titles with brackets', 'Action: Finish[[REC] (2007), Alien]', 'Finish["[REC] (2007)", "Alien"]'],
    [
      'a numbered list',
      'Action: Finish[\n1. Alien (1979)\n2. Heat, The\n]',
      'Finish["Alien (1979)", "Heat, The"]',
    ],
    [
      'running numbers',
      'Action: Finish[1. Alien 2. Heat 3. 12 Monkeys]',
      'Finish["Alien", "Heat", "12 Monkeys"]',
    ],
    [
      'titles that begin with numbers',
      'Finish[300: Rise; 12 Angry Men]',
      'Finish["300: Rise", "12 Angry Men"]',
    ],
    ['a list after the brackets', 'Action: Finish[list]\n1. Alien\n2. Heat', 'Finish["Alien", "Heat"]'],
    ['an unclosed list', 'Action: Finish[Alien, Heat', 'Finish["Alien", "Heat"]'],
    ['an empty Finish', 'Action: Finish[]', 'Finish[]'],
    [
      'JSON items as objects',
      '{"action":"Finish","items":[{"id":1,"title":"Alien"},{"id":"7"}]}',
      'Finish["Alien", "7"]',
    ],
    ['an unknown action', 'Action: Retreive[genre, 10]', '! unknown-action'],
    ['no action', 'I cannot help with that.', '! no-action'],
    ['nothing', '  \n', '! empty-reply'],
    ['a count that is none', 'Action: Retrieve[genre, -3]', '! bad-count'],
    ['a missing argument', 'Action: Lookup[]', '! missing-argument'],
  ];
  for (const [what, reply, action] of cases) it(`${what}`, () => assert.equal(read(reply), action));

  it('names the nearest action and the known forms', () => {
    const { problem } = parse('Action: Retreive[genre, 10]');
    assert.match(problem!.hint, /Did you mean Retrieve\?/);
    assert.match(problem!.hint, /Rank\[attribute, k\]/);
    assert.equal('Action: Retreive[genre, 10]'.slice(problem!.start, problem!.end), 'Retreive');
  });

  it('reports what it put right', () => {
    assert.deepEqual(repairs('Action: Retrieve[genre, 10]'), []);
    assert.deepEqual(repairs('Action: Rerank(genre, 10'), ['missing-bracket', 'renamed-action']);
    assert.deepEqual(repairs('Action: Retrieve[10, genre]'), ['swapped-arguments']);
    assert.deepEqual(repairs('Action: Retrieve[genre, 999]'), ['count-lowered']);
    assert.deepEqual(repairs('Action: Rank[genre, 1]\nObservation: x'), ['invented-observation']);
    assert.deepEqual(repairs('Action: Rank[genre, 1]\nAction: Finish[A]'), ['several-actions']);
    assert.deepEqual(repairs('{"action": "Rank[genre, 1]"}'), ['json']);
  });

  it('gives the place of the action and of a mistake', () => {
    const reply = 'Thought: a\nThen b\nAction: Retrieve[genre, many]';
    const { problem } = parse(reply);
    assert.equal(problem?.code, 'bad-count');
    assert.equal(reply.slice(problem!.start, problem!.end), 'many');
    assert.deepEqual(lineAndColumn(reply, problem!.start), { line: 3, column: 25 });
    const good = parse('x\nAction: Rank[genre, 3] ok').parsed!;
    assert.deepEqual([good.start, good.end], [10, 24]);
  });

  it('keeps the thought apart from the action', () => {
    assert.equal(parse('Thought: the years are off\nAction: Rank[genre, 3]').thought, 'the years are off');
    assert.equal(parse('**Thought 1:** one\ntwo\n\n**Action 1:** Rank[genre, 3]').thought, 'one\ntwo');
    assert.equal(parse('The years are off.\nRank[genre, 3]').thought, 'The years are off.');
    for (const [thought, action, observation] of [
      ['思考', '行动', '观察'],
      ['Überlegung 1', 'Aktion 1', 'Beobachtung 1'],
      ['Pensamiento', 'Acción', 'Observación'],
    ]) {
      const read = parse(`${thought}: a\n${action}: Rank[genre, 3]\n${observation}: b\n${action}: Finish[x]`);
      assert.equal(read.thought, 'a', thought);
      assert.deepEqual(
        [read.parsed!.action.name, read.repairs.map(({ code }) => code)],
        ['Rank', ['invented-observation']],
        thought,
      );
    }
    assert.equal(parse('{"thought":"t","action":"Rank[genre, 3]"}').thought, 't');
  });

  it('keeps further actions in order, for plans', () => {
    const { further } = parse('Plan:\nRetrieve[genre, 10]\nRetrieve[None, 10]\nRank[director, 5]');
    assert.deepEqual(
      further.map((f) => f.action.name),
      ['Retrieve', 'Rank'],
    );
  });
});

describe('action grammar: properties', () => {
  const word = fc
    .stringMatching(/^[a-z][a-z_]{0,12}$/)
    .filter((s) => !/^(none|null|any|nil|k|n|the|by)$/.test(s));
  const title = fc
    .string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
    .map((s) => s.replace(/[\p{C}\p{Z}\s]+/gu, ' ').trim())
    .filter((s) => s !== '');
  const action: fc.Arbitrary<Action> = fc.oneof(
    fc.record({
      name: fc.constantFrom('Retrieve', 'Rank'),
      args: fc.record({ attribute: fc.option(word, { nil: null }), k: fc.integer({ min: 1, max: 100 }) }),
    }),
    fc.record({
      name: fc.constant('Finish'),
      args: fc.record({ items: fc.array(title, { maxLength: 12 }) }),
    }),
  );

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(action, word, (given, thought) => {
        const signature = [...signatures, finishSignature].find((s) => s.name === given.name);
        const { parsed, repairs: made } = parse(
          `Thought: ${thought}\nAction: ${formatAction(given, signature)}`,
        );
        assert.deepEqual(parsed?.action, { name: given.name, args: { ...given.args } });
        assert.deepEqual(made, []);
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  it('never throws and keeps places inside the reply, whatever the text', () => {
    const fragment = fc.constantFrom(
      'Action:',
      'Thought 1:',
      'Observation:',
      'Retrieve[',
      'Rank(',
      'Finish[',
      ']',
      ')',
      '{"action":',
      '}',
      '"',
      "'",
      '“',
      ',',
      '\n',
      'genre',
      '10',
      '```',
      '【',
      '\\',
      'Action Input:',
    );
    const text = fc
      .array(fc.oneof(fragment, fc.string({ maxLength: 8, unit: 'binary' })), { maxLength: 40 })
      .map((parts) => parts.join(' '));
    fc.assert(
      fc.property(text, (reply) => {
        const { parsed, problem, repairs: made, further } = parse(reply);
        assert.notEqual(parsed === undefined, problem === undefined, 'an action or a problem, never both');
        for (const place of [parsed, problem, ...made, ...further])
          if (place) assert.ok(place.start >= 0 && place.start <= place.end && place.end <= reply.length);
      }),
      { numRuns: 600, seed: 12 },
    );
  });

  it('takes time linear in hostile replies of 1 MB', () => {
    const hostile = [
      'Retrieve['.repeat(120_000),
      'Finish['.repeat(150_000),
      '"'.repeat(1_000_000),
      '['.repeat(1_000_000),
      '{"action":'.repeat(100_000),
      'Action: \n'.repeat(110_000),
      `Finish[${'“'.repeat(1_000_000)}`,
      `Finish[${'a, '.repeat(330_000)}]`,
      `Finish[${'"a" '.repeat(250_000)}]`,
      ' '.repeat(1_000_000),
      `Action: Retrieve${' '.repeat(1_000_000)}[genre]`,
    ];
    for (const reply of hostile) {
      const started = performance.now();
      parse(reply);
      // A quadratic parser would need minutes; the limit leaves room for a busy machine.
      assert.ok(performance.now() - started < 2000, `${reply.slice(0, 20)}… took too long`);
    }
  });
});

describe('lenient JSON', () => {
  it('agrees with JSON.parse on strict JSON', () => {
    fc.assert(
      fc.property(fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())), (value) => {
        const text = JSON.stringify(value);
        const read = readLenientJson(text);
        assert.deepEqual(read?.value, JSON.parse(text));
        assert.equal(read?.end, text.length);
        assert.equal(read?.repaired, false);
      }),
      { numRuns: 300, seed: 13 },
    );
  });

  it('cannot set a prototype', () => {
    const read = readLenientJson('{"__proto__": {"polluted": true}}')?.value as Record<string, unknown>;
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    assert.equal(Object.getPrototypeOf(read), Object.prototype);
  });

  it('gives up on what is no JSON', () => {
    assert.equal(readLenientJson('hello'), undefined);
    assert.equal(readLenientJson('{a b}'), undefined);
    assert.equal(readLenientJson('['.repeat(1000)), undefined);
  });
});
