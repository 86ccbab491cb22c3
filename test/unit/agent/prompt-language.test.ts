import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { completePrompt } from '../../../src/agent/prompts/language/complete.ts';
import { checkPrompt, promptCodes } from '../../../src/agent/prompts/language/diagnose.ts';
import { readPrompt } from '../../../src/agent/prompts/language/document.ts';
import { hoverPrompt } from '../../../src/agent/prompts/language/hover.ts';
import {
  blockPartner,
  inputPlaces,
  localPlaces,
  renameEdits,
  requireRenamable,
  symbolAt,
} from '../../../src/agent/prompts/language/navigate.ts';
import { foldsOf, outlineOf, type OutlineNode } from '../../../src/agent/prompts/language/outline.ts';
import { sectionsOf } from '../../../src/agent/prompts/language/sections.ts';
import { applyEdits, LineIndex } from '../../../src/agent/prompts/language/spans.ts';
import { sampleValues } from '../../../src/agent/prompts/render.ts';
import { parseTemplate } from '../../../src/agent/prompts/template.ts';
import { standardSignatures } from '../../../src/agent/tools/registry.ts';

const folder = path.resolve(import.meta.dirname, '../../../resources/prompts');
const front = (kind = 'rank', more = '') => `---\nkind: ${kind}\ndomain: generic\ntitle: T\n${more}---\n`;
const uses: Record<string, string> = {
  rank: '{% for c in history %}{{ c.line }}{% endfor %}{% for c in candidates %}{{ c.line }}{% endfor %}{{ attribute }}{{ k }}',
  surrogate:
    '{% for t in tools %}{{ t.description }}{% endfor %}{% for c in history %}{{ c.line }}{% endfor %}{% for r in rounds %}{{ r.thought }}{% endfor %} Finish[items]',
};
const options = {
  file: 'test.toolrec.md',
  signatures: standardSignatures(),
  attributes: ['genre', 'release_year'],
};
/** Findings of a body, with what they are about. */
const check = (body: string, kind = 'rank', more = '') => {
  const text = front(kind, more) + body;
  const document = readPrompt(text);
  return {
    text,
    document,
    found: checkPrompt(document, options).diagnostics.map((d) => ({
      ...d,
      about: text.slice(d.start, d.end),
    })),
  };
};
const brief = (body: string, kind = 'rank', more = '') =>
  check(body, kind, more).found.map(({ code, about }) => [code, about]);
const fixed = (body: string, kind = 'rank', more = '') => {
  const { text, found } = check(body, kind, more);
  return applyEdits(text, found[0]!.fixes[0]!.edits).slice(front(kind, more).length);
};
/** The text with its bar taken out, and where that was. */
const at = (marked: string) => {
  const offset = marked.indexOf('¦');
  return { document: readPrompt(marked.replace('¦', '')), offset };
};
const labels = (marked: string, values?: Record<string, unknown>) => {
  const { document, offset } = at(marked);
  return completePrompt(document, offset, { ...options, values }).map((entry) => entry.label);
};

