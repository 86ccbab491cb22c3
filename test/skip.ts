import mocha from 'mocha';

type WithReason = { skipReason?: string; parent?: WithReason };

// Files that run side by side report from processes of their own, and mocha sends only the fields that it knows.
const test = mocha.Test.prototype as unknown as { serialize(): object } & WithReason;
const serialize = test.serialize;
test.serialize = function (this: WithReason & { serialize(): object }) {
  return { ...serialize.call(this), skipReason: reasonOf(this) };
};

function reasonOf(holder: WithReason | undefined): string | undefined {
  return holder && (holder.skipReason ?? reasonOf(holder.parent));
}

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
