import type { Worker } from 'node:worker_threads';
import { fromDetail, ToolRecError } from '../../shared/errors.ts';
import { startThread } from '../../shared/thread.ts';
import type { ReportAnswers, ReportJob } from './report-job.ts';
import type { ReportReply, ReportRequest } from './report-worker.ts';

/** A thread that nobody has asked anything for so long is ended. */
const idleMs = 60_000;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Computes reports beside the extension host, which never waits for them. Starts when first asked. */
export class ReportThread {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;
  private idle: NodeJS.Timeout | undefined;

  /** @throws StorageError `no-experiment`, `damaged-plan`, `damaged-records`; ToolRecError `report-failed` */
  ask<Kind extends ReportJob['kind']>(
    job: ReportJob & { readonly kind: Kind },
  ): Promise<ReportAnswers[Kind]> {
    clearTimeout(this.idle);
    const worker = (this.worker ??= this.start());
    const number = ++this.last;
    const answer = new Promise<ReportAnswers[Kind]>((resolve, reject) => {
      this.waiting.set(number, { resolve: (value) => resolve(value as ReportAnswers[Kind]), reject });
    });
    worker.postMessage({ number, job } satisfies ReportRequest);
    return answer;
  }

  dispose(): void {
    clearTimeout(this.idle);
    const { worker } = this;
    this.worker = undefined;
    void worker?.terminate();
    this.lose('it was ended');
  }

  private start(): Worker {
    const worker = startThread('report-worker', import.meta.url);
    worker.unref();
    worker.on('message', (reply: ReportReply) => {
      const waiting = this.waiting.get(reply.number);
      this.waiting.delete(reply.number);
      if ('value' in reply) waiting?.resolve(reply.value);
      else waiting?.reject(fromDetail(reply.name, reply.error));
      if (this.waiting.size === 0) this.idle = setTimeout(() => this.dispose(), idleMs).unref();
    });
    const ended = (why: string) => {
      if (this.worker !== worker) return;
      this.worker = undefined;
      this.lose(why);
    };
    worker.on('error', (error) => ended(error.message));
    worker.on('exit', () => ended('it ended'));
    return worker;
  }

  private lose(why: string): void {
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of lost)
      reject(new ToolRecError('report-failed', `The report could not be computed: ${why}.`, 'Try it again.'));
  }
}
