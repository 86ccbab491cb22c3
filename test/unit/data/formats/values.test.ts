import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { joinCsvRecord, splitCsvRecord } from '../../../../src/data/formats/csv-record.ts';
import { parsePythonLiteral, PythonLiteralError } from '../../../../src/data/formats/python-literal.ts';
import { detectUnit, parseDate, parseTimestamp } from '../../../../src/data/formats/timestamps.ts';

describe('Python literals', () => {
  it('reads what repr writes', () => {
    const cases: [string, unknown][] = [
      ["{'a': 1, 'b': [1.5, -2e3, None, True, False]}", { a: 1, b: [1.5, -2000, null, true, false] }],
      ['{"a": "it\'s", \'b\': \'say "x"\'}', { a: "it's", b: 'say "x"' }],
      ["'\\x41\\u00e9\\U0001F600\\101\\n\\\\\\'\\q'", "Aé😀A\n\\'\\q"],
      ["u'x' b'y' r'\\n'", 'xy\\n'],
      ["('a', 'b',)", ['a', 'b']],
      ['()', []],
      ['{}', {}],
      ['12L', 12],
      ['0x1F', 31],
      ['1_000', 1000],
      ["{1: 'a', None: 'b'}", { 1: 'a', null: 'b' }],
      ['  [ 1 , 2 ] \n', [1, 2]],
    ];
    for (const [text, expected] of cases) assert.deepEqual(parsePythonLiteral(text), expected, text);
    assert.ok(Number.isNaN(parsePythonLiteral('nan')));
    assert.equal(parsePythonLiteral('-inf'), -Infinity);
  });

  it('refuses everything that is not a literal', () => {
    const cases = [
      '',
      '__import__("os")',
      'print(1)',
      '1 + 1',
      '{1: 2} {}',
      "{'a'}",
      "'open",
      "'\\x4'",
      "'\\U00110000'",
      '[1 2]',
      '[,]',
      '{[1]: 2}',
      'true',
      '['.repeat(10_000),
      "{'a':".repeat(10_000),
    ];
    for (const text of cases)
      assert.throws(() => parsePythonLiteral(text), PythonLiteralError, text.slice(0, 40));
  });

  it('keeps a key named __proto__ as data', () => {
    const value = parsePythonLiteral("{'__proto__': {'polluted': 1}}") as Record<string, unknown>;
    assert.ok(Object.hasOwn(value, '__proto__'));
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it("agrees with Python's own repr", function () {
    const values = fc.sample(
      fc.letrec((tie) => ({
        value: fc.oneof(
          { maxDepth: 4 },
          fc.string({ unit: 'binary' }),
          fc.integer(),
          fc.boolean(),
          fc.constant(null),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.array(tie('value'), { maxLength: 4 }),
          fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
        ),
      })).value,
      { numRuns: 300, seed: 7 },
    );
    let reprs: string[];
    try {
      const script = 'import json,sys\nfor l in sys.stdin: print(json.dumps(repr(json.loads(l))))';
      const input = values.map((value) => JSON.stringify(value)).join('\n');
      reprs = execFileSync('python3', ['-c', script], { input, encoding: 'utf8' })
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as string);
    } catch {
      return this.skip(); // no Python on this machine: the cases above stand alone
    }
    assert.equal(reprs.length, values.length);
    reprs.forEach((text, i) => {
      assert.deepEqual(
        JSON.parse(JSON.stringify(parsePythonLiteral(text))),
        JSON.parse(JSON.stringify(values[i])),
      );
    });
  });
});

describe('CSV records', () => {
  const field = fc.string({ unit: fc.constantFrom('a', 'é', ' ', ',', '"', '\n', '\t', '1') });

  it('round-trips any fields', () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1 }), fc.constantFrom(',', '\t', ';'), (fields, delimiter) => {
        assert.deepEqual(splitCsvRecord(joinCsvRecord(fields, delimiter), delimiter), fields);
      }),
    );
  });

  it('agrees with csv-parse on what it writes', () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1 }), (fields) => {
        const text = joinCsvRecord(fields, ',');
        if (text.trim() === '') return; // csv-parse leaves out what may be an empty line
        const [record] = parse(`${text}\n`, { delimiter: ',', relax_column_count: true });
        assert.deepEqual(splitCsvRecord(text, ','), record);
      }),
    );
  });

  it('sees that a record goes on in the next line', () => {
    assert.equal(splitCsvRecord('1,"two', ','), undefined);
    assert.equal(splitCsvRecord('1,"two""', ','), undefined);
    assert.deepEqual(splitCsvRecord('1,"two"x,5" disk', ','), ['1', 'twox', '5" disk']);
    assert.deepEqual(splitCsvRecord('', ','), ['']);
    assert.deepEqual(splitCsvRecord('a,', ','), ['a', '']);
    assert.deepEqual(splitCsvRecord('"a",', ','), ['a', '']);
  });
});

describe('Timestamps', () => {
  it('reads dates with and without a zone, and no dates that do not exist', () => {
    assert.equal(parseDate('1970-01-01'), 0);
    assert.equal(parseDate('2018-01-09 20:56:38'), Date.UTC(2018, 0, 9, 20, 56, 38) / 1000);
    assert.equal(parseDate('2018-01-09T20:56:38.250Z'), Date.UTC(2018, 0, 9, 20, 56, 38, 250) / 1000);
    assert.equal(parseDate('2018-01-09T20:56+02:00'), Date.UTC(2018, 0, 9, 18, 56) / 1000);
    assert.equal(parseDate('2016/02/29'), Date.UTC(2016, 1, 29) / 1000);
    for (const text of ['2015-02-29', '2018-13-01', '2018-01-09 25:00', '09-01-2018', 'yesterday', '']) {
      assert.ok(Number.isNaN(parseDate(text)), text);
    }
  });

  it('agrees with Date.parse on any ISO time', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }), (date) => {
        assert.equal(parseDate(date.toISOString()), date.getTime() / 1000);
      }),
    );
  });

  it('tells seconds, milliseconds, microseconds and dates apart', () => {
    assert.equal(detectUnit([978300760, 978302109]), 's');
    assert.equal(detectUnit(['1588687728923', '1588615855070']), 'ms');
    assert.equal(detectUnit([1588687728923000]), 'us');
    assert.equal(detectUnit(['2018-01-09', '2018-01-10', 'x']), 'iso');
    assert.equal(detectUnit([1, 2, 3]), 's');
    assert.equal(detectUnit(['x', '']), undefined);
    assert.equal(parseTimestamp('1588687728923', 'ms'), 1588687728.923);
    assert.ok(Number.isNaN(parseTimestamp('-1', 's')));
    assert.ok(Number.isNaN(parseTimestamp(NaN, 's')));
    assert.ok(
      Number.isNaN(parseTimestamp('1588687728923', 's')),
      'milliseconds taken for seconds: the year 52313',
    );
  });
});
