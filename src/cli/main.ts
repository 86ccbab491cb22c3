import { exitCodes } from './exit-codes.ts';
import { runCli } from './program.ts';

/** Entry of the command line (dist/cli.mjs). */
const abort = new AbortController();
let stoppedBy: number | undefined;

function stop(code: number): void {
  // The second time means now.
  if (stoppedBy !== undefined) process.exit(code);
  stoppedBy = code;
  abort.abort();
}

process.on('SIGINT', () => {
  if (stoppedBy === undefined) process.stderr.write('\nStopping. Press Ctrl-C again to end at once.\n');
  stop(exitCodes.interrupted.code);
});
process.on('SIGTERM', () => stop(exitCodes.terminated.code));
// `toolrec … | head`: whoever read has had enough. Work that is going on is called off.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  stoppedBy = exitCodes.closed.code;
  abort.abort();
});
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const code = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
  signal: abort.signal,
});
// Not left to the event loop: a native library may keep it alive. All output has been handed over by now.
process.exit(code === exitCodes.ok.code || code === exitCodes.interrupted.code ? (stoppedBy ?? code) : code);
