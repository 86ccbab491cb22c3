#!/usr/bin/env node
// @ts-check
// Stands in for the `code` executable that @vscode/test-electron starts, where there is no desktop VS Code: the
// same workbench in a headless Chromium on code-server's extension host. Understands the arguments runTests
// gives (a folder, --extensionDevelopmentPath, --extensionTestsPath, --user-data-dir, --extensions-dir), passes
// on what the tests print, and exits 0 if they passed, 1 if they failed, 2 if they did not finish.
//   TOOLREC_HOST_TIMEOUT  seconds the tests may take (default 180)
//   TOOLREC_HOST_SCREENSHOT  where a picture of the workbench goes if they do not pass
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { launchChromium, startCodeServer, workbenchAddress } from './code-server.mjs';
import { ensureChromium, ensureHost } from './install.mjs';

const args = process.argv.slice(2);
/** @param {string} name */
const values = (name) =>
  args.filter((arg) => arg.startsWith(`--${name}=`)).map((arg) => arg.slice(name.length + 3));
const folder = args.find((arg) => !arg.startsWith('-'));
const timeoutSeconds = Number(process.env['TOOLREC_HOST_TIMEOUT'] ?? 180);
const mark = 'tests> ';
process.env['TOOLREC_LOG_MARK'] = mark;
const toStderr = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);

process.exitCode = await main();

async function main() {
  const [userData, extensions] = [values('user-data-dir')[0], values('extensions-dir')[0]];
  const server = await startCodeServer({
    host: await ensureHost(toStderr),
    ...(userData ? { userData } : {}),
    ...(extensions ? { extensions } : {}),
    testDriver: true,
  });
  /** @type {import('playwright-core').Browser | undefined} */
  let browser;
  try {
    browser = await launchChromium(await ensureChromium(toStderr));
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    /** @type {(code: number) => void} */
    let finish = () => undefined;
    /** @type {Promise<number>} */
    const finished = new Promise((resolve) => (finish = resolve));
    await page.exposeFunction('codeAutomationExit', (/** @type {number} */ code) => finish(code));
    await page.exposeFunction(
      'codeAutomationLog',
      (/** @type {string} */ _kind, /** @type {unknown[]} */ parts) => {
        // The workbench's own chatter comes the same way as what the tests print; theirs bears the mark.
        const text = parts.map(String).join(' ');
        if (text.startsWith(mark)) process.stdout.write(`${text.slice(mark.length)}\n`);
      },
    );
    page.on('crash', () => {
      toStderr('The page of the workbench crashed.');
      finish(2);
    });
    await page.goto(workbenchAddress(server, folder, testPayload(server.port)));
    const code = await withTimeout(finished, timeoutSeconds);
    if (code !== 0) {
      await picture(page);
      if (code === undefined)
        toStderr(`The tests did not finish within ${timeoutSeconds} s (TOOLREC_HOST_TIMEOUT).`);
      toStderr(`code-server's log ends:\n${server.log().slice(-2000)}`);
      toStderr(`the extension host's log ends:\n${extensionHostLog(server.userData).slice(-3000)}`);
    }
    return code === undefined ? 2 : code === 0 ? 0 : 1;
  } finally {
    await browser?.close();
    await server.stop();
  }
}

/** What tells the workbench which extension to load and which tests to run. @param {number} port */
function testPayload(port) {
  const uri = (/** @type {string} */ file) => `vscode-remote://127.0.0.1:${port}${path.resolve(file)}`;
  /** @type {[string, string][]} */
  const payload = [];
  for (const key of ['extensionDevelopmentPath', 'extensionTestsPath'])
    for (const file of values(key)) payload.push([key, uri(file)]);
  payload.push(['skipWelcome', 'true'], ['skipReleaseNotes', 'true']);
  return payload;
}

/** @template T @param {Promise<T>} promise @param {number} seconds @returns {Promise<T | undefined>} */
async function withTimeout(promise, seconds) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(() => resolve(undefined), seconds * 1000)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @param {import('playwright-core').Page} page */
async function picture(page) {
  const file = process.env['TOOLREC_HOST_SCREENSHOT'];
  if (!file) return;
  mkdirSync(path.dirname(file), { recursive: true });
  await page.screenshot({ path: file, timeout: 10_000 }).then(
    () => toStderr(`screenshot: ${file}`),
    (error) => toStderr(`no screenshot: ${error}`),
  );
}

/** @param {string} userData */
function extensionHostLog(userData) {
  const logs = path.join(userData, 'logs');
  try {
    const files = readdirSync(logs, { recursive: true, encoding: 'utf8' });
    return files
      .filter((file) => path.basename(file) === 'remoteexthost.log')
      .map((file) => readFileSync(path.join(logs, file), 'utf8'))
      .join('\n');
  } catch {
    return '(none)';
  }
}
