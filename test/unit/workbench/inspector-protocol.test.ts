import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { connectInProcess } from '../../../src/service/in-process.ts';
import type { EngineConnection } from '../../../src/service/protocol.ts';
import {
  datasetHistory,
  datasetInspect,
  datasetItems,
  datasetSample,
} from '../../../src/service/requests/dataset.ts';
import { HostEnd, WebviewEnd } from '../../../src/shared/message-channel.ts';
import { inspectorContract } from '../../../webview/protocol.ts';
import type { InspectorContract, InspectorState } from '../../../webview/protocol.ts';

// The same messages as in VS Code, between the two real ends, with the engine's real answers about the sample: what
// one side sends and the other does not accept fails here.
describe('the inspector’s protocol', () => {
  let folder: string;
  let engine: EngineConnection;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'toolrec-inspector-'));
    engine = connectInProcess();
    await engine.request(datasetSample, { workspace: folder });
  });

  after(async () => {
    engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it('carries what the engine says to the page', async () => {
    const target = { workspace: folder, name: 'sample' };
    const violations: unknown[] = [];
    const states: InspectorState[] = [];
    const intents: string[] = [];
    const statistics = await engine.request(datasetInspect, target);
    const state: InspectorState = {
      kind: 'full',
      facts: {
        name: 'sample',
        simulated: true,
        createdAt: '2026-01-01T00:00:00Z',
        hash: 'ab',
        format: 'generated',
        protocol: 'custom',
        split: 'leave one out',
        files: [],
      },
      statistics,
    };
    const host: HostEnd<InspectorContract> = new HostEnd(
      inspectorContract,
      (message) => webview.receive(structuredClone(message)),
      {
        requests: {
          items: (params) => engine.request(datasetItems, { ...target, ...params, limit: 20 }),
          history: (params) => engine.request(datasetHistory, { ...target, ...params, limit: 20 }),
        },
        intents: { reload: () => intents.push('reload'), showLog: () => intents.push('showLog') },
        onReady: () => host.update('state', state),
        onViolation: (error) => violations.push(error),
      },
    );
    const webview: WebviewEnd<InspectorContract> = new WebviewEnd(
      inspectorContract,
      (message) => host.receive(structuredClone(message)),
      { language: () => undefined, remember: () => undefined, state: (shown) => states.push(shown) },
    );
    webview.ready();
    webview.tell('reload', {});
    webview.tell('showLog', {});
    const [items, history] = await Promise.all([
      webview.request('items', { query: 'godfather', offset: 0 }),
      webview.request('history', { user: 0 }),
    ]);
    assert.deepEqual(states, [state]);
    assert.deepEqual(intents, ['reload', 'showLog']);
    assert.ok(items.rows.length > 0 && items.rows.every(({ title }) => /godfather/i.test(title)));
    assert.ok(history.rows.length > 0);
    assert.deepEqual(violations, []);
  });
});
