import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Random } from '../../../src/shared/random.ts';
import { historyBefore, partOf } from '../../../src/data/dataset.ts';
import type { Retriever } from '../../../src/data/retriever.ts';
import { attributeTable } from '../../../src/agent/offline/attribute-table.ts';
import {
  affinityTo,
  distribution,
  jensenShannon,
  recencyWeights,
} from '../../../src/agent/offline/distribution.ts';
import { fitWeights } from '../../../src/agent/offline/fit.ts';
import { fuse } from '../../../src/agent/offline/fusion.ts';
import { OfflinePolicy } from '../../../src/agent/offline/offline-policy.ts';
import { offlineRanker } from '../../../src/agent/offline/ranker.ts';
import { defaultWeights, loadWeights, saveWeights } from '../../../src/agent/offline/weights.ts';
import { standardTools } from '../../../src/agent/tools/registry.ts';
import { dataset, makeDataset, startSession, world } from './world.ts';

const close = (a: number, b: number, epsilon = 1e-12) =>
  assert.ok(Math.abs(a - b) < epsilon, `${a} is not ${b}`);

describe('offline statistics', () => {
  it('Jensen-Shannon divergence: worked by hand', () => {
    close(jensenShannon(Float64Array.of(1, 0), Float64Array.of(0, 1)), 1); // disjoint: one bit
    close(jensenShannon(Float64Array.of(0.5, 0.5), Float64Array.of(0.5, 0.5)), 0);
    // p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4): H(m) - H(q)/2 = 0.8112781… - 0.5
    close(jensenShannon(Float64Array.of(1, 0), Float64Array.of(0.5, 0.5)), 0.8112781244591328 - 0.5);
    assert.equal(
      jensenShannon(Float64Array.of(0, 0), Float64Array.of(1, 0)),
      0,
      'nothing known, nothing off',
    );
  });

  it('recency halves every half-life', () => {
    const weights = recencyWeights(5, 2);
    close(weights[4]!, 1);
    close(weights[2]!, 0.5);
    close(weights[0]!, 0.25);
  });

  it('distribution shares an item among its values and ignores items without one', () => {
    const records = [
      { id: 'a', title: 'A', attributes: { genre: ['X', 'Y'] } },
      { id: 'b', title: 'B', attributes: { genre: ['X'] } },
      { id: 'c', title: 'C', attributes: {} },
    ];
    const [genre] = attributeTable(makeDataset(records, 1, 3));
    assert.deepEqual(genre!.values, ['X', 'Y']);
    // weights 1, 3, 9: X = 0.5 + 3, Y = 0.5, the third has no value
    const shares = distribution(genre!, [0, 1, 2], [1, 3, 9]);
    close(shares[0]!, 3.5 / 4);
    close(shares[1]!, 0.5 / 4);
    const affinity = affinityTo(genre!, shares);
    close(affinity(1), 1);
    close(affinity(0), (1 + 0.5 / 3.5) / 2);
    assert.equal(affinity(2), 0);
  });

  it('numbers fall into quantile buckets, ends included', () => {
    const year = attributeTable(dataset).find((column) => column.name === 'release_year')!;
    assert.match(year.values[0]!, /^1946/);
    assert.match(year.values.at(-1)!, /2014$/);
    assert.equal(year.codes.length, dataset.catalogueCount, 'each item is in one bucket');
    assert.ok(Math.max(...year.codes) < year.values.length);
  });

  it('fusion: reciprocal ranks worked by hand', () => {
    const weights = { ...defaultWeights([]), lists: { None: 1, genre: 0.5 }, affinity: {}, constant: 1 };
    const scored = fuse(
      dataset,
      [0],
      [
        { source: 'None', items: [10, 11, 12] },
        { source: 'genre', items: [12, 10] },
      ],
      weights,
    );
    // weight × 2 / (1 + rank): 10 = 1 + 0.5·2/3, 12 = 2/4 + 0.5, 11 = 2/3
    assert.deepEqual(
      scored.map((entry) => entry.item),
      [10, 12, 11],
    );
    close(scored[0]!.score, 1 + 1 / 3);
    close(scored[1]!.score, 1);
    close(scored[2]!.score, 2 / 3);
  });
});