describe('prompt diagnostics', () => {
  it('find nothing in what is shipped', () => {
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.md'))) {
      const text = readFileSync(path.join(folder, name), 'utf8');
      const { diagnostics } = checkPrompt(readPrompt(text), {
        ...options,
        attributes: undefined,
        values: sampleValues(parseTemplate(text, name)),
      });
      assert.deepEqual(diagnostics, [], name);
    }
  });

  it('name unknown variables, fields and filters at their place, with the nearest', () => {
    const body = `${uses['rank']} {{ histroy.size }} {% for i in history %}{{ i.titel }}{% endfor %} {{ k | upcas }}`;
    assert.deepEqual(brief(body), [
      ['unknown-variable', 'histroy'],
      ['unknown-field', 'titel'],
      ['unknown-filter', 'upcas'],
    ]);
    const { text, found } = check(body);
    const all = found.flatMap((one) => one.fixes.find((fix) => fix.preferred)!.edits);
    assert.deepEqual(checkPrompt(readPrompt(applyEdits(text, all)), options).diagnostics, []);
  });

  it('know what for, assign, capture and the front matter define, and where', () => {
    const fine = `${uses['rank']}{% assign best = candidates.first %}{{ best.title }}{% capture note %}x{% endcapture %}{{ note }}{{ tone }}{% for c in history %}{{ forloop.index }}{% for a in c.attributes %}{{ a.value }}{% endfor %}{% endfor %}{{ history[0].title }}{{ history.first.id }}`;
    assert.deepEqual(brief(fine, 'rank', 'inputs:\n  tone: { sample: kind }\n'), []);
    assert.deepEqual(brief(`${uses['rank']}{{ c.line }}{{ forloop.index }}{{ late }}{% assign late = 1 %}`), [
      ['unknown-variable', 'c'],
      ['unknown-variable', 'forloop'],
      ['unknown-variable', 'late'],
    ]);
  });

  it('declare an unknown variable in the front matter', () => {
    const { text, found } = check(`${uses['rank']}{{ mood_of_day }}`);
    const declare = found[0]!.fixes.find((fix) => fix.title.startsWith('Declare'))!;
    assert.deepEqual(checkPrompt(readPrompt(applyEdits(text, declare.edits)), options).diagnostics, []);
  });

  it('report unused inputs: of the kind where it is required, and those of the front matter', () => {
    assert.deepEqual(
      check('{{ k }} {{ attribute }} {{ n }}', 'rank', 'inputs:\n  spare: { sample: 1 }\n').found.map((d) => [
        d.code,
        d.about,
        d.message.split('“')[1]!.split('”')[0],
      ]),
      [
        ['unused-input', 'rank', 'history'],
        ['unused-input', 'rank', 'candidates'],
        ['unused-input', 'spare', 'spare'],
      ],
    );
    const { text, found } = check('{% user %}\n{{ k }} {{ attribute }}\n{% enduser %}');
    const repaired = applyEdits(text, [...found[0]!.fixes[0]!.edits, ...found[1]!.fixes[0]!.edits]);
    assert.deepEqual(checkPrompt(readPrompt(repaired), options).diagnostics, []);
  });

  it('put mistakes of form at their exact place and repair them', () => {
    const { rank } = uses;
    const cases: [body: string, code: string, about: string, repaired?: string | undefined][] = [
      [`${rank}\n{{ k \nmore`, 'syntax', '{{ k ', `${rank}\n{{ k  }}\nmore`],
      [`${rank}\n{{ k }\nmore`, 'syntax', '{{ k }', `${rank}\n{{ k }}\nmore`],
      [`${rank}\n{% if k > 1\n{% endif %}`, 'syntax', '{% if k > 1'],
      [`${rank}{% if k %}x`, 'unclosed-block', '{% if k %}', `${rank}{% if k %}x\n{% endif %}\n`],
      [`${rank}{% for c in history %}x{% endif %}{% endfor %}`, 'syntax', '{% endif %}'],
      [`${rank}{% fro c in history %}`, 'unknown-tag', 'fro'],
      [`${rank}{% include 'x' %}`, 'unknown-tag', 'include'],
      [`${rank}{% else %}`, 'syntax', '{% else %}', rank],
      [`{% user %}${rank}`, 'unclosed-block', '{% user %}', `{% user %}${rank}\n{% enduser %}\n`],
      [`{% user %}${rank}{% enduser %}\nlost`, 'text-outside-roles', 'lost'],
    ];
    for (const [body, code, about, repaired] of cases) {
      assert.deepEqual(brief(body)[0], [code, about], body);
      if (repaired !== undefined) assert.equal(fixed(body), repaired);
    }
    // One block that is not closed does not spoil the next.
    assert.deepEqual(brief(`{% system %}Be brief.\n{% user %}${rank}{% enduser %}`), [
      ['unclosed-block', '{% system %}'],
    ]);
    assert.equal(
      fixed(`{% system %}Be brief.\n{% user %}${rank}{% enduser %}`),
      `{% system %}Be brief.\n{% endsystem %}\n{% user %}${rank}{% enduser %}`,
    );
  });

  it('hold the front matter to its schema', () => {
    const of = (matter: string) => {
      const text = `---\n${matter}\n---\n${uses['rank']}`;
      return checkPrompt(readPrompt(text), options).diagnostics.map((d) => ({
        ...d,
        about: text.slice(d.start, d.end),
        repaired: d.fixes[0] && applyEdits(text, d.fixes[0].edits),
      }));
    };
    const good = 'kind: rank\ndomain: generic\ntitle: T';
    assert.deepEqual(of(good), []);
    const colour = of(`${good}\nversio: 2`);
    assert.deepEqual([colour[0]!.code, colour[0]!.about], ['front-matter', 'versio']);
    assert.match(colour[0]!.repaired!, /\nversion: 2\n/);
    const kind = of('kind: rnak\ndomain: generic\ntitle: T');
    assert.deepEqual([kind[0]!.about, kind.length], ['rnak', 1]);
    assert.match(kind[0]!.repaired!, /kind: rank\n/);
    assert.deepEqual(of('kind: rank\ndomain: generic')[0]!.message, '“title” is missing.');
    assert.equal(of(`${good}\nmodel:\n  temperature: 9`)[0]!.about, '9');
    assert.equal(of('kind: rank\ndomain: [generic\ntitle: T')[0]!.code, 'yaml-syntax');
    assert.equal(of(`${good}\ninputs:\n  Tone: { sample: 1 }`)[0]!.about, 'Tone');
    const none = checkPrompt(readPrompt('hello'), options).diagnostics[0]!;
    assert.equal(none.code, 'front-matter');
    assert.equal(readPrompt(applyEdits('hello', none.fixes[0]!.edits)).front.kind, 'surrogate');
    const open = checkPrompt(readPrompt('---\nkind: rank\n\n{% user %}'), options).diagnostics[0]!;
    assert.match(open.message, /not closed/);
  });

  it('hold actions in the text to the tools', () => {
    const { surrogate } = uses;
    const about = (line: string) => {
      const found = check(`${surrogate}\nStop then.\n${line}`, 'surrogate').found;
      return found.map((d) => [d.code, d.about, d.fixes[0]?.edits[0]?.text]);
    };
    assert.deepEqual(about('Action: Retrieve[genre, 10]'), []);
    assert.deepEqual(about('Use Retrieve[attribute, K] or Rank[mood, {{ n }}] or Search["a, b", 5].'), []);
    assert.deepEqual(about('See [a link](x) and array[0].'), []);
    assert.deepEqual(about('Action: Retreive[genre, 10]'), [['action-form', 'Retreive', 'Retrieve']]);
    assert.deepEqual(about('Action: Rerank[genre, 10]'), [['action-form', 'Rerank', 'Rank']]);
    assert.deepEqual(about('Action: Dance[now]'), [['action-form', 'Dance', undefined]]);
    assert.deepEqual(
      about('Action: Retrieve[10, genre]').map(([, what]) => what),
      ['10', 'genre'],
    );
    assert.deepEqual(about('Action: Retrieve[gerne, 10]'), [['action-form', 'gerne', 'genre']]);
    assert.deepEqual(about('Action: Retrieve[genre, 10, 3]'), [['action-form', '3', undefined]]);
    assert.deepEqual(about('Action: Retrieve[genre, 1000]'), [['action-form', '1000', undefined]]);
    assert.deepEqual(
      about('Action: Lookup[]').map(([, what]) => what),
      ['Lookup[]'],
    );
    assert.deepEqual(
      about('Action: Retrieve[genre, 10').map(([, , fix]) => fix),
      [']'],
    );
    assert.deepEqual(about('{"thought": "…", "action": "Retreive", "arguments": {}}'), [
      ['action-form', 'Retreive', 'Retrieve'],
    ]);
  });

  it('miss the stop marker and the way to end', () => {
    const form = `${uses['surrogate']}\nThought: why\nAction: Retrieve[attribute, K]`;
    const { text, found } = check(form, 'surrogate');
    assert.deepEqual(
      found.map((d) => [d.code, d.about]),
      [['missing-stop', 'Action:']],
    );
    assert.deepEqual(
      checkPrompt(readPrompt(applyEdits(text, found[0]!.fixes[0]!.edits)), options).diagnostics,
      [],
    );
    assert.deepEqual(brief(`${form}\nThen stop.`, 'surrogate'), []);
    assert.deepEqual(
      brief(form, 'surrogate', 'model:\n  stop: ["a", "b", "c", "d"]\n').map(([code]) => code),
      ['missing-stop'],
    );
    assert.deepEqual(
      brief(form.replace(' Finish[items]', '. Stop.'), 'surrogate').map(([code]) => code),
      ['missing-finish'],
    );
  });

  it('say when the prompt does not fit the model, and when rendering is stopped', () => {
    const text = front() + uses['rank'];
    const values = sampleValues(parseTemplate(text, 'x'));
    const check = (body: string, over: object) =>
      checkPrompt(readPrompt(front() + body), { ...options, values, ...over });
    const codes = (body: string, over: object) => check(body, over).diagnostics.map((d) => d.code);
    assert.equal(check(`${uses['rank']}{% for i in (1..1000000000) %}x{% endfor %}`, {}).stopped, true);
    assert.equal(check(uses['rank']!, {}).stopped, false);
    assert.deepEqual(codes(uses['rank']!, { contextTokens: 10 }), ['context-too-long']);
    assert.deepEqual(codes(uses['rank']!, { contextTokens: 10_000 }), []);
    assert.deepEqual(codes(`${uses['rank']}{% for i in (1..1000000000) %}x{% endfor %}`, {}), ['render']);
    assert.deepEqual(
      codes(
        `${uses['rank']}{% for i in (1..3000) %}{% for j in (1..3000) %}{{ k }}{% endfor %}{% endfor %}`,
        { renderMs: 30 },
      ),
      ['render'],
    );
  });

  it('never fail and stay in the text, whatever is typed', () => {
    const pieces = fc.constantFrom(
      '{{',
      '}}',
      '{%',
      '%}',
      ' for ',
      'if',
      'end',
      'user',
      '---\n',
      'kind: rank\n',
      '|',
      '.',
      '[',
      ']',
      '"',
      "'",
      '\n',
      'history',
      ': ',
      '- ',
      '{% raw %}',
      'Retrieve[',
      '\u{1F600}',
      '\t',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), fc.nat(), (parts, where) => {
        const text = parts.join('');
        const document = readPrompt(text);
        const tokens = document.tokens.map((token) => [token.start, token.end]);
        let last = document.front.bodyStart;
        for (const [start, end] of tokens) {
          assert.equal(start, last);
          last = end!;
        }
        assert.equal(last, text.length);
        for (const d of checkPrompt(document, options).diagnostics) {
          assert.ok(Object.hasOwn(promptCodes, d.code));
          assert.ok(d.start >= 0 && d.start <= d.end && d.end <= text.length + 3, JSON.stringify(d));
        }
        const offset = where % (text.length + 1);
        completePrompt(document, offset, options);
        hoverPrompt(document, offset, options);
        foldsOf(document);
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});

describe('prompt completion', () => {
  const head = front('surrogate');

  it('gives variables with type and value, local ones first', () => {
    const { document, offset } = at(`${head}{% for film in history %}{{ ¦ }}{% endfor %}`);
    const entries = completePrompt(document, offset, {
      ...options,
      values: { round: 3, history: [{ title: 'Alien (1979)' }] },
    });
    assert.deepEqual(
      entries.slice(0, 2).map((e) => e.label),
      ['film', 'forloop'],
    );
    assert.equal(entries.find((e) => e.label === 'round')!.detail, 'number · 3');
    assert.equal(entries.find((e) => e.label === 'history')!.detail, 'list of items · 1: Alien (1979)');
    assert.ok(labels(`${head}{{ his¦`).includes('history'), 'in an output that is still open');
    assert.ok(labels(`${head}{% if ¦ %}{% endif %}`).includes('round'));
    assert.deepEqual(labels(`${head}{{ "¦" }}`), []);
  });

  it('gives fields, filters, tags, tools, attributes and front matter', () => {
    assert.deepEqual(labels(`${head}{% for film in history %}{{ film.¦ }}{% endfor %}`), [
      'id',
      'title',
      'line',
      'attributes',
    ]);
    assert.deepEqual(labels(`${head}{{ history.¦`), ['size', 'first', 'last']);
    assert.ok(labels(`${head}{{ n | ¦ }}`).includes('times'));
    assert.ok(!labels(`${head}{{ n | ¦ }}`).includes('raw'));
    assert.equal(labels(`${head}{% if n %}x{% ¦`)[0], 'endif');
    assert.ok(!labels(`${head}{% ¦`).includes('else'));
    assert.deepEqual(labels(`${head}Action: ¦`), ['Retrieve', 'Rank', 'Search', 'Lookup', 'Finish']);
    assert.deepEqual(labels(`${head}Action: Retrieve[¦`), ['genre', 'release_year', 'None']);
    assert.deepEqual(labels(`${head}Action: Retrieve[genre, ¦`), []);
    assert.deepEqual(labels('---\nkind: ¦\n---\n'), ['surrogate', 'rank', 'plan', 'chat-rec', 'llm-rank']);
    assert.ok(labels('---\nkind: rank\n¦\n---\n').includes('model'));
    assert.ok(!labels('---\nkind: rank\n¦\n---\n').includes('kind'));
    assert.deepEqual(labels('---\nkind: rank\nmodel:\n  ¦\n---\n'), [
      'temperature',
      'top_p',
      'max_tokens',
      'stop',
    ]);
  });

  it('closes what it opens', () => {
    const { document, offset } = at(`${head}{% ¦`);
    const user = completePrompt(document, offset, options).find((e) => e.label === 'user')!;
    assert.equal(user.insert, 'user %}\n$0\n{% enduser %}');
    const open = at(`${head}{%¦`);
    assert.equal(
      completePrompt(open.document, open.offset, options).find((e) => e.label === 'assign')!.insert,
      ' assign ${1:name} = ${2:value} %}',
    );
  });
});

describe('prompt hover and navigation', () => {
  const text = `${front('surrogate', 'inputs:\n  tone: { description: How to speak., sample: calm }\n')}{% system %}\nBe {{ tone }}.\n\nTools:\n{% for tool in tools %}- {{ tool.name }}{% endfor %}\n\nRules:\n- Be {{ tone | upcase }}.\nAction: Retrieve[genre, 5]\n{% endsystem %}\n`;
  const document = readPrompt(text);
  const hover = (needle: string, values?: Record<string, unknown>, plus = 1) =>
    hoverPrompt(document, text.indexOf(needle) + plus, {
      ...options,
      values,
      subject: 'user 42',
      tools: { Retrieve: 'Finds items.' },
    });

  it('tells what a place means and is worth', () => {
    assert.equal(hover('{{ tone', undefined, 4)!.value, '“calm”');
    assert.equal(hover('in tools', { tools: [{ name: 'Retrieve' }] }, 4)!.value, '1: Retrieve');
    assert.match(hover('tool.name', { tools: [{ name: 'Retrieve' }] }, 6)!.value!, /Retrieve/);
    assert.match(hover('upcase')!.lines[0]!, /upper case/);
    assert.match(hover('system %}')!.lines[1]!, /^About \d+ tokens for user 42/);
    assert.equal(hover('Retrieve[')!.lines[0], 'Finds items.');
    assert.match(hover('kind:')!.lines[0]!, /for/);
    assert.equal(hover('Rules'), undefined);
  });

  it('finds, leads to and renames inputs and local names, and nothing else', () => {
    const places = inputPlaces(document, 'tone').map((span) => text.slice(span.start, span.end));
    assert.deepEqual(places, ['tone', 'tone', 'tone']);
    const symbol = symbolAt(document, text.indexOf('{{ tone') + 4);
    requireRenamable(symbol);
    const renamed = applyEdits(text, renameEdits(document, symbol, 'voice'));
    assert.equal(renamed.match(/voice/g)!.length, 3);
    assert.deepEqual(
      checkPrompt(readPrompt(renamed), options).diagnostics.filter((d) => d.severity === 'error'),
      [],
    );
    const local = symbolAt(document, text.indexOf('tool.name'))!;
    assert.equal(local.kind, 'local');
    if (local.kind === 'local') assert.equal(localPlaces(document, local.definition).length, 2);
    assert.throws(() => requireRenamable(symbolAt(document, text.indexOf('tools %}') + 1)), {
      code: 'not-renamable',
    });
    assert.throws(() => renameEdits(document, symbol, 'history'), { code: 'name-taken' });
    assert.throws(() => renameEdits(document, symbol, 'Not A Name'), { code: 'bad-input-name' });
    const partner = blockPartner(document, text.indexOf('{% system'))!;
    assert.equal(text.slice(partner.start, partner.end), 'endsystem');
  });

  it('outlines and folds', () => {
    const show = (nodes: readonly OutlineNode[], depth = 0): string[] =>
      nodes.flatMap((node) => [`${' '.repeat(depth)}${node.name}`, ...show(node.children, depth + 1)]);
    assert.deepEqual(show(outlineOf(document)), [
      'front matter',
      ' kind',
      ' domain',
      ' title',
      ' inputs',
      'system',
      ' Tools',
      '  for tool in tools',
      ' Rules',
    ]);
    const folds = foldsOf(document);
    assert.deepEqual(folds[0], { start: 1, end: 7, kind: 'region' });
    assert.ok(folds.every((fold) => fold.end > fold.start && fold.end <= new LineIndex(text).count));
  });

  it('cuts messages into sections that add up', () => {
    const content = 'You act.\n\nTools:\n- a\n- b\n\n# Rules\nNo.\nNot a section:\nx';
    assert.deepEqual(
      sectionsOf(content).map((s) => [s.title, content.slice(s.start, s.end).length > 0]),
      [
        ['', true],
        ['Tools', true],
        ['Rules', true],
      ],
    );
    assert.equal(
      sectionsOf(content)
        .map((s) => content.slice(s.start, s.end))
        .join(''),
      content,
    );
  });
});
