import assert from 'node:assert/strict';
import { endOfPart, trainingBatch, trainingParts } from '../../../src/recommender/batches.ts';
import { parseTrainingConfig } from '../../../src/recommender/config.ts';
import { lossOf } from '../../../src/recommender/losses.ts';
import { buildModel } from '../../../src/recommender/models/build.ts';
import { Random } from '../../../src/shared/random.ts';

const itemCount = 40;
const config = parseTrainingConfig({ model: 'bert4rec', hidden: 8, inner: 8, maxLength: 6, maskRatio: 0.2 });
const model = buildModel(config, itemCount);
const loss = lossOf(config, itemCount);
/** Sequence s holds the items 10 s, 10 s + 1, … */
const sequences = [9, 2, 5].map((length, s) => Uint32Array.from({ length }, (_, t) => 10 * s + t));

function batchOf(lastItemRatio: number, seed: number) {
  const random = new Random(seed);
  const { inputs } = trainingBatch(model, loss, { ...config, lastItemRatio }, sequences, random);
  const [count, length] = inputs['masked']!.shape as [number, number];
  const rows = Array.from({ length: count }, (_, s) => {
    const at = (name: string) => [...inputs[name]!.data.slice(s * length, (s + 1) * length)].map(Number);
    return { seen: inputs['lengths']!.data[s]!, items: at('items'), masked: at('masked') };
  });
  const targets = new Map<number, number>();
  inputs['rows']!.data.forEach((row, i) => targets.set(Number(row), Number(inputs['targets']!.data[i])));
  return { rows, targets, length };
}

describe('batches of a bidirectional model', () => {
  it('with a last-item ratio of 1 end at a hidden item, at every place that there is', () => {
    const ends = sequences.map(() => new Set<number>());
    for (let seed = 0; seed < 200; seed++) {
      const { rows, targets, length } = batchOf(1, seed);
      rows.forEach(({ seen, items, masked }, s) => {
        const last = s * length + seen - 1;
        assert.equal(masked[seen - 1], 1);
        const end = targets.get(last)! - 10 * s; // place in the sequence
        ends[s]!.add(end);
        // The items before it, in order, none after.
        for (let t = 0; t < seen; t++)
          if (masked[t] === 0) assert.equal(items[t], 10 * s + end - (seen - 1) + t);
        for (let t = seen; t < length; t++) assert.equal(targets.has(s * length + t), false);
        assert.equal(seen, Math.min(config.maxLength, end + 1));
      });
    }
    // Two items at least; the last of all may be the end too.
    assert.deepEqual(
      ends.map((each) => [...each].sort((a, b) => a - b)),
      sequences.map(({ length }) => Array.from({ length: length - 1 }, (_, t) => t + 1)),
    );
  });

  it('with a ratio of 0 hold whole sequences, as they did before there was one', () => {
    const plain = trainingBatch(model, loss, { maskRatio: config.maskRatio }, sequences, new Random(7));
    const zero = trainingBatch(model, loss, config, sequences, new Random(7));
    assert.deepEqual(zero, plain);
    assert.deepEqual([...zero.inputs['lengths']!.data], [6, 2, 5]);
  });
});

describe('parts of long histories', () => {
  const causal = buildModel(parseTrainingConfig({ hidden: 8, inner: 8, maxLength: 6 }), itemCount);
  const long = [1, 2, 7, 8, 20].map((length) => Uint32Array.from({ length }, (_, t) => t));

  it('are the latest items alone, or as many windows as cover the history', () => {
    const windows = (of: typeof causal, which: 'latest' | 'all') => {
      const parts = trainingParts(of, long, which);
      return long.map((_, sequence) => parts.filter((part) => part.sequence === sequence).length);
    };
    assert.deepEqual(windows(causal, 'latest'), [1, 1, 1, 1, 1]);
    // 7 items have 6 targets, 20 have 19.
    assert.deepEqual(windows(causal, 'all'), [1, 1, 1, 2, 4]);
    assert.deepEqual(windows(model, 'all'), [1, 1, 2, 2, 4]);
  });

  it('lie anywhere in the history, as wide as the model sees, and all of it is seen in the end', () => {
    for (const of of [causal, model]) {
      const sequence = long[4]!;
      const parts = trainingParts(of, [sequence], 'all');
      const targets = new Set<number>();
      for (let seed = 0; seed < 100; seed++) {
        const random = new Random(seed);
        const ends = parts.map((part) => endOfPart(of, sequence, part, random));
        assert.equal(ends[0], 20);
        const batch = trainingBatch(
          of,
          loss,
          config,
          parts.map(() => sequence),
          random,
          ends,
        );
        assert.deepEqual([...batch.inputs['lengths']!.data], [6, 6, 6, 6]);
        for (const target of batch.inputs['targets']!.data) targets.add(Number(target));
      }
      // A causal model never has the first item to guess.
      assert.equal(targets.size, of.bidirectional ? 20 : 19);
    }
  });
});
