import os from 'node:os';
import type { BenchProgram, Figures } from './program.ts';

/** `--device onnx-webgpu` (the peer is then PyTorch on CUDA, eager), `--rounds n`, `--steps n`, `--threads n`, `--length n` (only that length). */
const program: BenchProgram = {
  name: 'step',
  description:
    'One training step of SASRec and BERT4Rec, batch 128, dropout on, against PyTorch on the same cores.',
  async run({ args, log, signal }) {
    const { compareSteps, figuresOf, hasCuda, hasTorch, numberOption, peerBlas } =
      await import('./step-peers.ts');
    const option = (name: string, fallback: number) => numberOption(args, name, fallback);
    const torch = hasTorch();
    if (!torch) log('PyTorch is not installed (python3-torch, libopenblas0-openmp): no peer.');
    const only = option('length', 0);
    const at = args.indexOf('--device');
    const device = at < 0 ? 'onnx-cpu' : args[at + 1]!;
    const cuda = device !== 'onnx-cpu' && torch && hasCuda();
    if (device !== 'onnx-cpu' && !cuda) log('PyTorch finds no NVIDIA card: the peer computes on the CPU.');
    const common = {
      device,
      cuda,
      batch: 128,
      items: 3501,
      dropout: 0.2,
      threads: option('threads', Math.min(2, os.availableParallelism())),
      steps: option('steps', 3),
      warmUps: 2,
    };
    const figures: Record<string, Figures> = {};
    for (const [model, loss] of [
      ['sasrec', 'bpr'],
      ['sasrec', 'cross-entropy'],
      ['bert4rec', 'cross-entropy'],
    ] as const)
      for (const length of [50, 200]) {
        if (only && only !== length) continue;
        const task = { ...common, model, loss, length };
        const compared = await compareSteps(task, option('rounds', 4), torch, log, signal);
        const measured = figuresOf(compared);
        if (measured.ours.compileMilliseconds > 2000) log('Capture and session creation took over 2 s.');
        figures[`${model} ${loss} length ${length}`] = measured;
      }
    return {
      figures: {
        device,
        peer: torch ? `PyTorch, ${cuda ? 'CUDA' : `CPU, ${peerBlas}`}` : 'none',
        ...figures,
      },
    };
  },
};
export default program;
