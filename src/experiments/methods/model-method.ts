import { retrieveItems } from '../../service/requests/model.ts';
import type { Method, MethodTask, MethodWorld } from '../method.ts';
import type { ChosenModel } from './definition.ts';

interface Waiting {
  readonly task: MethodTask;
  resolve(items: readonly number[]): void;
  reject(error: unknown): void;
}

/** Users ranked by one request; more wait for the next. */
const batch = 256;

/**
 * A recommender by itself: the N best of its full ranking over all items. Users that wait at the same time are ranked
 * in one batch. Items of the history are left out when the protocol masks them.
 */
export function modelMethod(model: ChosenModel, detail: string, world: MethodWorld): Method {
  let waiting: Waiting[] = [];
  const answer = async () => {
    const now = waiting;
    waiting = [];
    try {
      const { lists } = await world.engine.request(retrieveItems, {
        workspace: world.workspace.folder,
        dataset: world.dataset.name,
        model: model.id,
        queries: now.map(({ task }) => ({ user: task.user.code })),
        before: world.part,
        k: now[0]!.task.n,
        maskSeen: world.maskHistory,
      });
      now.forEach(({ resolve }, i) => resolve(lists[i]!.map(({ item }) => item)));
    } catch (error) {
      for (const { reject } of now) reject(error);
    }
  };
  const { view } = model;
  return {
    detail,
    concurrency: batch,
    ...(view
      ? {
          size: {
            trainable: view.parameters.trainable,
            parameters: view.parameters.total,
            flops: view.flops,
          },
        }
      : {}),
    provenance: { model: model.hash },
    async recommend(task) {
      const items = await new Promise<readonly number[]>((resolve, reject) => {
        if (waiting.push({ task, resolve, reject }) === 1) setImmediate(() => void answer());
      });
      return { items };
    },
  };
}
