import type { Worker } from 'node:worker_threads';
import { CancelledError, EngineError, InputError } from '../../../shared/errors.ts';
import { startThread } from '../../../shared/thread.ts';
import { asSourceError } from '../../sources/failures.ts';
import type { ParquetRequest } from './parquet-decode.ts';
import type { ParquetReply } from './parquet-worker.ts';

/** The decoder's heap; a row group of a million rows takes a few hundred MB. */
const heapMegabytes = 4096;

const startMilliseconds = 30_000;
const options = { resourceLimits: { maxOldGenerationSizeMb: heapMegabytes } };

/** A worker that has loaded its code: how long that takes must not count against the file. */
async function startWorker(): Promise<Worker> {
  const worker = startThread('parquet-worker', import.meta.url, options);
  // Whatever happens to it while it waits shows in the next request; without a listener it would end the process.
  worker.on('error', () => undefined).on('exit', () => (idle = idle === worker ? undefined : idle));
  const { answered, reply } = await waitFor(worker, undefined, startMilliseconds, undefined);
  if (answered) return worker;
  await worker.terminate();
  throw new EngineError(
    'parquet-decoder',
    `The decoder of Parquet files could not be started${'failure' in reply ? `: ${reply.failure}` : ''}.`,
    'Install ToolRec again, or convert the file to CSV.',
  );
}

let idle: Worker | undefined;

/**
 * Asks a decoder thread for something. The thread is kept for the next request and does not keep the process
 * alive; it is ended when it takes more than `patience` milliseconds, runs out of memory or is cancelled.
 * @param name the file as a person knows it
 * @throws InputError `damaged-parquet`, CancelledError
 */
export async function askParquet<T>(
  request: ParquetRequest,
  name: string,
  patience: number,
  signal?: AbortSignal,
): Promise<T> {
  if (signal?.aborted) throw new CancelledError('The import');
  const warm = idle;
  idle = undefined;
  const worker = warm ?? (await startWorker());
  worker.ref();
  const outcome = await waitFor(worker, request, patience, signal);
  if (outcome.answered) {
    // A later request finds it warm; two at once are rare, and the second then starts its own.
    if (idle) await worker.terminate();
    else idle = worker;
    worker.unref();
  } else await worker.terminate();
  if (signal?.aborted) throw new CancelledError('The import');
  const { reply } = outcome;
  if ('value' in reply) return reply.value as T;
  if (reply.code !== undefined && /^E[A-Z]+$/.test(reply.code)) throw asSourceError(reply, name);
  throw new InputError(
    'damaged-parquet',
    `The Parquet file cannot be read: ${reply.failure}.`,
    'Write or download it again. Encrypted files are not supported.',
    { place: { file: name } },
  );
}

interface Outcome {
  /** The thread replied and can take another request. */
  readonly answered: boolean;
  readonly reply: ParquetReply;
}

async function waitFor(
  worker: Worker,
  request: ParquetRequest | undefined,
  patience: number,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  let settle: (outcome: Outcome) => void = () => undefined;
  const settled = new Promise<Outcome>((resolve) => (settle = resolve));
  const lost = (failure: string): void => settle({ answered: false, reply: { failure } });
  const onMessage = (reply: ParquetReply): void => settle({ answered: true, reply });
  const onError = (error: Error): void => lost(error.message);
  const onExit = (): void => lost('the decoder ended');
  const onAbort = (): void => lost('cancelled');
  const timer = setTimeout(() => lost('decoding it does not come to an end'), patience);
  signal?.addEventListener('abort', onAbort, { once: true });
  worker.on('message', onMessage).on('messageerror', onError).on('error', onError).on('exit', onExit);
  try {
    if (request) worker.postMessage(request);
    return await settled;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    worker.off('message', onMessage).off('messageerror', onError).off('error', onError).off('exit', onExit);
  }
}
