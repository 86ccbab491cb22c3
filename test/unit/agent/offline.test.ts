import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Random } from '../../../src/shared/random.ts';
import { historyBefore, partOf } from '../../../src/data/dataset.ts';
import type { Retriever } from '../../../src/data/retriever.ts';
import { attributeTable } from '../../../src/agent/offline/attribute-table.ts';
import { fitConditionalLogit, meanLoss, spreadOf } from '../../../src/agent/offline/conditional-logit.ts';
import {
  affinityTo,
  chanceDivergence,
  distribution,
  effectiveSize,
  jensenShannon,
  recencyWeights,
} from '../../../src/agent/offline/distribution.ts';
import { evidenceIn, type EvidenceList } from '../../../src/agent/offline/evidence.ts';
import { fitWeights } from '../../../src/agent/offline/fit.ts';
import { fuse } from '../../../src/agent/offline/fusion.ts';
import { OfflinePolicy } from '../../../src/agent/offline/offline-policy.ts';
import { offlineRanker } from '../../../src/agent/offline/ranker.ts';
import {
  defaultWeights,
  loadWeights,
  type OfflineWeights,
  saveWeights,
} from '../../../src/agent/offline/weights.ts';
import { extendedTools, standardTools } from '../../../src/agent/tools/registry.ts';
import { dataset, makeDataset, plainRetriever, startSession, world } from './world.ts';

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

  it('chance makes samples differ: as much as a simulation says', () => {
    const random = new Random('two samples of one distribution');
    const shares = [0.4, 0.25, 0.15, 0.1, 0.06, 0.04];
    const sample = (n: number) => {
      const found = new Float64Array(shares.length);
      for (let i = 0; i < n; i++) {
        let at = random.uniform();
        let v = 0;
        while (v < shares.length - 1 && (at -= shares[v]!) > 0) v++;
        found[v]! += 1 / n;
      }
      return found;
    };
    for (const [n, m, within] of [
      [60, 40, 0.15], // rare values are at times not seen at all
      [600, 400, 0.04],
    ] as const) {
      let simulated = 0;
      let said = 0;
      for (let run = 0; run < 2000; run++) {
        const [p, q] = [sample(n), sample(m)];
        simulated += jensenShannon(p, q);
        said += chanceDivergence(p, q, n, m);
      }
      assert.ok(Math.abs(said / simulated - 1) < within, `${said} is not ${simulated}`);
    }
    assert.equal(chanceDivergence(Float64Array.of(0), Float64Array.of(0), 0, 0), 0);
    close(effectiveSize([1, 1, 1, 1]), 4);
    close(effectiveSize([3, 1]), 1.6);
  });

  it('evidence: shares of belief from logits, weights and ranks', () => {
    const logit = evidenceIn({
      source: 'None',
      scale: 'logit',
      items: [5, 6],
      scores: [Math.log(6), Math.log(2)],
    });
    close(logit.logShares.get(5)!, Math.log(0.75));
    close(logit.logShares.get(6)!, Math.log(0.25));
    close(logit.absent, Math.log(0.25) - 0.5);
    const weight = evidenceIn({ source: 'Neighbours', scale: 'weight', items: [5, 6], scores: [3, 1] });
    close(weight.logShares.get(5)!, Math.log(0.75));
    const rank = evidenceIn({ source: 'Search', scale: 'rank', items: [5, 6] });
    close(rank.logShares.get(5)!, Math.log(22 / 43)); // 1/21 to 1/22
  });

  it('fusion: a pool of shares worked by hand; a tool not asked agrees with the backbone', () => {
    const weights: OfflineWeights = {
      ...defaultWeights([]),
      lists: { None: 0.5, genre: 0.5, Neighbours: 1 },
      affinity: {},
    };
    const none = { source: 'None', scale: 'weight', items: [10, 11], scores: [3, 1] } as const;
    const genre = { source: 'genre', scale: 'weight', items: [11, 10], scores: [3, 1] } as const;
    const shares = (lists: readonly EvidenceList[]) =>
      new Map(fuse(dataset, [0], lists, weights).map(({ item, score }) => [item, score]));
    close(shares([none, genre]).get(10)!, 0.5); // √(3/4 · 1/4) for both
    close(shares([none]).get(10)!, 0.75);
    const near = { source: 'Neighbours', scale: 'weight', items: [10, 12], scores: [9, 1] } as const;
    // 10: 3/4 · 9/10; 11: 1/4 · 1/10 · e^-½; 12: 1/4 · e^-½ · 1/10
    const total = 0.675 + 2 * 0.025 * Math.exp(-0.5);
    close(shares([none, near]).get(10)!, 0.675 / total);
    close(shares([none, near]).get(12)!, (0.025 * Math.exp(-0.5)) / total);
  });

  it('a choice among alternatives: weights worked by hand, bounds, and the pull to the centre', () => {
    // Two alternatives that differ by 1; the one with the feature is taken three times of four: w = ln 3.
    const choices = [0, 0, 0, 1].map((chosen) => ({ count: 2, features: Float32Array.of(1, 0), chosen }));
    const options = {
      width: 1,
      centre: Float64Array.of(0),
      spread: Float64Array.of(1),
      shrinkage: 0,
      nonNegative: [false],
    };
    close(fitConditionalLogit(choices, options)[0]!, Math.log(3), 1e-6);
    close(
      meanLoss(choices, Float64Array.of(Math.log(3)), 1),
      -(3 * Math.log(0.75) + Math.log(0.25)) / 4,
      1e-6,
    );
    const against = choices.map((choice) => ({ ...choice, chosen: 1 - choice.chosen }));
    close(fitConditionalLogit(against, options)[0]!, -Math.log(3), 1e-6);
    assert.equal(fitConditionalLogit(against, { ...options, nonNegative: [true] })[0], 0);
    const pulled = fitConditionalLogit(choices, { ...options, centre: Float64Array.of(5), shrinkage: 1e6 });
    close(pulled[0]!, 5, 1e-3);
    close(spreadOf(choices, 1)[0]!, 0.5, 1e-6);
  });

  it('a choice among alternatives: no weight nearby does better', () => {
    const random = new Random('choices');
    const width = 4;
    const choices = Array.from({ length: 60 }, () => ({
      count: 7,
      features: Float32Array.from({ length: 7 * width }, () => random.uniform() * 2 - 1),
      chosen: random.int(7),
    }));
    const centre = Float64Array.of(1, 0, 0, 0);
    const spread = spreadOf(choices, width);
    const shrinkage = 0.3;
    const nonNegative = [true, true, true, false];
    const w = fitConditionalLogit(choices, { width, centre, spread, shrinkage, nonNegative });
    const objective = (at: Float64Array) =>
      at.reduce(
        (sum, value, j) => sum + (shrinkage / 2) * (spread[j]! * (value - centre[j]!)) ** 2,
        meanLoss(choices, at, width),
      );
    for (let trial = 0; trial < 300; trial++) {
      const near = w.map((value, j) => {
        const moved = value + (random.uniform() - 0.5) * 0.02;
        return nonNegative[j] ? Math.max(0, moved) : moved;
      });
      assert.ok(objective(near) >= objective(w) - 1e-12);
    }
  });
});

