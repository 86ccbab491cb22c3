import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadFilms } from '../src/data/sample/films.ts';
import { generateSample } from '../src/data/sample.ts';
import { repeat } from './measure.ts';
import type { BenchProgram } from './program.ts';

const program: BenchProgram = {
  name: 'sample',
  description: 'Time of “toolrec sample” as a whole process (goal: under 2 s), and of the simulation alone.',
  async run({ root, signal, log }) {
    const cli = path.join(root, 'dist', 'cli.mjs');
    if (!fs.existsSync(cli)) throw new Error('dist/cli.mjs is not built; run npm run build first.');
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'toolrec-bench-sample-'));
    try {
      log('7 runs of the command …');
      const command = await repeat(
        7,
        () => {
          const { status, stderr } = spawnSync(process.execPath, [cli, 'sample', '-w', folder, '--json'], {
            encoding: 'utf8',
          });
          if (status !== 0) throw new Error(`toolrec sample ended with ${status}: ${stderr}`);
        },
        { signal },
      );
      const films = await loadFilms();
      const simulate = await repeat(7, () => void generateSample(films), { signal });
      return { figures: { commandMs: command, simulationMs: simulate, films: films.length } };
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  },
};

export default program;
