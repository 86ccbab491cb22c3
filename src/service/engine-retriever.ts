import type { RetrievalQuery, RetrievalSource, RetrievedItem, Retriever } from '../data/retriever.ts';
import { CancelledError, UsageError } from '../shared/errors.ts';
import type { EngineConnection } from './protocol.ts';
import { retrievalAttributes, retrieveItems } from './requests/model.ts';

export interface EngineRetrieverOptions {
  readonly workspace: string;
  readonly dataset: string;
  /** Id of the trained backbone, or a floor model by name. */
  readonly model: string;
  /** Ids of the attribute tools, so that they stay the same ones; the latest of each attribute when absent. */
  readonly tools?: RetrievalSource['tools'];
  readonly source?: RetrievalSource;
  /** A floor model that gives neighbours; none when absent. */
  readonly neighbours?: string;
  /** What is predicted for users: nothing of that part or later is seen. */
  readonly before?: 'validation' | 'test' | 'end';
}

/**
 * The agent's retrieval tools (paper 3.3.2) from trained models that stay in the engine. Calls that come in the same
 * turn of the event loop with the same attribute and K are answered by one batch.
 */
export class EngineRetriever implements Retriever {
  readonly attributes: readonly (string | null)[];
  readonly source?: RetrievalSource;
  readonly neighbours?: NonNullable<Retriever['neighbours']>;
  private readonly connection: Pick<EngineConnection, 'request'>;
  private readonly options: EngineRetrieverOptions;
  private readonly waiting = new Map<string, Waiting[]>();

  private constructor(
    connection: Pick<EngineConnection, 'request'>,
    options: EngineRetrieverOptions,
    attributes: readonly (string | null)[],
  ) {
    this.connection = connection;
    this.options = options;
    this.attributes = attributes;
    if (options.source) this.source = options.source;
    const { neighbours } = options;
    if (neighbours !== undefined)
      this.neighbours = async (query, k, signal) => {
        const found = await this.enqueue({ model: neighbours, attribute: null }, query, k, signal);
        return found.filter(({ score }) => score > 0); // what has no evidence comes last, below zero
      };
  }

  /** @throws StorageError `no-model` */
  static async open(
    connection: Pick<EngineConnection, 'request'>,
    options: EngineRetrieverOptions,
  ): Promise<EngineRetriever> {
    const { workspace, model, tools } = options;
    if (tools)
      return new EngineRetriever(connection, options, [null, ...tools.map(({ attribute }) => attribute)]);
    const { attributes } = await connection.request(retrievalAttributes, { workspace, model });
    return new EngineRetriever(connection, options, attributes);
  }

  async retrieve(
    query: RetrievalQuery,
    attribute: string | null,
    k: number,
    signal?: AbortSignal,
  ): Promise<readonly RetrievedItem[]> {
    return this.enqueue(this.modelFor(attribute), query, k, signal);
  }

  private enqueue(
    from: Source,
    query: RetrievalQuery,
    k: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly RetrievedItem[]> {
    return new Promise((resolve, reject) => {
      const key = JSON.stringify([from.model, from.attribute, k]);
      const batch = this.waiting.get(key);
      const entry = { query, signal, resolve, reject };
      if (batch) batch.push(entry);
      else {
        this.waiting.set(key, [entry]);
        setImmediate(() => void this.answer(key, from, k));
      }
    });
  }

  private async answer(key: string, from: Source, k: number): Promise<void> {
    const all = this.waiting.get(key) ?? [];
    this.waiting.delete(key);
    const batch = all.filter(({ signal, reject }) => {
      if (signal?.aborted) reject(new CancelledError('The retrieval'));
      return !signal?.aborted;
    });
    if (batch.length === 0) return;
    try {
      const lists = await this.ask(batch, from, k);
      batch.forEach(({ resolve }, i) => resolve(lists[i]!));
    } catch (error) {
      if (batch.length === 1) batch[0]!.reject(error);
      // One bad query is not the others' fault.
      else
        for (const each of batch)
          await this.ask([each], from, k).then(([list]) => each.resolve(list!), each.reject);
    }
  }

  private async ask(
    batch: readonly Waiting[],
    from: Source,
    k: number,
  ): Promise<readonly (readonly RetrievedItem[])[]> {
    const { workspace, dataset, before = 'test' } = this.options;
    const queries = batch.map(({ query }) =>
      query.user === undefined ? { history: [...query.history] } : { user: query.user },
    );
    const params = { workspace, dataset, ...from, k, before, queries };
    return (await this.connection.request(retrieveItems, params)).lists;
  }

  /** @throws UsageError `no-tool` */
  private modelFor(attribute: string | null): Source {
    const { model, tools } = this.options;
    if (attribute === null || !tools) return { model, attribute };
    const tool = tools.find((each) => each.attribute === attribute);
    if (tool) return { model: tool.model, attribute: null };
    throw new UsageError(
      'no-tool',
      `“${model}” has no retrieval tool for the attribute “${attribute}”.`,
      `Train one: toolrec train … --backbone ${model} --attribute ${attribute}.`,
    );
  }
}

/** What the engine is asked for. */
interface Source {
  readonly model: string;
  readonly attribute: string | null;
}

interface Waiting {
  readonly query: RetrievalQuery;
  readonly signal: AbortSignal | undefined;
  resolve(items: readonly RetrievedItem[]): void;
  reject(error: unknown): void;
}
