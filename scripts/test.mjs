// @ts-check
// npm test [-- <layer> …]: every layer of tests, or those named (check, unit, system, integration, e2e).
//
// Starts from a fresh clone: installs the packages, and for integration and e2e the VS Code host and Chromium
// (host/install.mjs), if they are missing. After each layer it prints how many passed, failed and were skipped,
// and as its last line the same over all. A layer that cannot run is named with the reason; under CI=true that
// is a failure. TOOLREC_GREP runs only the tests whose titles match. Exit code 1 if anything failed, 2 for an unknown layer.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build, ensureInstalled } from './install.mjs';
import { root, run } from './process.mjs';

/**
 * @typedef {{ title: string, message: string }} Failure
 * @typedef {{ title: string, reason: string }} Skipped
 * @typedef {{ passed: number, failures: Failure[], skipped: Skipped[], retried?: Failure[] }} Results
 */

/** Mocha in plain Node, without the specs of .mocharc.json. */
const plainMocha = ['--no-config', '--import=tsx', '--timeout', '30000', '--parallel', '--jobs', '3'];

/** A layer's host is missing: it did not run, for the reason that the message gives. */
class NoHost extends Error {}

const layers = {
  check: { needsBuild: false, run: runCheck },
  unit: { needsBuild: false, run: () => runMocha('unit', []) },
  system: { needsBuild: true, run: () => runMocha('system', [...plainMocha, 'test/system/**/*.test.ts']) },
  integration: { needsBuild: true, run: runIntegrationLayer },
  e2e: { needsBuild: true, run: runEndToEnd },
};

/** @param {string[]} names */
async function main(names) {
  const unknown = names.find((name) => !Object.hasOwn(layers, name));
  if (unknown !== undefined) {
    console.error(`test: there is no layer "${unknown}"; there are: ${Object.keys(layers).join(', ')}`);
    return 2;
  }
  const chosen = Object.entries(layers).filter(([name]) => names.length === 0 || names.includes(name));
  const total = { passed: 0, failed: 0, skipped: 0 };
  /** @type {string[]} */
  const notRun = [];
  let problem;
  try {
    await ensureInstalled();
    if (chosen.some(([, { needsBuild }]) => needsBuild)) await build();
  } catch (error) {
    problem = describe(error);
    total.failed++;
  }
  if (problem !== undefined) console.error(`\n${problem}`);
  else
    for (const [name, layer] of chosen) {
      console.log(`\n== ${name}`);
      const started = performance.now();
      /** @type {Results | undefined} */
      const results = await layer.run().catch((error) => {
        if (error instanceof NoHost) {
          notRun.push(`${name} did not run: ${error.message}`);
          return undefined;
        }
        console.error(describe(error));
        return {
          passed: 0,
          failures: [{ title: `the ${name} layer`, message: describe(error) }],
          skipped: [],
        };
      });
      if (results === undefined) continue;
      for (const { title, reason } of results.skipped) console.log(`skipped: ${title}: ${reason}`);
      for (const { title, message } of results.retried ?? [])
        console.log(`unsteady: ${title}: the first try failed: ${message}`);
      const counts = {
        passed: results.passed,
        failed: results.failures.length,
        skipped: results.skipped.length,
      };
      console.log(`${name}: ${line(counts)} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
      total.passed += counts.passed;
      total.failed += counts.failed;
      total.skipped += counts.skipped;
    }
  if (notRun.length) {
    console.log(`\n${notRun.join('\n')}`);
    if (isContinuousIntegration()) {
      console.log('Under CI=true a layer that does not run has failed.');
      total.failed += notRun.length;
    }
  }
  console.log(`\n${line(total)}`);
  return total.failed ? 1 : 0;
}

/** @param {{ passed: number, failed: number, skipped: number }} counts */
function line({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

const isContinuousIntegration = () => !['', '0', 'false'].includes((process.env['CI'] ?? '').toLowerCase());
const describe = (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error));

/** @returns {Promise<Results>} */
async function runCheck() {
  const { check } = await import('./check.mjs');
  const { passed, failed } = await check();
  const failures = Array.from({ length: failed }, () => ({ title: 'check', message: 'see above' }));
  return { passed, failures, skipped: [] };
}

/**
 * Runs mocha in a process of its own, with the configuration of .mocharc.json (unit) or of this layer alone.
 * @param {string} name @param {readonly string[]} args @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<Results>}
 */
function runMocha(name, args, env = {}) {
  const mocha = path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const reporter = path.join(root, 'test', 'reporter.cjs');
  return withResults(async (file) => {
    const grep = process.env['TOOLREC_GREP'] ? ['--grep', process.env['TOOLREC_GREP']] : [];
    const { code } = await run(process.execPath, [mocha, '--reporter', reporter, ...grep, ...args], {
      env: { ...env, TOOLREC_TEST_RESULTS: file },
    });
    if (code !== 0 && !existsSync(file))
      throw new Error(`mocha ended with ${code} before the ${name} tests did.`);
  });
}

/**
 * Gives `work` a file for test/reporter.cjs to write, and returns what stands in it.
 * @param {(file: string) => Promise<void>} work
 * @returns {Promise<Results>}
 */
async function withResults(work) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'toolrec-results-'));
  const file = path.join(folder, 'results.json');
  try {
    await work(file);
    if (!existsSync(file)) throw new Error('The tests ended without a result.');
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The VS Code host and Chromium, installed if need be. @throws NoHost */
async function hosts() {
  const { ensureChromium, ensureHost } = await import('./host/install.mjs');
  try {
    return { host: await ensureHost(), chromium: await ensureChromium() };
  } catch (error) {
    throw new NoHost(describe(error));
  }
}

async function runIntegrationLayer() {
  const { findDesktop, runIntegration } = await import('./test-integration.mjs');
  if (!findDesktop()) await hosts();
  return withResults(runIntegration);
}

async function runEndToEnd() {
  const { host, chromium } = await hosts();
  const { createPackage } = await import('./package.mjs');
  const { file, bytes } = await createPackage({ out: path.join(root, 'out', 'toolrec.vsix') });
  console.log(`packaged: ${path.relative(root, file)} (${(bytes / 2 ** 20).toFixed(1)} MiB)`);
  const screenshots = path.join(root, 'out', 'screenshots');
  mkdirSync(screenshots, { recursive: true });
  // A real browser on a busy machine: each test has a second try, and a test that needed it is named.
  const patience = ['--timeout', '120000', '--retries', '1'];
  const args = ['--no-config', '--import=tsx', ...patience, '--require', 'test/e2e/hooks.ts'];
  const results = await runMocha('e2e', [...args, 'test/e2e/**/*.spec.ts'], {
    TOOLREC_E2E_HOST: JSON.stringify(host),
    TOOLREC_E2E_VSIX: file,
    CHROMIUM: chromium,
  });
  console.log(`screenshots: ${path.relative(root, screenshots)}`);
  return results;
}

process.exitCode = await main(process.argv.slice(2));