describe('offline policy', () => {
  const weights = defaultWeights(['genre', 'release_year']);
  // A threshold below zero: in a world this small chance explains every divergence.
  const offline = () => {
    const w = world([], {
      policy: new OfflinePolicy({ weights, k: 20, threshold: -1 }),
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

  it('asks for neighbours where there are any, unless they were found to be worth nothing', async () => {
    const play = async (over: Partial<OfflineWeights>) => {
      const own = { ...weights, ...over };
      const retriever = plainRetriever(dataset);
      const w = world([], {
        policy: new OfflinePolicy({ weights: own, k: 20 }),
        tools: extendedTools(offlineRanker(own)),
        retriever: { ...retriever, neighbours: (query, k) => retriever.retrieve(query, 'genre', k) },
      });
      const session = await startSession(w);
      await session.run();
      return session.state;
    };
    const asked = await play({});
    assert.deepEqual(asked.rounds[1]!.action, { name: 'Neighbours', args: { item: null, k: 20 } });
    assert.equal(asked.rounds[1]!.observation!.set!.tool, 'Neighbours');
    const spared = await play({ lists: { None: 1, Neighbours: 0 } });
    assert.ok(spared.rounds.every((round) => round.action!.name !== 'Neighbours'));
  });

  it('retrieves by an attribute that is off beyond chance', async () => {
    // The history is all of one genre, the backbone's candidates all of another.
    const records = Array.from({ length: 80 }, (_, i) => ({
      id: `b${i}`,
      title: `B${i}`,
      attributes: { genre: [i < 40 ? 'X' : 'Y'], release_year: 1990 + (i % 2) },
    }));
    const split = Object.assign(makeDataset(records, 4, 20), {
      items: Uint32Array.from({ length: 80 }, (_, i) => (i * 7) % 40),
    });
    const far: Retriever = {
      attributes: [null, 'genre', 'release_year'],
      retrieve: async (_, attribute, k) =>
        Array.from({ length: k }, (_, i) => (attribute === 'genre' ? i : 40 + i)).map((item) => ({
          item,
          ...split.item(item),
          score: 0,
        })),
    };
    const own = { policy: new OfflinePolicy({ weights, k: 30 }), dataset: split, retriever: far };
    const session = await startSession(world([], own));
    await session.run();
    assert.deepEqual(
      session.state.rounds.map((round) => round.action!.args['attribute']),
      [null, 'genre', null, undefined],
    );
    assert.match(session.state.rounds[1]!.thought, /genre 0\.\d+, release_year 0\.000/);
    assert.match(session.state.rounds[1]!.thought, /X is 100% of the history and 0% of the candidates/);
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
    // One attribute value for all, choices at random, and two lists of the same items in unrelated orders.
    const records = Array.from({ length: 60 }, (_, i) => ({
      id: `a${i}`,
      title: `A${i}`,
      attributes: { genre: ['X'], release_year: 1 },
    }));
    const random = new Random('choices without reason');
    const alike = Object.assign(makeDataset(records, 400, 8), {
      items: Uint32Array.from({ length: 400 * 8 }, () => random.int(60)),
    });
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
    assert.deepEqual(weights.lists, { None: 1, genre: 0, Search: 0.1 });
    assert.deepEqual(weights.affinity, { genre: 0, release_year: 0 });
    assert.equal(weights.popularity, 0);
    assert.equal(weights.fitted!.ndcg, weights.fitted!.backboneNdcg);
  });

  it('listens to neighbours, and refuses models that saw the validation items', async () => {
    const quiet: Retriever = {
      ...revealing,
      attributes: [null],
      neighbours: async (query, k) => revealing.retrieve(query, 'genre', k),
    };
    const weights = await fitWeights({ dataset, retriever: quiet, retrieval: 'test', k: 20 });
    assert.ok(weights.lists['Neighbours']! > 0.1);
    close(weights.fitted!.ndcg, 1, 1e-9);
    const source = { kind: 'trained', model: 'x', tools: [], simulated: false, sawValidation: true } as const;
    await assert.rejects(fitWeights({ dataset, retriever: { ...quiet, source }, retrieval: 'test' }), {
      code: 'part-was-trained-on',
    });
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
    await fs.writeFile(file, '{"version":1,"constant":20}');
    assert.equal(await loadWeights(file), undefined, 'those of an older form are fitted again');
    await fs.writeFile(file, '{"version":2}');
    await assert.rejects(loadWeights(file), { code: 'damaged-weights' });
    await fs.rm(directory, { recursive: true });
  });
});
