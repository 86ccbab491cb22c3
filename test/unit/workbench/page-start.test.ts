import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { transformSync } from 'esbuild';

const file = path.resolve(import.meta.dirname, '../../../webview/start.ts');
const script = transformSync(readFileSync(file, 'utf8'), { loader: 'ts' }).code;

describe('a page whose script is still to come', () => {
  it('keeps what the host tells meanwhile, in its order, and gives it once', () => {
    const listeners: { type: string; listener: (event: unknown) => void }[] = [];
    const window = {
      addEventListener: (type: string, listener: (event: unknown) => void) =>
        void listeners.push({ type, listener }),
      removeEventListener: (_: string, listener: (event: unknown) => void) => {
        const at = listeners.findIndex((one) => one.listener === listener);
        if (at >= 0) listeners.splice(at, 1);
      },
      takeEarlyMessages: undefined as (() => { data: unknown }[]) | undefined,
    };
    const tell = (data: unknown) => {
      for (const one of [...listeners]) if (one.type === 'message') one.listener({ data });
    };
    const dataset = { page: 'session.js', drawn: String(Date.now()) };
    runInNewContext(script, { window, document: { currentScript: { dataset } } });
    for (const data of [1, 2, 3]) tell(data);
    const early = Array.from(window.takeEarlyMessages!(), ({ data }) => data);
    assert.deepEqual(early, [1, 2, 3]);
    tell(4); // the script listens now
    assert.equal(window.takeEarlyMessages!().length, 0);
  });
});
