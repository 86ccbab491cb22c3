import type { BenchProgram, Figures } from './program.ts';

/** `--share 0.1`: only so much of the epoch. */
const program: BenchProgram = {
  name: 'scale',
  description: 'An epoch on 160,000 users, 100,000 items, 4 million interactions: throughput and memory.',
  async run({ args, temporaryFolder }) {
    const path = await import('node:path');
    const { runJson } = await import('./step-peers.ts');
    const at = args.indexOf('--share');
    const share = at < 0 ? '1' : args[at + 1]!;
    const script = path.join(import.meta.dirname, 'scale-child.ts');
    return {
      figures: runJson(process.execPath, ['--import=tsx', script, temporaryFolder, share]) as Figures,
    };
  },
};
export default program;
