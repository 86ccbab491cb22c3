import { ToolRecCommand } from '../command.ts';

/** `toolrec dataset`, made by whichever command of the group is registered first. */
export function datasetGroup(program: ToolRecCommand): ToolRecCommand {
  const made = program.commands.find((command) => command.name() === 'dataset');
  return made instanceof ToolRecCommand
    ? made
    : program.command('dataset').summary('datasets').description('Works with the datasets of the workspace.');
}
