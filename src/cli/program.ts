import { CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { CancelledError, ToolRecError } from '../shared/errors.ts';
import { redact } from '../shared/log.ts';
import { asTypedError } from '../service/protocol.ts';
import { Cli, writeAll, type CliEnvironment } from './cli.ts';
import { CommandLineError, ToolRecCommand } from './command.ts';
import { registerCommands } from './commands/index.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { styleFor, toJson } from './terminal.ts';

/** The whole command line: the one place where commands, help and documentation agree (docs/cli.md is tested). */
export function createProgram(cli: Cli, register = registerCommands): ToolRecCommand {
  const program = new ToolRecCommand('toolrec');
  program
    .description(
      'Train sequential recommenders and step an LLM surrogate user through recommendation rounds, without VS Code.',
    )
    .version(manifest.version, '-V, --version', 'print the version')
    .option('-w, --workspace <folder>', 'folder whose .toolrec/ is used (default: the current one)')
    .option('--json', 'print the result as one JSON document on stdout; messages go to stderr')
    .option('-q, --quiet', 'no progress and no messages except errors')
    .option('-v, --verbose', 'also messages for finding faults')
    .helpOption('-h, --help', 'print what the command takes, with examples')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void cli.environment.stdout.write(text),
      writeErr: (text) => void cli.environment.stderr.write(text),
    })
    .addHelpText('after', () => `\n${exitCodeHelp()}`);
  register(program, cli);
  return program;
}

function exitCodeHelp(): string {
  const lines = Object.values(exitCodes).map(
    ({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`,
  );
  return `Exit codes:\n${lines.join('\n')}`;
}

/** Runs one command line and returns its exit code. Never throws. */
export async function runCli(
  argv: readonly string[],
  environment: CliEnvironment,
  register = registerCommands,
): Promise<number> {
  const cli = new Cli(environment);
  try {
    await createProgram(cli, register).parseAsync(argv, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version were printed as asked; without a command, help was printed as a reminder.
      if (error.exitCode === 0) return exitCodes.ok.code;
    }
    const failure = asFailure(error, environment.signal);
    await report(failure, argv, environment);
    return exitCodeOf(failure);
  }
}

function asFailure(error: unknown, signal: AbortSignal): unknown {
  // All that commander throws besides help and version, whose help is already on stderr.
  if (error instanceof CommanderError)
    return new CommandLineError('no-command', 'No command was given.', 'Choose one of the above.', '');
  // How Node's own functions say that the signal has fired.
  if (signal.aborted && error instanceof Error && error.name === 'AbortError') return new CancelledError();
  return error;
}

/** Tells of a failure: a sentence on stderr, and under `--json` also an object on stdout, which is never empty. */
async function report(error: unknown, argv: readonly string[], environment: CliEnvironment): Promise<void> {
  const { stdout, stderr, env } = environment;
  const style = styleFor(stderr, env);
  const typed = error instanceof ToolRecError ? error : asTypedError(error);
  const lines = [];
  if (error instanceof CancelledError) lines.push(typed.message);
  else if (error instanceof CommandLineError)
    lines.push(
      `${style.bad('error:')} ${error.message} ${error.remedy}`,
      ...(error.usage ? [error.usage] : []),
    );
  else lines.push(`${style.bad('error:')} ${redact(typed.describe())}`);
  if (!(error instanceof ToolRecError) || typed.code === 'internal') {
    const cause = error instanceof ToolRecError ? error.cause : error;
    if (cause instanceof Error && cause.stack) lines.push(redact(cause.stack));
  }
  await writeAll(stderr, `${lines.join('\n')}\n`);
  if (argv.includes('--json')) await writeAll(stdout, `${toJson({ error: typed.toDetail() })}\n`);
}
