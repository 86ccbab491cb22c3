import { parentPort } from 'node:worker_threads';
import { type ErrorDetail, ToolRecError } from '../../shared/errors.ts';
import { doReportJob, type ReportJob } from './report-job.ts';

/** Entry of the thread that computes reports (dist/report-worker.mjs): one reply to each request, in their order. */
export interface ReportRequest {
  readonly number: number;
  readonly job: ReportJob;
}
export type ReportReply = { readonly number: number } & (
  { readonly value: unknown } | { readonly name: string; readonly error: ErrorDetail }
);

let before: Promise<unknown> = Promise.resolve();

parentPort?.on('message', ({ number, job }: ReportRequest) => {
  before = before
    .then(() => doReportJob(job))
    .then(
      (value) => reply({ number, value }),
      (error: unknown) =>
        reply(
          error instanceof ToolRecError
            ? { number, name: error.name, error: error.toDetail() }
            : {
                number,
                name: 'ToolRecError',
                error: { code: 'internal', message: String(error), remedy: 'See the log.' },
              },
        ),
    );
});

function reply(message: ReportReply): void {
  parentPort!.postMessage(message);
}
