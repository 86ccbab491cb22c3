import type { Progress, ReportProgress } from '../shared/progress.ts';

/**
 * Lets through at most one report each `everyMs`, so that a reader that reports each thousand rows does not flood
 * the channel. A change of message always passes, and `flush` sends the last report held back.
 */
export function steadyProgress(
  send: ReportProgress,
  everyMs = 50,
): { report: ReportProgress; flush(): void } {
  let last = -Infinity;
  let message = '';
  let held: Progress | undefined;
  const pass = (progress: Progress) => {
    last = performance.now();
    message = progress.message;
    held = undefined;
    send(progress);
  };
  return {
    report(progress) {
      if (progress.message === message && performance.now() - last < everyMs) {
        held = progress;
        return;
      }
      // The end of one phase is told before the next begins.
      if (held && progress.message !== message) pass(held);
      pass(progress);
    },
    flush() {
      if (held) pass(held);
    },
  };
}