describe('offline policy', () => {
  const weights = defaultWeights(['genre', 'release_year']);
  const offline = () => {
    const w = world([], {
      policy: new OfflinePolicy({ weights, k: 20 }),
      tools: standardTools(offlineRanker(weights)),
    });
    return w;
  };

  it('retrieves by the backbone, by what is most off, ranks, finishes, and says why in numbers', async () => {
    const session = await startSession(offline(), { n: 10 });
    const outcome = await session.run();
    assert.equal(outcome.status, 'finished');
    const { rounds, outcome: end } = session.state;
    assert.deepEqual(
      rounds.map((round) => round.action!.name),
      ['Retrieve', 'Retrieve', 'Retrieve', 'Rank', 'Finish'],
    );
    assert.equal(rounds[0]!.action!.args['attribute'], null);
    const divergences = [...rounds[1]!.thought.matchAll(/(genre|release_year) (\d\.\d{3})/g)];
    assert.equal(divergences.length, 2);
    assert.ok(Number(divergences[0]![2]) >= Number(divergences[1]![2]), 'the worst first');
    assert.equal(rounds[1]!.action!.args['attribute'], divergences[0]![1], 'and it is the one retrieved by');
    assert.equal(end!.reason.rule, 'finish');
    assert.ok(end!.result.items.every((entry) => entry.source === 'finish'));
    assert.deepEqual(
      end!.result.items.map((entry) => entry.item),
      rounds[3]!.observation!.set!.items.map((item) => item.item),
    );
  });

  it('is deterministic', async () => {
    const run = async () => {
      const w = offline();
      await (await startSession(w)).run();
      return JSON.stringify(w.events);
    };
    assert.equal(await run(), await run());
  });

  it('fits into any number of rounds', async () => {
    for (let maxRounds = 1; maxRounds <= 6; maxRounds++) {
      const session = await startSession(offline(), { maxRounds, n: 10 });
      await session.run();
      assert.equal(session.state.outcome!.result.items.length, 10);
      assert.ok(session.state.rounds.length <= maxRounds);
      if (maxRounds > 1) assert.equal(session.state.outcome!.reason.rule, 'finish', `${maxRounds} rounds`);
    }
  });

  it('finishes without retrieving by an attribute when nothing is off', async () => {
    const w = world([], {
      policy: new OfflinePolicy({ weights, threshold: 1.1 }),
      tools: standardTools(offlineRanker(weights)),
    });
    const session = await startSession(w);
    await session.run();
    assert.deepEqual(
      session.state.rounds.map((round) => round.action!.name),
      ['Retrieve', 'Rank', 'Finish'],
    );
    assert.match(session.state.rounds[1]!.thought, /Nothing is off/);
  });
});

describe('fitting the offline weights', () => {
  /** The backbone puts the validation item sixth; the genre tool puts it first. */
  const revealing: Retriever = {
    attributes: [null, 'genre'],
    retrieve(query, attribute, k) {
      const user = Array.from({ length: dataset.userCount }, (_, u) => u).find((u) => {
        const history = historyBefore(dataset, u, 'validation');
        return (
          history.length === query.history!.length && history.every((item, i) => item === query.history![i])
        );
      });
      assert.notEqual(user, undefined, 'only training histories are asked for');
      const target = partOf(dataset, user!, 'validation')[0]!;
      const others = Array.from({ length: 60 }, (_, i) => i).filter(
        (i) => i !== target && !query.history!.includes(i),
      );
      const list =
        attribute === null
          ? [...others.slice(0, 5), target, ...others.slice(5)]
          : [target, ...others.reverse()];
      return Promise.resolve(list.slice(0, k).map((item) => ({ item, ...dataset.item(item), score: 0 })));
    },
  };

  it('finds that the genre list is worth more, on validation only', async () => {
    const weights = await fitWeights({ dataset, retriever: revealing, retrieval: 'test', k: 20 });
    close(weights.fitted!.backboneNdcg, 1 / Math.log2(7), 1e-9);
    close(weights.fitted!.ndcg, 1, 1e-9);
    assert.equal(weights.fitted!.users, dataset.userCount);
    assert.equal(weights.fitted!.split, 'validation');
    assert.ok(weights.lists['genre']! > 0);
  });

  it('does not follow noise: tools that know nothing more are left out', async () => {
    // One attribute value for all, and two lists of the same items in unrelated orders.
    const alike = makeDataset(
      Array.from({ length: 60 }, (_, i) => ({
        id: `a${i}`,
        title: `A${i}`,
        attributes: { genre: ['X'], release_year: 1 },
      })),
      400,
      8,
    );
    const noisy: Retriever = {
      attributes: [null, 'genre'],
      retrieve: (query, attribute) => {
        const seed = `${query.history!.join()}`;
        const list = Array.from({ length: 60 }, (_, i) => i).filter((item) => !query.history!.includes(item));
        const items = new Random(seed).shuffle(list).slice(0, 20);
        if (attribute !== null) new Random(`${seed}!`).shuffle(items);
        return Promise.resolve(items.map((item) => ({ item, ...alike.item(item), score: 0 })));
      },
    };
    const weights = await fitWeights({ dataset: alike, retriever: noisy, retrieval: 'noise', k: 20 });
    assert.deepEqual(weights.lists, { None: 1, genre: 0, Search: 0.25 });
    assert.deepEqual(weights.affinity, { genre: 0, release_year: 0 });
    assert.equal(weights.fitted!.ndcg, weights.fitted!.backboneNdcg);
  });

  it('is cancelled', async () => {
    await assert.rejects(
      fitWeights({ dataset, retriever: revealing, retrieval: 'test', signal: AbortSignal.abort() }),
      { code: 'cancelled' },
    );
  });

  it('keeps weights on disk and refuses damaged ones', async () => {
    const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-weights-'));
    const file = path.join(directory, 'weights.json');
    assert.equal(await loadWeights(file), undefined);
    const weights = defaultWeights(['genre']);
    await saveWeights(file, weights);
    assert.deepEqual(await loadWeights(file), weights);
    await fs.writeFile(file, '{"version":1}');
    await assert.rejects(loadWeights(file), { code: 'damaged-weights' });
    await fs.rm(directory, { recursive: true });
  });
});
