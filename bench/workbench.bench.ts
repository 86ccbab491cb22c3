import type { BenchProgram, Figures } from './program.ts';

/**
 * The workbench as a person has it: the packaged extension in the real one. Each part measures one thing; a part's name
 * among the arguments runs that part alone.
 */
const parts = {
  /** Event loop of the extension host while a model is trained at full speed. */
  training: async () => (await import('./workbench/training-load.ts')).trainingLoad,
  /** From the command to the panel on the screen. */
  panels: async () => (await import('./workbench/panel-open.ts')).panelOpen,
  /** The session panel: opening it, and scrolling 500 rounds. */
  session: async () => (await import('./workbench/session-panel.ts')).sessionPanel,
  /** From a step's state in the host to the screen; memory over 1,000 steps. */
  steps: async () => (await import('./workbench/session-steps.ts')).sessionSteps,
} as const;

const program: BenchProgram = {
  name: 'workbench',
  description: `The packaged extension in the real workbench: ${Object.keys(parts).join(', ')}. [part …]`,
  async run(context) {
    const names = Object.keys(parts) as (keyof typeof parts)[];
    const unknown = context.args.find((name) => !names.includes(name as keyof typeof parts));
    if (unknown !== undefined)
      throw new Error(`There is no part “${unknown}”; there are: ${names.join(', ')}.`);
    const figures: Record<string, Figures> = {};
    for (const name of names) {
      if (context.args.length > 0 && !context.args.includes(name)) continue;
      context.signal.throwIfAborted();
      context.log(`${name} …`);
      figures[name] = await (await parts[name]())(context);
    }
    return { figures };
  },
};

export default program;
