import type { Cli } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import * as datasetDownload from './dataset-download.ts';
import * as datasetWords from './dataset-words.ts';
import * as doctor from './doctor.ts';
import * as evaluate from './evaluate.ts';
import * as recommend from './recommend.ts';
import * as sample from './sample.ts';

/** Every command, in the order of `toolrec --help`. A new one is a file beside this and a line here. */
export function registerCommands(program: ToolRecCommand, cli: Cli): void {
  for (const { register } of [doctor, sample, datasetDownload, datasetWords, recommend, evaluate])
    register(program, cli);
}
