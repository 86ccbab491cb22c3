import fs from 'node:fs';
import path from 'node:path';
import { importInChild, preparedByPandas } from './import-peers.ts';
import { round } from './measure.ts';
import type { BenchProgram } from './program.ts';
import { writeRatings } from './ratings-file.ts';

const sizes = [1e6, 5e6, 10e6, 25e6];

const program: BenchProgram = {
  name: 'import-scale',
  description:
    '1, 5, 10 and 25 million generated rows in MovieLens CSV form, 5-core: time, peak memory, cost a row; against pandas.',
  async run({ args, temporaryFolder, signal, log }) {
    const wanted = args.length ? args.map(Number) : sizes;
    if (wanted.some((rows) => !(Number.isInteger(rows) && rows >= 1000)))
      throw new Error('The arguments are numbers of rows, 1000 or more.');
    const ours = [];
    const theirs = [];
    let version: string | undefined;
    for (const rows of wanted) {
      signal.throwIfAborted();
      const source = path.join(temporaryFolder, `generated-${rows}`);
      fs.mkdirSync(source);
      log(`generating ${rows.toLocaleString('en')} rows …`);
      await writeRatings(source, rows);
      log('importing …');
      const measured = importInChild(source, path.join(temporaryFolder, 'workspace'));
      log(`${measured.seconds.toFixed(1)} s, ${measured.peakMegabytes.toFixed(0)} MB; pandas …`);
      const peer = preparedByPandas('csv', source, path.join(temporaryFolder, 'pandas'));
      if (peer) {
        const { counts } = measured;
        const same = counts['users'] === peer.users && counts['items'] === peer.items;
        if (!same || counts['interactions'] !== peer.interactions)
          throw new Error(`The import gives ${JSON.stringify(counts)}, pandas ${JSON.stringify(peer)}.`);
        version = peer.version;
        theirs.push({
          rows,
          seconds: round(peer.seconds, 2),
          peakMegabytes: Math.round(peer.peakMegabytes),
          nanosecondsPerRow: Math.round((peer.seconds / rows) * 1e9),
        });
      }
      ours.push({
        rows,
        bytes: fs.statSync(path.join(source, 'ratings.csv')).size,
        seconds: round(measured.seconds, 2),
        cpuSeconds: round(measured.cpuSeconds, 2),
        peakMegabytes: Math.round(measured.peakMegabytes),
        nanosecondsPerRow: Math.round((measured.seconds / rows) * 1e9),
        cpuNanosecondsPerRow: Math.round((measured.cpuSeconds / rows) * 1e9),
        users: measured.counts['users']!,
        items: measured.counts['items']!,
        interactions: measured.counts['interactions']!,
        timesFasterThanPandas: peer ? round(peer.seconds / measured.seconds, 2) : null,
        stages: measured.stages,
      });
      fs.rmSync(source, { recursive: true });
    }
    return {
      figures: { curve: ours },
      ...(version === undefined
        ? {}
        : { peer: { name: `pandas ${version}, the same preparation`, figures: { curve: theirs } } }),
    };
  },
};

export default program;
