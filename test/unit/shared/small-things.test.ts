import assert from 'node:assert/strict';
import path from 'node:path';
import fc from 'fast-check';
import { breather } from '../../../src/shared/breather.ts';
import { DisposableStore } from '../../../src/shared/disposable.ts';
import { CancelledError, UsageError } from '../../../src/shared/errors.ts';
import { lineLogger, redact } from '../../../src/shared/log.ts';
import { checkName, resolveInside, Workspace } from '../../../src/shared/workspace.ts';

describe('a store of disposables', () => {
  it('disposes in reverse order, once, and late arrivals at once', () => {
    const log: string[] = [];
    const store = new DisposableStore();
    const make = (name: string) => ({ dispose: () => void log.push(name) });
    assert.ok(store.add(make('a')));
    store.add(make('b'));
    store.dispose();
    store.dispose();
    store.add(make('late'));
    assert.deepEqual(log, ['b', 'a', 'late']);
  });

  it('disposes all although some throw, and tells of every failure', () => {
    const log: string[] = [];
    const store = new DisposableStore();
    const bad = (name: string) => ({
      dispose() {
        throw new Error(name);
      },
    });
    store.add({ dispose: () => void log.push('a') });
    store.add(bad('x'));
    store.add(bad('y'));
    assert.throws(
      () => store.dispose(),
      (error: unknown) => error instanceof AggregateError && error.errors.length === 2,
    );
    assert.deepEqual(log, ['a']);
  });
});

describe('redaction', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9]{16,40}$/);
  it('takes out keys, headers and known secrets wherever they stand', () => {
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (key, before, after) => {
        for (const text of [
          `${before} sk-${key} ${after}`,
          `${before} Authorization: Bearer ${key} ${after}`,
          `${before} {"api_key": "${key}"} ${after}`,
          `${before} password=${key}`,
        ])
          assert.ok(!redact(text).includes(key), text);
        assert.ok(!redact(`${before}${key}${after}`, [key]).includes(key));
      }),
    );
  });

  it('leaves ordinary text as it is', () => {
    const text = 'Epoch 3: loss 0.512, 1,234 tokens/s, /home/me/datasets/ml-1m/ratings.dat:17';
    assert.equal(redact(text), text);
  });

  it('is applied by the line logger, which also leaves out what is below its level', () => {
    const lines: string[] = [];
    const logger = lineLogger((line) => lines.push(line), 'warn');
    logger.info('not shown');
    logger.error('key sk-abcdefghijklmnop');
    assert.deepEqual(lines, ['error: key [redacted]']);
  });
});

describe('workspace paths', () => {
  const isBadName = (error: unknown) => error instanceof UsageError && error.code === 'bad-name';

  it('a name that is accepted is one file inside its folder, on every platform', () => {
    const directory = new Workspace('/w').directory('models');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.stringMatching(/^[A-Za-z0-9._-]{1,70}$/),
          fc.constantFrom('..', 'CON', 'nul.txt'),
        ),
        (name) => {
          let entry: string;
          try {
            entry = new Workspace('/w').entry('models', name);
          } catch (error) {
            assert.ok(isBadName(error));
            return;
          }
          assert.equal(path.dirname(entry), directory);
          assert.equal(path.basename(entry), name);
          assert.doesNotMatch(name, /^\.|\.$|[\\/:*?"<>|\s]|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
        },
      ),
    );
  });

  it('accepts usual names and refuses dangerous ones', () => {
    for (const name of ['ml-1m', 'sample', 'a', '_x', 'Model_2.v3', 'x'.repeat(64)])
      assert.equal(checkName(name), name);
    for (const name of [
      '',
      '.',
      '..',
      '../x',
      'a/b',
      'a\\b',
      '.hidden',
      'a b',
      'x'.repeat(65),
      'com1',
      'end.',
      'ü',
    ])
      assert.throws(() => checkName(name), isBadName, name);
  });

  it('resolveInside gives paths inside the folder or refuses', () => {
    const segment = fc.constantFrom('a', 'b.txt', '..', '.', '...', '..x', '');
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 6 }), fc.boolean(), (segments, absolute) => {
        const relative = (absolute ? '/' : '') + segments.join('/');
        const expected = path.resolve('/base/folder', relative);
        const inside = expected === '/base/folder' || expected.startsWith('/base/folder/');
        // A name that begins with two dots ("..x") is refused with the rest: stricter than needed, never looser.
        if (!inside)
          assert.throws(
            () => resolveInside('/base/folder', relative),
            (error: unknown) => error instanceof UsageError && error.code === 'outside-folder',
          );
        else if (!path.relative('/base/folder', expected).startsWith('..'))
          assert.equal(resolveInside('/base/folder', relative), expected);
      }),
    );
  });
});

describe('breathing', () => {
  it('lets the event loop run during long computation, and stops it when cancelled', async () => {
    const abort = new AbortController();
    const breathe = breather({ signal: abort.signal }, 5);
    const busy = () => {
      const end = performance.now() + 6;
      while (performance.now() < end);
    };
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 1);
    for (let i = 0; i < 5; i++) {
      busy();
      await breathe();
    }
    clearInterval(ticking);
    assert.ok(ticks >= 3, `${ticks} ticks`);
    setImmediate(() => abort.abort());
    await assert.rejects(async () => {
      for (let i = 0; i < 50; i++) {
        busy();
        await breathe();
      }
    }, CancelledError);
  });

  it('costs no turn of the event loop before its time', () => {
    assert.equal(breather({}, 10_000)(), undefined);
  });
});
