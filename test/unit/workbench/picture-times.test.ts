import assert from 'node:assert/strict';
import { PictureTimes } from '../../../src/workbench/sessions/picture-times.ts';

describe('times of pictures', () => {
  /** A host at `host`, and a page whose clock is ahead of it. */
  const made = (ahead: number) => {
    const clock = { host: 1_000_000 };
    const times = new PictureTimes(() => clock.host);
    /** Sends a change of `since` ms ago; there, drawing and back take so long. False when nothing was new. */
    const picture = (revision: number, since: number, there: number, drawing: number, back: number) => {
      times.send(revision, clock.host - since);
      const received = clock.host + there + ahead;
      clock.host += there + drawing + back;
      return times.hear({ revision, received, drawn: clock.host - back + ahead });
    };
    return { clock, times, picture };
  };

  it('end with the picture, and with the word of it', () => {
    const { times, picture } = made(0);
    picture(1, 3, 5, 12, 9);
    picture(2, 0, 6, 10, 4);
    assert.deepEqual(times.drawn, [20, 16]);
    assert.deepEqual(times.heard, [29, 20]);
  });

  it('are those of each change that a picture shows', () => {
    const { clock, times } = made(0);
    times.send(1, clock.host - 2);
    clock.host += 10;
    times.send(2, clock.host);
    clock.host += 20;
    assert.ok(times.hear({ revision: 2, received: clock.host - 8, drawn: clock.host - 5 }));
    assert.deepEqual(times.drawn, [27, 15]);
    assert.deepEqual(times.heard, [32, 20]);
    assert.equal(times.hear({ revision: 2, received: clock.host, drawn: clock.host }), false);
  });

  it('tell how far two clocks can be apart, whatever they are', () => {
    for (const ahead of [0, 40, -7]) {
      const { times, picture } = made(ahead);
      assert.deepEqual(times.clocks, { atLeast: -Infinity, atMost: Infinity });
      picture(1, 0, 5, 12, 9);
      picture(2, 0, 2, 12, 11);
      picture(3, 0, 30, 12, 1);
      assert.deepEqual(times.clocks, { atLeast: ahead - 1, atMost: ahead + 2 });
    }
  });

  it('leave out what nobody could see', () => {
    const { clock, times, picture } = made(0);
    times.send(1, clock.host);
    times.forget();
    clock.host += 5000;
    picture(2, 0, 5, 5, 5);
    assert.deepEqual(times.drawn, [10]);
  });
});
