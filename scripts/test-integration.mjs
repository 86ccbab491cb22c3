// @ts-check
// The integration layer: mocha inside the extension host, through @vscode/test-electron. Runs in the desktop
// VS Code that VSCODE_EXECUTABLE names or the PATH leads to, else in the code shim (host/code-shim.mjs).
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findProgram, root } from './process.mjs';

const shim = path.join(root, 'scripts', 'host', 'code-shim.mjs');

/**
 * The desktop VS Code to test in, if there is one. `code` on the PATH is a launcher that does not wait for tests;
 * the program it launches is sought from where it lives.
 * @returns {string | undefined}
 */
export function findDesktop() {
  const given = process.env['VSCODE_EXECUTABLE'];
  if (given) {
    if (!existsSync(given)) throw new Error(`VSCODE_EXECUTABLE names no file: ${given}.`);
    return given;
  }
  const launcher = findProgram(process.platform === 'win32' ? ['code.cmd'] : ['code']);
  const hasDisplay = process.platform !== 'linux' || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'];
  if (!launcher || !hasDisplay) return undefined;
  const bin = path.dirname(realpathSync(launcher));
  const candidates = {
    darwin: ['../../../MacOS/Code', '../../../MacOS/Electron'],
    win32: ['../Code.exe'],
  }[/** @type {string} */ (process.platform)] ?? ['../code'];
  return candidates.map((candidate) => path.resolve(bin, candidate)).find((file) => existsSync(file));
}

/** Bundles test/integration/ into out/integration/, one file a test, as the extension host loads it. */
async function bundle() {
  const esbuild = await import('esbuild');
  const out = path.join(root, 'out', 'integration');
  rmSync(out, { recursive: true, force: true });
  const sources = path.join(root, 'test', 'integration');
  const tests = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.test.ts'),
  );
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: ['index.ts', ...tests].map((file) => path.join(sources, file)),
    outbase: sources,
    outdir: out,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    mainFields: ['module', 'main'],
    // Mocha finds its own files beside itself; the native packages are found in node_modules.
    external: ['vscode', 'mocha', 'onnxruntime-node', '@tensorflow/tfjs-node-gpu'],
    define: {
      'import.meta.url': '__moduleUrl',
      'import.meta.dirname': '__dirname',
      'import.meta.filename': '__filename',
    },
    banner: { js: 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return path.join(out, 'index.cjs');
}

/**
 * Runs the layer. The outcome is in the file `results`; this only throws when the host itself failed.
 * @param {string} results where test/reporter.cjs writes
 */
export async function runIntegration(results) {
  const testsPath = await bundle();
  try {
    await runInHost(root, testsPath, {
      TOOLREC_TEST_RESULTS: results,
      TOOLREC_HOST_SCREENSHOT: path.join(root, 'out', 'screenshots', 'integration-failure.png'),
    });
  } catch (error) {
    // Failing tests end the host with an error too; then they stand in the results.
    if (!existsSync(results)) throw error;
  }
}

/**
 * Starts a VS Code of its own on an empty folder with the extension of a folder, and calls `run()` of a module in
 * its extension host.
 * @param {string} extensionPath @param {string} testsPath @param {Record<string, string>} env
 * @throws Error when `run` throws, or the host fails
 */
export async function runInHost(extensionPath, testsPath, env) {
  const desktop = findDesktop();
  const { runTests } = await import('@vscode/test-electron');
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'toolrec-integration-'));
  const workspace = path.join(temporary, 'workspace');
  mkdirSync(workspace);
  try {
    await runTests({
      vscodeExecutablePath: desktop ?? shim,
      extensionDevelopmentPath: extensionPath,
      extensionTestsPath: testsPath,
      launchArgs: [
        workspace,
        `--user-data-dir=${path.join(temporary, 'user')}`,
        `--extensions-dir=${path.join(temporary, 'extensions')}`,
        ...(desktop ? ['--disable-extensions'] : []),
      ],
      extensionTestsEnv: env,
    });
  } finally {
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

// By itself it only bundles: what "Integration Tests" of .vscode/launch.json starts from.
if (import.meta.filename === process.argv[1]) console.log(await bundle());
