import assert from 'node:assert/strict';
import { EngineRetriever } from '../../../src/service/engine-retriever.ts';
import type { EngineConnection } from '../../../src/service/protocol.ts';
import { retrievalAttributes } from '../../../src/service/requests/model.ts';
import { UsageError } from '../../../src/shared/errors.ts';

interface Asked {
  readonly attribute: string | null;
  readonly k: number;
  readonly queries: readonly ({ user: number } | { history: number[] })[];
}

/** An engine whose answer to user u is item u; it knows ten users. */
function engine(): { connection: EngineConnection; asked: Asked[] } {
  const asked: Asked[] = [];
  const connection = {
    async request(definition: unknown, params: Asked) {
      if (definition === retrievalAttributes) return { attributes: [null, 'genre'] };
      asked.push(params);
      const items = params.queries.map((query) => ('user' in query ? query.user : query.history[0]!));
      if (items.some((item) => item >= 10)) throw new UsageError('unknown-user', 'No such user.', '');
      return { lists: items.map((item) => [{ item, id: `i${item}`, title: '', score: 1 }]), seconds: 0 };
    },
    onNotification: () => ({ dispose: () => undefined }),
    dispose: () => undefined,
  } as unknown as EngineConnection;
  return { connection, asked };
}

const options = { workspace: '/w', dataset: 'd', model: 'base' };

describe('retrieval through the engine', () => {
  it('answers what is asked at once by one batch for each attribute and K', async () => {
    const { connection, asked } = engine();
    const retriever = await EngineRetriever.open(connection, options);
    assert.deepEqual(retriever.attributes, [null, 'genre']);
    const lists = await Promise.all([
      retriever.retrieve({ user: 3 }, null, 5),
      retriever.retrieve({ history: [7, 1] }, null, 5),
      retriever.retrieve({ user: 4 }, 'genre', 5),
      retriever.retrieve({ user: 5 }, null, 6),
    ]);
    assert.deepEqual(
      lists.map((list) => list[0]!.item),
      [3, 7, 4, 5],
    );
    assert.deepEqual(
      asked.map(({ attribute, k, queries }) => [attribute, k, queries.length]),
      [
        [null, 5, 2],
        ['genre', 5, 1],
        [null, 6, 1],
      ],
    );
  });

  it('lets a bad query fail alone, and leaves out one that was cancelled', async () => {
    const { connection, asked } = engine();
    const retriever = await EngineRetriever.open(connection, options);
    const cancelled = AbortSignal.abort();
    const [good, bad, gone] = await Promise.allSettled([
      retriever.retrieve({ user: 1 }, null, 5),
      retriever.retrieve({ user: 99 }, null, 5),
      retriever.retrieve({ user: 2 }, null, 5, cancelled),
    ]);
    assert.equal(good!.status, 'fulfilled');
    assert.equal((bad as PromiseRejectedResult).reason.code, 'unknown-user');
    assert.equal((gone as PromiseRejectedResult).reason.code, 'cancelled');
    assert.equal(asked[0]!.queries.length, 2);
  });
});
