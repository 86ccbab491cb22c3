// @ts-check
// `npm ci` when it is needed: node_modules is absent, or does not hold what package-lock.json says.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root, run } from './process.mjs';

/** @typedef {Record<string, { version?: string, optional?: boolean, link?: boolean }>} Packages */

/** @param {string} file @returns {Packages | undefined} */
function packages(file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Whether node_modules holds every package of the lock file in its version. Optional ones may be absent. */
export function isInstalled() {
  const wanted = packages('package-lock.json');
  const present = packages('node_modules/.package-lock.json');
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(
    ([place, { version, optional, link }]) =>
      place === '' || link || (present[place] ? present[place].version === version : optional === true),
  );
}

/**
 * Installs the project's packages unless they are there.
 * @param {(line: string) => void} log
 * @throws Error when npm fails
 */
export async function ensureInstalled(log = console.log) {
  if (isInstalled()) return;
  log('Installing packages from the npm registry (npm ci): under a minute, once.');
  const { code, output } = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    output: 'hide',
  });
  if (code !== 0) throw new Error(`npm ci failed (${code}):\n${output.trim().slice(-3000)}`);
}

/**
 * Builds every bundle.
 * @throws Error with esbuild's messages
 */
export async function build() {
  const { code, output } = await run(process.execPath, ['esbuild.mjs'], { output: 'hide' });
  if (code !== 0) throw new Error(`The build failed (${code}):\n${output.trim()}`);
}
