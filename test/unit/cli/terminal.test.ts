import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describeProgress, formatBytes, ProgressLine } from '../../../src/cli/progress-line.ts';
import { plainText, styleFor, table, toJson, widthOf } from '../../../src/cli/terminal.ts';
import type { Progress } from '../../../src/shared/progress.ts';

function capture(isTTY: boolean) {
  const written: string[] = [];
  return { written, isTTY, columns: 40, write: (text: string) => written.push(text) > 0 };
}

const plain = styleFor(capture(false), {});

describe('terminal output', () => {
  it('describes progress in its unit, with a share where the total is known', () => {
    const cases: [Progress, string][] = [
      [{ message: 'Detecting' }, 'Detecting'],
      [{ message: 'Reading', done: 512_000, unit: 'rows' }, 'Reading  512,000 rows'],
      [
        { message: 'Reading', done: 512_000, total: 1_000_209, unit: 'rows' },
        'Reading  512,000 of 1,000,209 rows (51%)',
      ],
      [
        { message: 'Writing', done: 1_500_000, total: 6_000_000, unit: 'bytes' },
        'Writing  1.5 MB of 6.0 MB (25%)',
      ],
      [{ message: 'Training', done: 0, total: 0, unit: 'steps' }, 'Training  0 of 0 steps'],
    ];
    for (const [progress, expected] of cases) assert.equal(describeProgress(progress), expected);
  });

  it('writes bytes with three figures', () => {
    const cases: [number, string][] = [
      [0, '0 B'],
      [999, '999 B'],
      [1000, '1.0 kB'],
      [99_950, '100 kB'],
      [999_499, '999 kB'],
      [999_500, '1.0 MB'],
      [25_300_000_000, '25.3 GB'],
    ];
    for (const [bytes, expected] of cases) assert.equal(formatBytes(bytes), expected);
  });

  it('on a terminal: one line, rewritten, cut to the width, cleared before other lines', () => {
    const stream = capture(true);
    const line = new ProgressLine(stream, plain, false);
    line.report({ message: 'x'.repeat(100) });
    line.print('done');
    assert.equal(stream.written.length, 3);
    const visible = stream.written[0]!.replace('\r\u001b[2K', '');
    assert.ok(widthOf(visible) < 40 && visible.endsWith('…') && !visible.includes('\n'));
    assert.equal(stream.written[1], '\r\u001b[2K');
    assert.equal(stream.written[2], 'done\n');
  });

  it('elsewhere: a line a phase, not one a report; when quiet, none', () => {
    const stream = capture(false);
    const line = new ProgressLine(stream, plain, false);
    for (let done = 0; done < 1000; done++) line.report({ message: 'Reading', done });
    line.report({ message: 'Writing' });
    assert.deepEqual(stream.written, ['Reading  0\n', 'Writing\n']);
    const quiet = capture(false);
    new ProgressLine(quiet, plain, true).report({ message: 'Reading' });
    assert.deepEqual(quiet.written, []);
  });

  it('colours on terminals only, and not against NO_COLOR', () => {
    assert.equal(styleFor(capture(true), {}).bad('x'), '\u001b[31mx\u001b[39m');
    assert.equal(styleFor(capture(true), { NO_COLOR: '1' }).bad('x'), 'x');
    assert.equal(styleFor(capture(true), { TERM: 'dumb' }).bad('x'), 'x');
    assert.equal(styleFor(capture(false), {}).bad('x'), 'x');
  });

  it('aligns columns by what is seen: colours and combining marks take no room, wide scripts take two', () => {
    assert.equal(widthOf('\u001b[31mab\u001b[39m'), 2);
    assert.equal(widthOf('e\u0301a'), 2);
    assert.equal(widthOf('千と'), 4);
    assert.deepEqual(
      table(
        [
          ['a', '1'],
          ['千', '10'],
        ],
        [1],
      ),
      ['a    1', '千  10'],
    );
  });

  it('lets no text of a dataset drive the terminal', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0x20ff })), (codes) => {
        const text = String.fromCharCode(...codes);
        // eslint-disable-next-line no-control-regex
        assert.doesNotMatch(plainText(text), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
    assert.equal(plainText('a\u001b[2Jb\r\nc'), 'a [2Jb c');
  });

  it('writes typed arrays as arrays and what JSON lacks as null', () => {
    assert.deepEqual(JSON.parse(toJson({ a: Float64Array.of(1, NaN), b: Infinity })), {
      a: [1, null],
      b: null,
    });
  });
});
