// The reporter of every mocha layer: prints as `spec` does, lists what was skipped and why (test/skip.ts), and
// writes the outcome as JSON to the file that TOOLREC_TEST_RESULTS names, for scripts/test.mjs to add up.
const fs = require('node:fs');
const { reporters, Runner } = require('mocha');

const { EVENT_RUN_END, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING, EVENT_TEST_RETRY } =
  Runner.constants;

module.exports = class ResultsReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const results = { passed: 0, failures: [], skipped: [], retried: [] };
    runner.on(EVENT_TEST_PASS, () => results.passed++);
    runner.on(EVENT_TEST_FAIL, (test, error) =>
      results.failures.push({ title: test.fullTitle(), message: error?.stack ?? String(error) }),
    );
    runner.on(EVENT_TEST_RETRY, (test, error) =>
      results.retried.push({ title: test.fullTitle(), message: error?.stack ?? String(error) }),
    );
    runner.on(EVENT_TEST_PENDING, (test) =>
      results.skipped.push({ title: test.fullTitle(), reason: reasonOf(test) }),
    );
    runner.once(EVENT_RUN_END, () => {
      const file = process.env.TOOLREC_TEST_RESULTS;
      if (!file) return;
      fs.writeFileSync(`${file}.part`, JSON.stringify(results));
      fs.renameSync(`${file}.part`, file);
    });
  }
};

/** The reason given to `skip` in the test, or in a hook of a suite it stands in. */
function reasonOf(test) {
  for (let at = test; at; at = at.parent) if (at.skipReason) return at.skipReason;
  return 'no reason given';
}
