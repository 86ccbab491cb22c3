import { createInterface } from 'node:readline/promises';
import { CancelledError } from '../shared/errors.ts';
import type { CliEnvironment } from './cli.ts';

/**
 * Asks a question on stderr that only a typed “yes” agrees to. Undefined when nobody is there to ask: stdin or
 * stderr is no terminal. @throws CancelledError at Ctrl-C.
 */
export async function confirm(environment: CliEnvironment, question: string): Promise<boolean | undefined> {
  const { stdin, stderr, signal } = environment;
  if (!stdin?.isTTY || !stderr.isTTY) return undefined;
  stderr.write(`${question} Type “yes” to go on: `);
  // Not as a terminal: line editing would keep Ctrl-C from becoming the signal that stops every command.
  const lines = createInterface({ input: stdin, terminal: false });
  try {
    return /^\s*yes\s*$/i.test(await lines.question('', { signal }));
  } catch (error) {
    if (signal.aborted) throw new CancelledError('The question');
    throw error;
  } finally {
    lines.close();
  }
}
