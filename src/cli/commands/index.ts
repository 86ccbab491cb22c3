import type { Cli } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import * as dataset from './dataset.ts';
import * as datasetDownload from './dataset-download.ts';
import * as datasetWords from './dataset-words.ts';
import * as doctor from './doctor.ts';
import * as experiment from './experiment.ts';
import * as evaluate from './evaluate.ts';
import * as importCommand from './import.ts';
import * as models from './models.ts';
import * as prompt from './prompt.ts';
import * as recommend from './recommend.ts';
import * as retrieve from './retrieve.ts';
import * as sample from './sample.ts';
import * as session from './session.ts';
import * as train from './train.ts';

/** In the order of `toolrec --help`. */
// prettier-ignore
const commands = [
  doctor,
  sample,
  importCommand,
  dataset,
  datasetDownload,
  datasetWords,
  train,
  models,
  recommend,
  retrieve,
  evaluate,
  session,
  prompt,
  experiment,
];

/** Every command. A new one is a file beside this and a line above. */
export function registerCommands(program: ToolRecCommand, cli: Cli): void {
  for (const { register } of commands) register(program, cli);
}
