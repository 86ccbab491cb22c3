import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');

interface Results {
  readonly passed: number;
  readonly failures: readonly { readonly title: string; readonly message: string }[];
  readonly skipped: readonly { readonly title: string; readonly reason: string }[];
}

describe('scripts: the reporter of test results', () => {
  for (const parallel of [[], ['--parallel', '--jobs', '2']])
    it(`counts what passed, failed and was skipped, and why ${parallel.join(' ')}`, function () {
      this.timeout(60_000);
      const folder = mkdtempSync(path.join(os.tmpdir(), 'toolrec-test-'));
      try {
        const spec = path.join(folder, 'x.test.ts');
        const results = path.join(folder, 'results.json');
        writeFileSync(
          spec,
          `import { skip } from ${JSON.stringify(path.join(root, 'test/skip.ts'))};
        describe('outer', () => {
          it('passes', () => {});
          it('fails', () => { throw new Error('so'); });
          it('is skipped inside', function () { skip(this, 'no file'); });
          it.skip('is skipped outright', () => {});
          describe('suite', () => {
            before(function () { skip(this, 'no GPU'); });
            it('one', () => {});
            describe('inner', () => { it('two', () => {}); });
          });
          describe('each', () => {
            beforeEach(function () { if (this.currentTest?.title === 'three') skip(this, 'not three'); });
            it('three', () => {});
            it('four', () => {});
          });
        });`,
        );
        const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
        const reporter = path.join(root, 'test/reporter.cjs');
        const { status, stderr } = spawnSync(
          process.execPath,
          [mocha, '--no-config', '--import=tsx', '--reporter', reporter, ...parallel, spec],
          { cwd: root, encoding: 'utf8', env: { ...process.env, TOOLREC_TEST_RESULTS: results } },
        );
        assert.equal(status, 1, stderr);
        const { passed, failures, skipped } = JSON.parse(readFileSync(results, 'utf8')) as Results;
        assert.equal(passed, 2);
        assert.deepEqual(
          failures.map(({ title }) => title),
          ['outer fails'],
        );
        assert.match(failures[0]!.message, /^Error: so/);
        assert.deepEqual(skipped, [
          { title: 'outer is skipped inside', reason: 'no file' },
          { title: 'outer is skipped outright', reason: 'no reason given' },
          { title: 'outer suite one', reason: 'no GPU' },
          { title: 'outer suite inner two', reason: 'no GPU' },
          { title: 'outer each three', reason: 'not three' },
        ]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
});
