import type { Cli } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import * as doctor from './doctor.ts';

/** Every command, in the order of `toolrec --help`. A new one is a file beside this and a line here. */
export function registerCommands(program: ToolRecCommand, cli: Cli): void {
  for (const { register } of [doctor]) register(program, cli);
}
