import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { repeat } from './measure.ts';
import type { BenchProgram } from './program.ts';

const program: BenchProgram = {
  name: 'cli-start',
  description: 'Time from starting the built CLI to its --version and --help, against a bare Node.',
  async run({ root, signal, log }) {
    const cli = path.join(root, 'dist', 'cli.mjs');
    const bytes = statSync(cli, { throwIfNoEntry: false })?.size;
    if (bytes === undefined) throw new Error('dist/cli.mjs is not built; run npm run build first.');
    const start = (...args: string[]) => {
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
    };
    log('11 starts of each …');
    return {
      figures: {
        version: await repeat(11, () => start(cli, '--version'), { signal }),
        help: await repeat(11, () => start(cli, '--help'), { signal }),
        bundleKilobytes: Math.round(bytes / 1024),
      },
      peer: {
        name: `node ${process.version} that does nothing`,
        figures: { start: await repeat(11, () => start('-e', ''), { signal }) },
      },
    };
  },
};

export default program;
