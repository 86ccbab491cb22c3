import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { openDataset } from '../src/data/store.ts';
import { Workspace } from '../src/shared/workspace.ts';
import { importInChild, preparedByPandas } from './import-peers.ts';
import { repeat, round, summarise } from './measure.ts';
import type { BenchProgram } from './program.ts';

const runs = 5;
/** Published counts (PAPER.md, and careful reproductions of SASRec). */
const expected = { users: 6040, items: 3416, catalogueItems: 3883, interactions: 999_611 };

const program: BenchProgram = {
  name: 'import',
  description: 'MovieLens 1M from its raw .gz to a stored 5-core dataset, and opening that; against pandas.',
  async run({ shared, temporaryFolder, signal, log }) {
    const source = shared && path.join(shared, 'data', 'ml-1m');
    if (!source || !fs.existsSync(source))
      throw new Error('../shared/data/ml-1m is absent; it is not part of the project (docs/testing.md).');
    const workspace = path.join(temporaryFolder, 'workspace');

    const imports = [];
    const peers = [];
    for (let run = 0; run < runs; run++) {
      signal.throwIfAborted();
      log(`import ${run + 1} of ${runs} …`);
      imports.push(importInChild(source, workspace));
      peers.push(preparedByPandas('ml-1m', source, path.join(temporaryFolder, 'pandas')));
    }
    for (const { counts } of imports)
      for (const [name, count] of Object.entries(expected))
        if (counts[name] !== count) throw new Error(`${name}: ${counts[name]} instead of ${count}.`);

    log('opening …');
    const directory = new Workspace(workspace).entry('datasets', 'ml-1m');
    const opening = await repeat(
      11,
      async () => {
        // As a program that shows the dataset would: with its catalogue and its first user.
        const dataset = await openDataset(directory);
        for (let item = 0; item < dataset.catalogueCount; item++) dataset.item(item);
        dataset.user(0);
      },
      { signal, warmUps: 0 },
    );
    const milliseconds = summarise(imports.map(({ seconds }) => seconds * 1000));
    const found = peers.filter((peer) => peer !== undefined);
    const pandas = found.length ? summarise(found.map(({ seconds }) => seconds * 1000)) : undefined;
    const [first] = found;
    return {
      figures: {
        import: milliseconds,
        importCpuMilliseconds: summarise(imports.map(({ cpuSeconds }) => cpuSeconds * 1000)),
        opening,
        peakMegabytes: Math.round(Math.max(...imports.map(({ peakMegabytes }) => peakMegabytes))),
        ...expected,
        timesFasterThanPandas: pandas
          ? round(pandas.medianMilliseconds / milliseconds.medianMilliseconds, 2)
          : null,
      },
      ...(pandas && first
        ? {
            peer: {
              name: `pandas ${first.version} (${pythonVersion()}), the same preparation`,
              figures: {
                preparation: pandas,
                peakMegabytes: Math.round(first.peakMegabytes),
                users: first.users,
                items: first.items,
                interactions: first.interactions,
              },
            },
          }
        : {}),
    };
  },
};

function pythonVersion(): string {
  return spawnSync('/usr/bin/python3', ['--version'], { encoding: 'utf8' }).stdout.trim();
}

export default program;
