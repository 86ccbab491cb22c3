type WithReason = { skipReason?: string };

/**
 * Skips the running test (or, from a `before` hook, its whole suite) and keeps the reason for the list that
 * `npm test` prints: `skip(this, 'needs MovieLens: ../shared/data is absent')`.
 */
export function skip(context: Mocha.Context, reason: string): never {
  const runnable = context.runnable();
  // A beforeEach hook skips its one test; a before hook, everything in its suite.
  const isHook = (runnable as { type?: string }).type === 'hook';
  const holder = isHook && !/each/.test(runnable.title) ? runnable.parent : (context.currentTest ?? runnable);
  if (holder) (holder as WithReason).skipReason = reason;
  return context.skip();
}
