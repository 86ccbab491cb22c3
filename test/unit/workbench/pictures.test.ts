import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { EngineConnection } from '../../../src/service/protocol.ts';
import { connectInProcess } from '../../../src/service/in-process.ts';
import { datasetSample } from '../../../src/service/requests/dataset.ts';
import { SessionRuntime } from '../../../src/workbench/sessions/runtime.ts';
import { headView, RoundViews } from '../../../src/workbench/sessions/session-view.ts';
import { Sessions } from '../../../src/workbench/sessions/sessions.ts';
import { SessionWorlds } from '../../../src/workbench/sessions/worlds.ts';
import { firstRounds } from '../../../webview/protocol.ts';
import type { ModelRow, Pictures } from '../../../webview/protocol.ts';

// Page code, which this program’s types know nothing of.
const { pictures } = (await import(path.resolve(import.meta.dirname, '../../../webview/pictures.ts'))) as {
  readonly pictures: Pictures;
};
const english = { locale: 'en', texts: {} };
const hostile = `</main><img src=x onerror="alert(1)"><!--lit-part-->"'&`;
const row: ModelRow = {
  folder: '/f',
  id: 'model-1',
  status: 'failed',
  failure: hostile,
  dataset: hostile,
  simulated: true,
  model: 'sasrec',
  title: hostile,
  loss: 'ce',
  config: { dimension: 50 },
  epoch: 1,
  epochs: 3,
  bestEpoch: 1,
  steps: 10,
  seconds: 5,
};

/** What a strict page may hold: no script, no inline style or handler, no element that a text brought. */
function assertHarmless(html: string): void {
  assert.doesNotMatch(html, /<script|<img|<!--|<style|\sstyle=|\son\w+=(?!["']?&)/i);
  assert.equal(html.match(/<\/main/g), null);
}

describe('first pictures', () => {
  let folder: string;
  let engine: EngineConnection;
  let sessions: Sessions;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'toolrec-pictures-'));
    engine = connectInProcess();
    await engine.request(datasetSample, { workspace: folder });
    const runtime = new SessionRuntime(new SessionWorlds(engine, () => Promise.resolve(undefined)));
    sessions = new Sessions(() => Promise.resolve(runtime));
  });
  after(async () => {
    sessions.dispose();
    engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it('a session: who, what they saw, and the rounds that can be in view', async () => {
    const session = await sessions.create({ folder, dataset: 'sample', user: 42 });
    await session.prepare();
    await session.run();
    const { rounds } = new RoundViews().changes(session, {}, new Set(firstRounds));
    const head = headView(session, {}, []);
    assert.ok(rounds.length > 2);
    const html = pictures.session({ head, rounds }, english);
    assertHarmless(html);
    assert.match(html, new RegExp(`<h1>User ${head.user}</h1>`));
    assert.deepEqual(html.match(/data-round="\d+"/g), ['data-round="1"', 'data-round="2"']);
    const titles = rounds[0]!.observation!.items.slice(0, 3).map(({ title }) => title);
    for (const title of titles)
      assert.ok(html.includes(title.replaceAll('&', '&amp;').replaceAll("'", '&#39;')));
    assert.doesNotMatch(html, /\{\d\}|undefined|\[object/);

    const [card] = head.history.cards;
    const bad = {
      ...head,
      user: hostile,
      history: { ...head.history, cards: [{ ...card!, title: hostile }] },
    };
    assertHarmless(pictures.session({ head: bad, rounds }, english));
  });

  it('trainings, and a dataset that cannot be read', () => {
    const state = {
      kind: 'full',
      hasDatasets: true,
      trusted: true,
      rows: [row],
      selected: ['model-1'],
      options: { axis: 'epoch', smoothing: 0.6, logarithmic: false },
    } as const;
    const html = pictures.training({ ...state, rows: [row], selected: ['model-1'] }, english);
    assertHarmless(html);
    assert.match(html, /class="columns"[^]*<toolrec-curves/);
    assert.match(html, /&lt;img src=x/);
    const failure = { message: hostile, remedy: hostile };
    const failed = pictures.dataset({ kind: 'failed', name: hostile, failure }, english);
    assertHarmless(failed);
    assert.match(failed, /role="alert"/);
  });

  it('ticks what is chosen, and nothing else', () => {
    const html = pictures.training(
      {
        kind: 'full',
        hasDatasets: true,
        trusted: true,
        rows: [row, { ...row, id: 'model-2' }],
        selected: ['model-2'],
        options: { axis: 'step', smoothing: 0.6, logarithmic: false },
      },
      english,
    );
    // HTML takes an attribute that is there for true, whatever it says.
    const boxes = [...html.matchAll(/<input\s+type="(?:checkbox|radio)"[^>]*>/g)].map(([box]) => box);
    const ticked = boxes.map((box) => /\schecked/.test(box));
    assert.deepEqual(ticked, [false, true, false, true, false, false]);
  });

  it('speaks the person’s language', () => {
    const loading = { kind: 'loading', name: 'd' } as const;
    assert.match(pictures.dataset(loading, english), /Reading “d”…/);
    const texts = { 'Reading “{0}”…': '„{0}“ wird gelesen …' };
    assert.match(pictures.dataset(loading, { locale: 'de', texts }), /„d“ wird gelesen …/);
  });
});
