import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import { Dimensions } from '../../../src/engine/capture/dimensions.ts';
import { recordGraph } from '../../../src/engine/capture/record.ts';
import { float32, type NamedTensors, type TensorSpec } from '../../../src/engine/program.ts';
import type { EngineError } from '../../../src/shared/errors.ts';
import { captured, runOn } from './engines.ts';

const openMatrix: Record<string, TensorSpec> = { x: { dtype: 'float32', shape: ['m', 3] } };

async function codeOf(body: (inputs: NamedTensors) => NamedTensors): Promise<string> {
  try {
    await recordGraph('test', openMatrix, body);
  } catch (error) {
    // By its code: a test loader may have loaded the class twice.
    return `${(error as EngineError).code}: ${(error as EngineError).message}`;
  }
  return 'recorded';
}

describe('recording a graph', () => {
  it('refuses an operation without a kernel by its name', async () => {
    assert.match(await codeOf(({ x }) => ({ y: tf.cumsum(x!) })), /^not-capturable: .*Cumsum/);
  });

  it('refuses an operation without a gradient by its name', async () => {
    const code = await codeOf(({ x }) => ({
      y: tf.grad((z: tf.Tensor) => tf.sum(tf.cast(tf.greater(z, 0), 'float32')))(x!),
    }));
    assert.match(code, /^no-gradient: .*Greater/);
  });

  it('refuses to read values', async () => {
    assert.match(await codeOf(({ x }) => ({ y: tf.scalar(x!.dataSync()[0]!) })), /^data-while-capturing/);
  });

  it('refuses a number that hangs on the batch', async () => {
    const mean = ({ x }: NamedTensors) => ({ y: tf.mul(tf.sum(x!), 1 / x!.shape[0]!) });
    assert.match(await codeOf(mean), /^size-in-graph/);
    assert.match(
      await codeOf(({ x }) => ({ y: tf.add(x!, tf.ones([x!.shape[0]!, 1])) })),
      /^size-in-constant/,
    );
  });

  it('refuses a tensor from outside', async () => {
    await tf.setBackend('cpu');
    const outside = tf.keep(tf.tensor1d([1, 2, 3]));
    assert.match(await codeOf(({ x }) => ({ y: tf.add(x!, outside) })), /^foreign-tensor/);
    outside.dispose();
  });

  it('can be used again after a failure', async () => {
    assert.equal(await codeOf(({ x }) => ({ y: tf.neg(x!) })), 'recorded');
  });

  it('records equal operations once and drops what no output needs', async () => {
    const once = await recordGraph('a', openMatrix, ({ x }) => ({ y: tf.exp(x!) }));
    const more = await recordGraph('b', openMatrix, ({ x }) => {
      tf.log(x!);
      return { y: tf.add(tf.exp(x!), tf.exp(x!)) };
    });
    assert.equal(once.nodeCount, 1);
    assert.equal(more.nodeCount, 2);
  });

  it('names outputs even when they are inputs or the same value', async () => {
    const step = {
      name: 'same',
      inputs: openMatrix,
      state: {},
      body: ({ x }: NamedTensors) => {
        const y = tf.neg(x!);
        return { outputs: { a: y, b: y, c: x! } };
      },
    };
    const feed = { x: float32([1, 2, 3], [1, 3]) };
    const [out] = (await runOn(captured, step, {}, [feed])).outputs;
    assert.deepEqual([...out!['a']!.data], [-1, -2, -3]);
    assert.deepEqual([...out!['b']!.data], [-1, -2, -3]);
    assert.deepEqual([...out!['c']!.data], [1, 2, 3]);
  });
});

describe('stand-ins for open dimensions', () => {
  const dimensions = new Dimensions(['batch', 'length'], 0, [64]);
  const b = dimensions.standIn('batch');
  const l = dimensions.standIn('length');

  it('are read back from products', () => {
    assert.deepEqual(dimensions.read(b * l * 64), { factor: 64, dimensions: ['batch', 'length'] });
    assert.deepEqual(dimensions.read(l * l), { factor: 1, dimensions: ['length', 'length'] });
    assert.deepEqual(dimensions.read(640), { factor: 640, dimensions: [] });
  });

  it('never divide a size that is fixed', () => {
    assert.notEqual(new Dimensions(['batch'], 0, [b * 3]).standIn('batch'), b);
  });
});
