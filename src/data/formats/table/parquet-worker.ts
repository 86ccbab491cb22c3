import { parentPort } from 'node:worker_threads';
import { describeParquet, readParquet, type ParquetRequest } from './parquet-decode.ts';

/** Entry of the thread that decodes Parquet (dist/parquet-worker.mjs): one request at a time, one reply each,
 * after a first message that it is ready. */
export type ParquetReply = { readonly value: unknown } | { readonly failure: string; readonly code?: string };

parentPort?.on('message', (request: ParquetRequest) => {
  const answer: Promise<unknown> =
    request.kind === 'describe'
      ? describeParquet(request.path)
      : readParquet(request.path, request.columns, request.start, request.end);
  answer.then(
    (value) => reply({ value }),
    (error: unknown) => {
      const failure = error instanceof Error ? error.message : String(error);
      const code = (error as NodeJS.ErrnoException | undefined)?.code;
      reply(typeof code === 'string' ? { failure, code } : { failure });
    },
  );
});

// Tells that the code is loaded.
reply({ value: 'ready' });

function reply(message: ParquetReply): void {
  try {
    parentPort!.postMessage(message);
  } catch (error) {
    // A value that cannot be sent: none that a table could use.
    parentPort!.postMessage({ failure: String(error) } satisfies ParquetReply);
  }
}
