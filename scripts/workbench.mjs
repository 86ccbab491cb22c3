// @ts-check
// npm run workbench [-- <folder>] [--port <number>]: opens the extension on a folder that holds the sample
// dataset (.cache/sample-workspace unless one is given): in desktop VS Code where there is one, otherwise in
// code-server, whose address it prints. Ctrl-C ends it. With --prepare it only builds and makes the sample.
import { existsSync, mkdirSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build, ensureInstalled } from './install.mjs';
import { root, run } from './process.mjs';

const usualPort = 8123;

/** @param {string[]} argv */
async function main(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    options: { port: { type: 'string' }, prepare: { type: 'boolean' } },
    allowPositionals: true,
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  if (
    positionals.length > 1 ||
    (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65536))
  ) {
    console.error('usage: npm run workbench -- [<folder>] [--port <1-65535>]');
    return 2;
  }
  const folder = path.resolve(positionals[0] ?? path.join(root, '.cache', 'sample-workspace'));
  await ensureInstalled();
  await build();
  await ensureSample(folder);
  if (values.prepare) return 0;
  const { findDesktop } = await import('./test-integration.mjs');
  const desktop = findDesktop();
  return desktop ? openDesktop(desktop, folder) : openInBrowser(folder, port);
}

/** Makes the sample dataset in the folder unless it is there. @param {string} folder */
async function ensureSample(folder) {
  mkdirSync(folder, { recursive: true });
  if (existsSync(path.join(folder, '.toolrec', 'datasets', 'sample', 'dataset.json'))) return;
  const cli = path.join(root, 'dist', 'cli.mjs');
  const { code } = await run(process.execPath, [cli, 'sample', '--workspace', folder]);
  if (code !== 0)
    throw new Error(`The sample could not be made in ${folder} (toolrec sample ended with ${code}).`);
}

/** @param {string} executable @param {string} folder */
async function openDesktop(executable, folder) {
  console.log(`Opening ${folder} in ${executable} with the extension as it is built here.`);
  const { code } = await run(executable, ['--new-window', `--extensionDevelopmentPath=${root}`, folder]);
  return code;
}

/** @param {string} folder @param {number | undefined} port */
async function openInBrowser(folder, port) {
  const { ensureHost } = await import('./host/install.mjs');
  const { startCodeServer, workbenchAddress } = await import('./host/code-server.mjs');
  const { createPackage } = await import('./package.mjs');
  const host = await ensureHost();
  console.log('Packaging the extension …');
  const { file } = await createPackage({ out: path.join(root, 'out', 'workbench.vsix') });
  const kept = path.join(root, '.cache', 'workbench');
  const server = await startCodeServer({
    host,
    vsix: [file],
    userData: path.join(kept, 'user'),
    extensions: path.join(kept, 'extensions'),
    port: port ?? ((await isFree(usualPort)) ? usualPort : 0),
    gallery: true,
    signals: false,
  });
  console.log(`\nToolRec Workbench: ${workbenchAddress(server, folder)}\nCtrl-C ends it.`);
  const interrupted = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve(undefined));
  });
  const reason = await Promise.race([interrupted, server.ended]);
  if (reason !== undefined) console.error(`code-server has gone: ${reason}\n${server.log().slice(-2000)}`);
  await server.stop();
  return reason === undefined ? 0 : 1;
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { code, message } = /** @type {Error & { code?: string }} */ (error);
  console.error(`workbench: ${message}`);
  process.exitCode = code?.startsWith('ERR_PARSE_ARGS') ? 2 : 1;
}
