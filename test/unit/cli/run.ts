import { Readable } from 'node:stream';
import { runCli } from '../../../src/cli/program.ts';

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process with captured output. */
export async function run(
  argv: readonly string[],
  options: {
    cwd?: string;
    signal?: AbortSignal;
    tty?: boolean;
    answer?: string;
    /** Takes what both streams write, in order, as a terminal does. */
    screen?: string[];
  } = {},
): Promise<CliRun> {
  const capture = () => {
    let text = '';
    return {
      isTTY: options.tty ?? false,
      columns: 80,
      write(chunk: string, done?: (error?: Error | null) => void) {
        text += chunk;
        options.screen?.push(chunk);
        done?.();
        return true;
      },
      get text() {
        return text;
      },
    };
  };
  const stdout = capture();
  const stderr = capture();
  const code = await runCli(argv, {
    stdout,
    stderr,
    stdin: options.answer === undefined ? undefined : typed(options.answer),
    env: {},
    cwd: options.cwd ?? process.cwd(),
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** A terminal at which somebody types `answer`. */
function typed(answer: string): Readable & { isTTY: boolean } {
  return Object.assign(Readable.from([`${answer}\n`]), { isTTY: true });
}
