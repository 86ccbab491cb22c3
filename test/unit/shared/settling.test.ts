import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { Settling } from '../../../src/shared/settling.ts';

describe('work that waits until changes have settled', () => {
  let ran: number[];
  let settling: Settling;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
    mock.method(performance, 'now', () => Date.now());
    ran = [];
    settling = new Settling(() => ran.push(Date.now()), { quietMs: 100, atMostMs: 250 });
  });
  afterEach(() => {
    settling.dispose();
    mock.timers.reset();
    mock.restoreAll();
  });

  const pass = (milliseconds: number) => {
    for (let i = 0; i < milliseconds; i += 10) mock.timers.tick(10);
  };

  it('runs once, so long after the last change', () => {
    settling.soon();
    pass(60);
    settling.soon();
    pass(1000);
    assert.deepEqual(ran, [160]);
  });

  it('runs while changes go on, so long after the first', () => {
    for (let i = 0; i < 10; i++) {
      settling.soon();
      pass(50);
    }
    assert.deepEqual(ran, [250, 500]);
  });

  it('runs at once where it is told to, and not again for what was waiting', () => {
    settling.soon();
    pass(20);
    settling.now();
    pass(1000);
    assert.deepEqual(ran, [20]);
  });

  it('does not run after it was disposed', () => {
    settling.soon();
    settling.dispose();
    pass(1000);
    assert.deepEqual(ran, []);
  });
});
