import assert from 'node:assert/strict';
import * as z from 'zod';
import type { ToolRecError } from '../../../src/shared/errors.ts';
import { StorageError } from '../../../src/shared/errors.ts';
import { HostEnd, WebviewEnd } from '../../../src/shared/message-channel.ts';
import type { HostSide, PanelContract } from '../../../src/shared/message-channel.ts';

const contract = {
  requests: {
    double: { params: z.object({ value: z.number() }), result: z.number() },
    fail: { params: z.object({}), result: z.null() },
  },
  intents: { press: z.object({ key: z.string() }) },
  updates: { shown: z.object({ step: z.number() }) },
} satisfies PanelContract;
type Contract = typeof contract;

/** Both ends, joined as `postMessage` joins them: later, and by structured clone. */
function join(
  options: {
    host?: Partial<HostSide<Contract>>;
    webviewContract?: PanelContract;
    /** Whether what the host posts now comes to the page. */
    reaches?: () => boolean;
  } = {},
) {
  const heard: string[] = [];
  const violations: ToolRecError[] = [];
  const later = (receive: (message: unknown) => void) => (message: unknown) => {
    const copy: unknown = structuredClone(message);
    setImmediate(() => receive(copy));
  };
  const { reaches = () => true } = options;
  const host: HostEnd<Contract> = new HostEnd(
    contract,
    (message) => {
      if (reaches()) later((copy) => webview.receive(copy))(message);
    },
    {
      requests: {
        double: ({ value }) => Promise.resolve(value * 2),
        fail: () =>
          Promise.reject(new StorageError('disk-full', 'Full.', 'Free some.', { place: { file: 'a' } })),
      },
      intents: { press: ({ key }) => heard.push(`press ${key}`) },
      onReady: () => heard.push('ready'),
      onViolation: (error) => violations.push(error),
      ...options.host,
    },
  );
  const webview: WebviewEnd<Contract> = new WebviewEnd(
    (options.webviewContract ?? contract) as Contract,
    later((message) => host.receive(message)),
    { shown: ({ step }) => heard.push(`shown ${step}`) },
  );
  return { host, webview, heard, violations };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('the channel between host and webview', () => {
  it('answers requests, each its own, whatever their order', async () => {
    const { webview } = join();
    const answers = await Promise.all([1, 2, 3].map((value) => webview.request('double', { value })));
    assert.deepEqual(answers, [2, 4, 6]);
  });

  it('carries a typed error across with its class, code, remedy and place', async () => {
    const { webview } = join();
    await assert.rejects(webview.request('fail', {}), (error) => {
      assert.ok(error instanceof StorageError);
      assert.deepEqual(error.toDetail(), {
        code: 'disk-full',
        message: 'Full.',
        remedy: 'Free some.',
        place: { file: 'a' },
      });
      return true;
    });
  });

  it('keeps updates until the page is ready, then sends them in order after the full snapshot', async () => {
    const { host, webview, heard } = join();
    host.update('shown', { step: 1 });
    host.update('shown', { step: 2 });
    await settled();
    assert.deepEqual(heard, []);
    webview.ready();
    await settled();
    host.update('shown', { step: 3 });
    await settled();
    assert.deepEqual(heard, ['ready', 'shown 1', 'shown 2', 'shown 3']);
  });

  it('greets a page that is still loading: told once if that reached it, again if it did not', async () => {
    for (const [reaches, expected] of [
      [true, ['ready', 'shown 1']],
      // An update alone is not everything: the page was loaded anew while the host went on telling.
      [false, ['ready', 'shown 2', 'ready', 'shown 1']],
    ] as const) {
      const joined = join({
        host: {
          onReady: () => {
            joined.heard.push('ready');
            joined.host.update('shown', { step: 1 });
          },
        },
        reaches: () => open,
      });
      const { host, webview, heard } = joined;
      let open = reaches as boolean;
      assert.equal(host.listening, false);
      host.greet();
      host.greet();
      assert.equal(host.listening, true);
      await settled();
      if (!reaches) {
        open = true;
        host.update('shown', { step: 2 });
        await settled();
      }
      webview.ready();
      await settled();
      assert.deepEqual(heard, expected);
    }
  });

  it('drops what a hidden page missed: it is told everything when it is back', async () => {
    const { host, webview, heard } = join();
    webview.ready();
    await settled();
    host.suspend();
    host.suspend();
    webview.ready();
    await settled();
    assert.deepEqual(heard, ['ready', 'ready']);
  });

  it('refuses a page whose contract has other names', async () => {
    const other = { ...contract, intents: { ...contract.intents, hold: z.object({}) } };
    const { webview, heard, violations } = join({ webviewContract: other });
    webview.ready();
    await settled();
    assert.deepEqual(heard, []);
    assert.deepEqual(
      violations.map(({ code }) => code),
      ['panel-protocol'],
    );
  });

  it('checks parameters, results, intents and updates against the contract', async () => {
    const wrong = { double: () => Promise.resolve('x' as unknown as number) };
    const { host, webview, heard, violations } = join({
      host: { requests: { ...wrong, fail: () => Promise.resolve(null) } },
    });
    const code = (error: ToolRecError) => error.code === 'panel-protocol';
    await assert.rejects(webview.request('double', { value: 'x' as unknown as number }), code);
    await assert.rejects(webview.request('double', { value: 1 }), code);
    await assert.rejects(webview.request('toString' as 'double', { value: 1 }), code);
    webview.tell('press', { key: 5 as unknown as string });
    webview.tell('constructor' as 'press', { key: 'a' });
    for (const message of [undefined, null, 'x', { kind: 'request' }, { kind: 'odd' }]) host.receive(message);
    await settled();
    assert.equal(violations.length, 3 + 2 + 5);
    assert.deepEqual(heard, []);
    assert.throws(() => webview.receive({ kind: 'update', name: 'shown', params: { step: 'x' } }), code);
    assert.throws(() => webview.receive({ kind: 'update', name: 'hidden', params: {} }), code);
    webview.receive({ type: 'from VS Code itself' });
  });
});
