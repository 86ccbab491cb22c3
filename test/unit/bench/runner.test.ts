import assert from 'node:assert/strict';
import { summarise } from '../../../bench/measure.ts';
import type { BenchResult } from '../../../bench/program.ts';
import { formatResult, loadProgram, parseRequest, programNames } from '../../../bench/runner.ts';

describe('bench runner', () => {
  it('keeps the arguments of the program apart from its own', () => {
    assert.deepEqual(parseRequest(['training', '--json', '--', '--epochs', '3', '--json']), {
      name: 'training',
      json: true,
      keep: false,
      args: ['--epochs', '3', '--json'],
    });
    assert.deepEqual(parseRequest([]), { name: undefined, json: false, keep: false, args: [] });
  });

  it('refuses what it does not know', async () => {
    assert.throws(() => parseRequest(['--jsno']), { code: 'unknown-option' });
    assert.throws(() => parseRequest(['a', 'b']), { code: 'too-many-names' });
    await assert.rejects(loadProgram('cli-strat'), { code: 'unknown-program', remedy: /"cli-start"/ });
  });

  it('every program has the name of its file and one line of description', async () => {
    for (const name of programNames()) {
      const program = await loadProgram(name);
      assert.equal(program.name, name);
      assert.match(program.description, /^[^\n]{10,}$/);
    }
  });

  it('takes the median of an odd and of an even number of times', () => {
    assert.equal(summarise([5, 1, 3]).medianMilliseconds, 3);
    assert.equal(summarise([5, 1, 3, 4]).medianMilliseconds, 3.5);
    assert.throws(() => summarise([]), RangeError);
  });

  it('prints nested figures, the peer and the machine', () => {
    const result: BenchResult = {
      name: 'x',
      figures: { start: { medianMilliseconds: 2 }, device: 'cpu' },
      peer: { name: 'other 1.0', figures: { start: 3 }, source: 'its README' },
      machine: { cpu: 'c', cores: 2, memoryGigabytes: 4, node: 'v20', platform: 'p', loadBefore: 0 },
      command: 'npm run bench -- x',
    };
    assert.equal(
      formatResult(result),
      [
        'x',
        '  start',
        '    medianMilliseconds  2',
        '  device  cpu',
        'peer: other 1.0 (its README)',
        '  start  3',
        'machine: c, 2 cores, 4 GiB, Node v20, p, load 0',
        'command: npm run bench -- x',
      ].join('\n'),
    );
  });
});
