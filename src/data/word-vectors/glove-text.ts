import { InputError } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import { openSources } from '../sources/open-sources.ts';
import { sourceError } from '../sources/failures.ts';
import { LineSplitter } from '../sources/lines.ts';
import { asBuffer, textBytes } from '../sources/text.ts';
import type { WordVectors } from './word-vectors.ts';

const lineLimit = 1 << 20;
const space = 0x20;

/**
 * Picks the wanted words out of a full GloVe file (`word v₁ … v_D` a line; also in `.gz` or a `.zip`, and with the
 * `words dimensions` line that word2vec writes first), streaming: memory is that of the wanted words alone. For a
 * word that is there twice the first counts.
 * @throws InputError with the line for a row that is not `word` and D numbers; rows of other words are only
 * looked at for their first word. `empty-file`, `too-many-files` (a zip with several tables).
 */
export async function readGloveText(
  path: string,
  wanted: ReadonlySet<string>,
  work: LongWork = {},
): Promise<WordVectors> {
  const files = await openSources([path], work);
  if (files.length !== 1)
    throw sourceError(
      'too-many-files',
      path,
      `There are ${files.length} files in it, and only one can be the table.`,
      'Unpack it and name the file with the dimensions you want, such as glove.6B.100d.txt.',
    );
  const file = files[0]!;
  const found = new Map<string, Float32Array>();
  let dimensions = 0;
  const bad = (line: number, why: string) =>
    new InputError(
      'bad-glove-row',
      `This is not a row of word vectors: ${why}.`,
      'Use a GloVe text file: on each line a word and its numbers, with spaces between.',
      { place: { file: file.name, line } },
    );
  const row = (text: string, line: number): void => {
    const [word = '', ...cells] = text.trimEnd().split(' ');
    // The first row tells the dimensions; before it word2vec writes one of two whole numbers.
    if (line === 1 && cells.length === 1 && /^\d+ \d+$/.test(text.trimEnd())) return;
    if (dimensions === 0) dimensions = cells.length;
    if (cells.length !== dimensions || dimensions < 2)
      throw bad(
        line,
        dimensions < 2
          ? `“${word.slice(0, 40)}” is not followed by numbers`
          : `“${word.slice(0, 40)}” is followed by ${cells.length} numbers, not ${dimensions}`,
      );
    const vector = Float32Array.from(cells, (cell) => (cell === '' ? NaN : Number(cell)));
    if (!vector.every(Number.isFinite))
      throw bad(line, `“${word.slice(0, 40)}” has a component that is no number`);
    if (wanted.has(word) && !found.has(word)) found.set(word, vector);
  };
  const splitter = new LineSplitter(lineLimit, {
    line(bytes, start, end, number) {
      if (end === start) return;
      const buffer = asBuffer(bytes);
      const cut = buffer.indexOf(space, start);
      const word = buffer.toString('utf8', start, cut < 0 ? end : Math.min(cut, end));
      if (dimensions === 0 || wanted.has(word)) row(buffer.toString('utf8', start, end), number);
    },
    tooLong(_, number) {
      throw bad(number, 'it is longer than 1 MiB');
    },
  });
  for await (const chunk of textBytes(file, work)) splitter.push(chunk);
  splitter.end();
  if (dimensions === 0) throw bad(1, 'there is none in the whole file');
  return {
    dimensions,
    size: found.size,
    source: file.name,
    has: (word) => found.has(word),
    vector: (word) => found.get(word)?.slice(),
  };
}
