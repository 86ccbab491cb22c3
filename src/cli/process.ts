import { asStorageError } from '../shared/atomic-file.ts';
import { ToolRecError } from '../shared/errors.ts';
import type { Cli } from './cli.ts';
import type { ToolRecCommand } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { runCli } from './program.ts';

/**
 * Runs the command line as this process: signals, closed pipes, exit code. The first Ctrl-C fires the signal, so
 * that the command stops and cleans up; the second ends the process at once.
 * @param register adds commands (tests); those of the product when absent
 */
export async function runAsProcess(register?: (program: ToolRecCommand, cli: Cli) => void): Promise<never> {
  const abort = new AbortController();
  let stopped: number | undefined;
  const stop = (code: number) => {
    if (stopped !== undefined) process.exit(code);
    stopped = code;
    abort.abort();
  };

  process.on('SIGINT', () => {
    if (stopped === undefined) process.stderr.write('\nStopping. Press Ctrl-C again to end at once.\n');
    stop(exitCodes.interrupted.code);
  });
  process.on('SIGTERM', () => stop(exitCodes.terminated.code));
  // `toolrec … | head`: whoever read has had enough. Work that is going on is called off.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (stopped !== undefined) return;
    if (error.code === 'EPIPE') return stop(exitCodes.closed.code);
    const known = asStorageError(error, 'stdout');
    process.stderr.write(`error: ${known instanceof ToolRecError ? known.describe() : error.message}\n`);
    stop(exitCodes.storage.code);
  });
  process.stderr.on('error', () => undefined); // nowhere is left to say it

  const code = await runCli(
    process.argv.slice(2),
    {
      stdout: process.stdout,
      stderr: process.stderr,
      env: process.env,
      cwd: process.cwd(),
      signal: abort.signal,
    },
    register,
  );
  // One turn more, for the error event of a pipe that was closed during the last write.
  await new Promise((resolve) => setImmediate(resolve));
  const cancelled = code === exitCodes.ok.code || code === exitCodes.interrupted.code;
  // Not left to the event loop: a native library may keep it alive. All output has been handed over by now.
  process.exit(cancelled ? (stopped ?? code) : code);
}
