import os from 'node:os';
import type { BenchProgram, Figures } from './program.ts';

/** `--rounds n`, `--steps n`, `--threads n`, `--length n` (only that length). */
const program: BenchProgram = {
  name: 'step',
  description:
    'One training step of SASRec and BERT4Rec, batch 128, dropout on, against PyTorch on the same cores.',
  async run({ args, log }) {
    const { compareSteps, figuresOf, hasTorch } = await import('./step-peers.ts');
    const option = (name: string, fallback: number) => {
      const at = args.indexOf(`--${name}`);
      return at < 0 ? fallback : Number(args[at + 1]);
    };
    const torch = hasTorch();
    if (!torch) log('PyTorch is not installed (python3-torch, libopenblas0-pthread): no peer.');
    const only = option('length', 0);
    const common = {
      batch: 128,
      items: 3501,
      dropout: 0.2,
      threads: option('threads', Math.min(2, os.availableParallelism())),
      steps: option('steps', 8),
      warmUps: 3,
    };
    const figures: Record<string, Figures> = {};
    for (const [model, loss] of [
      ['sasrec', 'bpr'],
      ['sasrec', 'cross-entropy'],
      ['bert4rec', 'cross-entropy'],
    ] as const)
      for (const length of [50, 200]) {
        if (only && only !== length) continue;
        const compared = compareSteps({ ...common, model, loss, length }, option('rounds', 3), torch, log);
        figures[`${model} ${loss} length ${length}`] = figuresOf(compared);
      }
    return { figures };
  },
};
export default program;
