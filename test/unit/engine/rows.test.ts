import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import { groupRows, lookUp, rowGroupInputs, rowGroupSpecs } from '../../../src/engine/ops/rows.ts';
import { int32, type NamedTensors } from '../../../src/engine/program.ts';
import { Random } from '../../../src/shared/random.ts';
import { assertClose, captured, normal, reference, runOn } from './engines.ts';

describe('looking rows up', () => {
  const step = {
    name: 'lookup',
    inputs: {
      table: { dtype: 'float32' as const, shape: [40, 3] },
      codes: { dtype: 'int32' as const, shape: ['n'] },
      upstream: { dtype: 'float32' as const, shape: ['n', 3] },
      ...rowGroupSpecs('g'),
    },
    state: {},
    body: (inputs: NamedTensors) => {
      const f = (table: tf.Tensor) =>
        tf.sum(tf.mul(lookUp(table, inputs['codes']!, 'g', inputs), inputs['upstream']!));
      return { outputs: { gradient: tf.grad(f)(inputs['table']!) } };
    },
  };

  const lists: Record<string, (random: Random) => number[]> = {
    'all different': () => [3, 1, 2],
    'a single one': () => [5],
    'one code many times': () => Array.from({ length: 50 }, () => 7),
    'some frequent': (random) =>
      Array.from({ length: 300 }, () => Math.min(random.int(40), random.int(40), random.int(40))),
  };
  for (const [name, draw] of Object.entries(lists))
    it(`sums gradients by code: ${name}`, async () => {
      const random = new Random(name);
      const codes = draw(random);
      const upstream = normal(random, codes.length, 3);
      const expected = new Float32Array(40 * 3);
      codes.forEach((code, i) => {
        for (let j = 0; j < 3; j++) expected[code * 3 + j]! += upstream.data[i * 3 + j]!;
      });
      const feed = {
        table: normal(random, 40, 3),
        codes: int32(codes),
        upstream,
        ...rowGroupInputs('g', groupRows(Int32Array.from(codes))),
      };
      for (const engine of [reference, captured]) {
        const [out] = (await runOn(engine, step, {}, [feed])).outputs;
        assertClose(
          out!['gradient']!,
          { dtype: 'float32', shape: [40, 3], data: expected },
          1e-5,
          engine.device,
        );
      }
    });

  it('leaves out positions with a negative code', () => {
    const groups = groupRows(Int32Array.of(4, -1, 4, 2));
    assert.deepEqual([...groups.codes.data], [2, 4]);
    assert.deepEqual([...groups.first.data], [3, 4, 4, 4, 0, 2, 4, 4, 4, 4, 4, 4]);
  });
});
