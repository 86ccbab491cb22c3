import os from 'node:os';
import type { BenchProgram, Figures } from './program.ts';

const program: BenchProgram = {
  name: 'memory',
  description: 'Peak memory of a process that trains, at batch 128 and length 200, against PyTorch.',
  async run({ log, signal }) {
    const { compareSteps, figuresOf, hasTorch } = await import('./step-peers.ts');
    const torch = hasTorch();
    const figures: Record<string, Figures> = {};
    for (const loss of ['bpr', 'cross-entropy'] as const) {
      const threads = Math.min(2, os.availableParallelism());
      const task = {
        model: 'sasrec',
        loss,
        length: 200,
        batch: 128,
        items: 3501,
        dropout: 0.2,
        threads,
      } as const;
      const {
        ours,
        torch: other,
        ratioOfMemory,
      } = figuresOf(await compareSteps({ ...task, steps: 4, warmUps: 1 }, 1, torch, log, signal));
      figures[`sasrec ${loss}`] = {
        ourPeakMegabytes: ours.peakMegabytes,
        ...(other ? { torchPeakMegabytes: other.peakMegabytes, ratio: ratioOfMemory } : {}),
      };
    }
    return { figures };
  },
};
export default program;
