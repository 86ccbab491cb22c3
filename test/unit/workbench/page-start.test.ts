import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { transformSync } from 'esbuild';

const file = path.resolve(import.meta.dirname, '../../../webview/start.ts');
const script = transformSync(readFileSync(file, 'utf8'), { loader: 'ts' }).code;

/** Runs start.ts on a page whose picture was drawn so long ago, in ms; what it does comes by and by, as in a browser. */
function start(age: number) {
  const listeners: { type: string; listener: (event: unknown) => void }[] = [];
  const frames: (() => void)[] = [];
  const loaded: string[] = [];
  const page = { pictured: true };
  const window = {
    addEventListener: (type: string, listener: (event: unknown) => void) =>
      void listeners.push({ type, listener }),
    removeEventListener: (_: string, listener: (event: unknown) => void) =>
      void listeners.splice(
        listeners.findIndex((one) => one.listener === listener),
        1,
      ),
    takeEarlyMessages: undefined as (() => { data: unknown }[]) | undefined,
  };
  const document = {
    currentScript: { dataset: { page: 'session.js', drawn: String(Date.now() - age) } },
    querySelector: () => ({ replaceChildren: () => void (page.pictured = false) }),
  };
  runInNewContext(script.replace('import(', 'load('), {
    window,
    document,
    Date,
    requestAnimationFrame: (work: () => void) => frames.push(work),
    setTimeout: (work: () => void) => work(),
    load: (name: string) => loaded.push(name),
  });
  const happens = (type: string, event: object = {}) => {
    for (const one of [...listeners]) if (one.type === type) one.listener(event);
  };
  return { window, page, frames, loaded, happens };
}

describe('a page that comes with its first picture', () => {
  it('lets its script in once the picture is on the screen', () => {
    const { happens, frames, loaded, page } = start(100);
    assert.deepEqual(loaded, []);
    happens('load');
    assert.deepEqual(loaded, []);
    for (const frame of frames.splice(0)) frame();
    assert.deepEqual(loaded, ['session.js']);
    assert.equal(page.pictured, true);
  });

  it('keeps what the host tells meanwhile, in its order, and gives it once', () => {
    const { happens, window } = start(100);
    for (const data of [1, 2, 3]) happens('message', { data });
    const early = Array.from(window.takeEarlyMessages!(), ({ data }) => data);
    assert.deepEqual(early, [1, 2, 3]);
    happens('message', { data: 4 }); // the script listens now
    assert.equal(window.takeEarlyMessages!().length, 0);
  });

  it('shows no picture of long ago when VS Code loads the page anew', () => {
    assert.equal(start(60_000).page.pictured, false);
    // The host’s clock may be another one.
    assert.equal(start(-60_000).page.pictured, false);
  });
});
