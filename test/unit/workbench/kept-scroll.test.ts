import assert from 'node:assert/strict';
import { mock } from 'node:test';
import path from 'node:path';

// Page code, which this program’s types know nothing of.
const { KeptScroll } = (await import(
  path.resolve(import.meta.dirname, '../../../webview/kept-scroll.ts')
)) as {
  KeptScroll: new (window: unknown, kept: unknown, onMove: (at: number) => void) => { drawn(): void };
};

/** A page in a window 100 px high. */
function page(kept: unknown) {
  const listeners = new Map<string, () => void>();
  const window = {
    scrollY: 0,
    innerHeight: 100,
    document: { documentElement: { scrollHeight: 100 } },
    addEventListener: (name: string, listener: () => void) => void listeners.set(name, listener),
    scrollTo(_: number, y: number) {
      window.scrollY = y;
      listeners.get('scroll')!();
    },
  };
  const moves: number[] = [];
  const scroll = new KeptScroll(window, kept, (at) => moves.push(at));
  const draw = (height: number) => {
    window.document.documentElement.scrollHeight = height;
    scroll.drawn();
    return window.scrollY;
  };
  return { window, moves, draw, does: (name: string) => listeners.get(name)!() };
}

describe('where a person has scrolled', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('is kept, and gone back to once the page is long enough', () => {
    const { window, moves, draw } = page(300);
    assert.deepEqual([draw(150), draw(399), draw(400), draw(900)], [0, 0, 300, 300]);
    window.scrollTo(0, 320);
    window.scrollTo(0, 350);
    assert.deepEqual(moves, []);
    mock.timers.tick(100);
    assert.deepEqual(moves, [350]);
  });

  it('is forgotten when they go elsewhere first, and when the page stays short', () => {
    const first = page(300);
    first.does('wheel');
    assert.equal(first.draw(900), 0);
    const second = page(300);
    mock.timers.tick(2000);
    assert.equal(second.draw(900), 0);
  });

  it('is the top where nothing sensible was kept', () => {
    for (const kept of [undefined, null, -5, '300', {}]) assert.equal(page(kept).draw(900), 0);
  });
});
