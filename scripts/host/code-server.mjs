// @ts-check
// Starts code-server (VS Code's workbench and extension host) and Chromium for tests and `npm run workbench`.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { endGroup, endWithParent, run } from '../process.mjs';

/** Settings of a quiet workbench: nothing opens by itself, nothing looks for updates. */
export const quietSettings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'git.enabled': false,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.showReleaseNotes': false,
  'window.restoreWindows': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/**
 * @typedef {object} ServerOptions
 * @property {import('./install.mjs').Host} host
 * @property {string} [userData] kept; without it a temporary one is made and deleted by `stop`
 * @property {string} [extensions] the same for the folder of installed extensions
 * @property {readonly string[]} [vsix] packages to install before the start
 * @property {Readonly<Record<string, unknown>>} [settings] on top of `quietSettings`, if there are none yet
 * @property {boolean} [testDriver] lets a page load an extension under development and report the end of its
 *   tests; suppresses notification toasts
 * @property {number} [port] 0, the default, takes any that is free
 * @property {boolean} [gallery] whether extensions can be looked for in the gallery; tests leave the network alone
 * @property {boolean} [signals] `false` leaves SIGINT and SIGTERM to the caller, who then must call `stop`
 */

/**
 * @typedef {object} Server
 * @property {number} port
 * @property {string} address `http://127.0.0.1:<port>`
 * @property {string} userData
 * @property {string} extensions
 * @property {(settings: Readonly<Record<string, unknown>>) => void} writeSettings replaces the person's settings
 * @property {() => string} log what the server has written so far
 * @property {Promise<string>} ended settles with the reason when it has gone
 * @property {() => Promise<void>} stop ends it and everything it started, and deletes what was temporary
 */

/**
 * Starts code-server and returns when it answers.
 * @param {ServerOptions} options
 * @returns {Promise<Server>}
 * @throws Error with the tail of its log if it does not answer within 60 s
 */
export async function startCodeServer({
  host,
  userData,
  extensions,
  vsix = [],
  settings = {},
  testDriver = false,
  port = 0,
  gallery = false,
  signals = true,
}) {
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'toolrec-host-'));
  const clear = () => rmSync(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  process.once('exit', clear); // also when a signal ends this process
  const user = userData ?? path.join(temporary, 'user');
  const installed = extensions ?? path.join(temporary, 'extensions');
  const settingsFile = path.join(user, 'User', 'settings.json');
  mkdirSync(path.dirname(settingsFile), { recursive: true });
  mkdirSync(installed, { recursive: true });
  const writeSettings = (/** @type {Readonly<Record<string, unknown>>} */ own) =>
    writeFileSync(settingsFile, `${JSON.stringify({ ...quietSettings, ...own }, null, 2)}\n`);
  try {
    writeFileSync(settingsFile, `${JSON.stringify({ ...quietSettings, ...settings }, null, 2)}\n`, {
      flag: 'wx',
    });
  } catch {
    // They exist: a person's own, which are kept.
  }
  const folders = ['--user-data-dir', user, '--extensions-dir', installed];
  const configuration = ['--config', path.join(temporary, 'config.yaml')];
  const env = hostEnvironment(gallery);
  const logFile = path.join(temporary, 'server.log');
  const log = () => readFileSync(logFile, 'utf8');
  try {
    for (const file of vsix) {
      const { code, output } = await run(
        host.node,
        [host.entry, ...configuration, ...folders, '--force', '--install-extension', file],
        { output: 'hide', env, timeoutSeconds: 120 },
      );
      if (code !== 0) throw new Error(`code-server could not install ${file} (${code}):\n${output.trim()}`);
    }
    const descriptor = openSync(logFile, 'a');
    const child = spawn(
      host.node,
      [
        host.entry,
        ...['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`],
        ...configuration,
        ...folders,
        ...['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'],
        '--disable-getting-started-override',
        ...(testDriver ? ['--vscode-option', 'enable-smoke-test-driver'] : []),
      ],
      { env, stdio: ['ignore', descriptor, descriptor], detached: true },
    );
    closeSync(descriptor);
    const release = endWithParent(child, { signals });
    /** @type {string | undefined} */
    let reason;
    /** @type {Promise<string>} */
    const ended = new Promise((resolve) => {
      child.on('error', (error) => resolve((reason = String(error))));
      child.on('exit', (code, signal) => resolve((reason = `it ended with ${signal ?? code}`)));
    });
    const stop = async () => {
      await endGroup(child);
      release();
      process.off('exit', clear);
      clear();
    };
    const address = await untilItAnswers(log, () => reason).catch(async (error) => {
      await stop();
      throw error;
    });
    return {
      port: Number(new URL(address).port),
      address,
      userData: user,
      extensions: installed,
      writeSettings,
      log,
      ended,
      stop,
    };
  } catch (error) {
    process.off('exit', clear);
    clear();
    throw error;
  }
}

/**
 * The address in the server's log, once it answers there.
 * @param {() => string} log
 * @param {() => string | undefined} ended why it has gone, if it has
 */
async function untilItAnswers(log, ended) {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    const reason = ended();
    if (reason) throw new Error(`code-server did not start: ${reason}.\n${log().slice(-3000)}`);
    const address = /HTTP server listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(log())?.[1];
    if (address) {
      const answer = await fetch(`${address}/healthz`).catch(() => undefined);
      if (answer?.ok) return address;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`code-server did not answer within 60 s.\n${log().slice(-3000)}`);
}

/**
 * This environment without what a surrounding VS Code or test runner put there for its own children.
 * @param {boolean} gallery
 */
function hostEnvironment(gallery) {
  const env = { ...process.env };
  for (const name of Object.keys(env))
    if (/^(VSCODE_|ELECTRON_|CODE_SERVER_)/.test(name) || name === 'NODE_OPTIONS' || name === 'PORT')
      env[name] = undefined;
  if (!gallery) env['EXTENSIONS_GALLERY'] = '{}';
  return env;
}

/**
 * The address of a workbench on this folder (or on none).
 * @param {Server} server
 * @param {string | undefined} folder
 * @param {readonly (readonly [string, string])[]} [payload]
 */
export function workbenchAddress(server, folder, payload = []) {
  const query = new URLSearchParams(folder ? { folder: path.resolve(folder) } : { ew: 'true' });
  if (payload.length) query.set('payload', JSON.stringify(payload));
  return `${server.address}/?${query}`;
}

/**
 * Starts the Chromium that playwright-core drives.
 * @param {string} executable
 */
export async function launchChromium(executable) {
  const { chromium } = await import('playwright-core');
  return chromium.launch({
    executablePath: executable,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
