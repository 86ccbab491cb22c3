import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ApproximateSearch } from '../../../src/recommender/approximate-search.ts';
import { bert4Rec } from '../../../src/recommender/models/bert4rec.ts';
import type { SequenceModel } from '../../../src/recommender/models/model.ts';
import { sasRec } from '../../../src/recommender/models/sasrec.ts';
import { bestItems } from '../../../src/recommender/retrieval.ts';
import { SequenceRecommender } from '../../../src/recommender/scoring.ts';
import { Random } from '../../../src/shared/random.ts';
import { captured } from '../engine/engines.ts';

const itemCount = 20_480;
const options = {
  itemCount,
  maxLength: 8,
  hidden: 4,
  layers: 1,
  heads: 1,
  inner: 4,
  dropout: 0,
  attentionDropout: 0,
};

async function open(model: SequenceModel): Promise<SequenceRecommender> {
  const params = model.initialise(new Random(3));
  const random = new Random(4);
  for (const { data } of Object.values(params))
    for (let i = 0; i < data.length; i++) data[i] = 0.5 * random.normal();
  return SequenceRecommender.create(captured, model, params, await captured.createState(params));
}

const random = new Random(5);
const histories = [
  ...Array.from({ length: 6 }, () =>
    Uint32Array.from({ length: 1 + random.int(12) }, () => random.int(itemCount)),
  ),
  new Uint32Array(0),
  Uint32Array.of(itemCount + 7), // of an item without interactions
];

describe('retrieval', () => {
  for (const model of [sasRec(options), bert4Rec(options)]) {
    it(`of ${model.name} in the graph gives what a look at all scores gives`, async () => {
      const recommender = await open(model);
      assert.ok(recommender.best(histories, 10));
      const plain = {
        itemCount,
        batchSize: 3,
        scoreBatch: recommender.scoreBatch.bind(recommender),
      };
      // Without what they know already, the best of all included.
      const [first] = await bestItems(plain, histories, 3);
      const asked = [...histories, Uint32Array.of(...histories[0]!, ...first!.map(({ item }) => item))];
      const expected = await bestItems(plain, asked, 10);
      const actual = await bestItems(recommender, asked, 10);
      const codes = (lists: typeof actual) => lists.map((list) => list.map(({ item }) => item));
      assert.deepEqual(codes(actual), codes(expected));
      assert.ok(Math.abs(actual[0]![4]!.score - expected[0]![4]!.score) < 1e-5);
      await recommender.dispose();
    });

    it(`of ${model.name} by an index finds nearly all of them, and keeps the index`, async function () {
      this.timeout(20_000);
      const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-search-'));
      const small = { ...options, itemCount: 2000 };
      const recommender = await open(model.bidirectional ? bert4Rec(small) : sasRec(small));
      const known = histories.map((history) => history.map((item) => item % 2000));
      const exact = await bestItems(recommender, known, 10);
      for (const which of ['built', 'loaded']) {
        const search = await ApproximateSearch.build(recommender, folder);
        const found = await search.best(known, 10);
        let hits = 0;
        for (let row = 0; row < 6; row++) {
          const wanted = new Set(exact[row]!.map(({ item }) => item));
          hits += found[row]!.filter(({ item }) => wanted.has(item)).length;
        }
        assert.ok(hits >= 54, `${which}: ${hits} of 60`);
        assert.ok(Math.abs(found[0]![0]!.score - exact[0]![0]!.score) < 1e-4);
        assert.equal(found[6]!.length, 10);
      }
      assert.equal((await fs.readdir(path.join(folder, 'search'))).length, 1);
      await recommender.dispose();
      await fs.rm(folder, { recursive: true });
    });
  }
});
