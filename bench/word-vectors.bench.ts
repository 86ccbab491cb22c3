import { attributeVectors, loadWordTable } from '../src/data/word-vectors.ts';
import { sampleInMemory } from '../src/data/sample.ts';
import { repeat } from './measure.ts';
import type { BenchProgram } from './program.ts';

const program: BenchProgram = {
  name: 'word-vectors',
  description: 'Time to load the shipped word vectors, and to look up the attributes of the sample dataset.',
  async run({ signal, log }) {
    log('Loading the table …');
    const load = await repeat(11, async () => void (await loadWordTable()), { signal });
    const table = await loadWordTable();
    const sample = await sampleInMemory();
    log('Looking words up …');
    const look = (attribute: string) => () => void attributeVectors(sample, attribute, table);
    return {
      figures: {
        words: table.size,
        dimensions: table.dimensions,
        loadMs: load,
        genreOfSampleMs: await repeat(11, look('genre'), { signal }),
        actorsOfSampleMs: await repeat(11, look('actors'), { signal }),
      },
    };
  },
};

export default program;
