// @ts-check
// Child processes for the scripts: run one to its end, end one with everything it started, find one on the PATH.
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/** The root of the project. */
export const root = path.resolve(import.meta.dirname, '..');

/**
 * Runs a program to its end.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, output?: 'show' | 'hide', timeoutSeconds?: number }} [options]
 *   `hide` keeps the output for the result; `show` passes it through.
 * @returns {Promise<{ code: number, output: string, timedOut: boolean }>} code 127 when it could not be started
 */
export function run(command, args, { cwd = root, env, output = 'show', timeoutSeconds } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: output === 'show' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      // Of its own group when it may have to be ended with everything it started; Ctrl-C is then passed on below.
      detached: timeoutSeconds !== undefined && process.platform !== 'win32',
    });
    let text = '';
    let timedOut = false;
    child.stdout?.on('data', (chunk) => (text += chunk));
    child.stderr?.on('data', (chunk) => (text += chunk));
    const release = timeoutSeconds === undefined ? () => undefined : endWithParent(child);
    const timer =
      timeoutSeconds === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            void endGroup(child);
          }, timeoutSeconds * 1000);
    const done = (/** @type {number} */ code) => {
      clearTimeout(timer);
      release();
      resolve({ code, output: text, timedOut });
    };
    child.on('error', (error) => {
      text += String(error);
      done(127);
    });
    child.on('close', (code, signal) => done(code ?? (signal ? 128 : 1)));
  });
}

/**
 * Ends a detached child and everything in its process group: asks, and after `graceSeconds` insists.
 * @param {import('node:child_process').ChildProcess} child
 */
export async function endGroup(child, graceSeconds = 5) {
  const pid = child.pid;
  if (pid === undefined) return;
  const signal = (/** @type {NodeJS.Signals | 0} */ name) => {
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, name);
      return true;
    } catch {
      return false; // nobody left in the group
    }
  };
  signal('SIGTERM');
  for (const deadline = Date.now() + graceSeconds * 1000; Date.now() < deadline;) {
    if (!signal(0)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  signal('SIGKILL');
}

/**
 * Sees to it that a detached child does not outlive this process. Returns a function that lets go of it.
 * @param {import('node:child_process').ChildProcess} child
 * @param {{ signals?: boolean }} [options] `signals: false` leaves SIGINT and SIGTERM to the caller
 */
export function endWithParent(child, { signals = true } = {}) {
  const kill = () => {
    try {
      if (child.pid !== undefined)
        process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
    } catch {
      // It has already gone.
    }
  };
  const interrupted = () => process.exit(130); // by way of `kill`
  const caught = signals ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : [];
  process.once('exit', kill);
  for (const signal of caught) process.once(signal, interrupted);
  return () => {
    process.off('exit', kill);
    for (const signal of caught) process.off(signal, interrupted);
  };
}

/**
 * The path of the first of these programs that is on the PATH (or is itself a path that exists).
 * @param {readonly string[]} names
 */
export function findProgram(names) {
  for (const name of names) {
    const candidates = path.isAbsolute(name)
      ? [name]
      : (process.env['PATH'] ?? '')
          .split(path.delimiter)
          .filter(Boolean)
          .map((folder) => path.join(folder, name));
    for (const candidate of candidates) {
      try {
        accessSync(candidate, constants.X_OK);
        if (statSync(candidate).isFile()) return candidate;
      } catch {
        // Not here; look further.
      }
    }
  }
  return undefined;
}
