import fs from 'node:fs/promises';
import { InputError } from '../../shared/errors.ts';
import { resourcePath } from '../../shared/resources.ts';

/** Facts about a real film. Nothing here is simulated. */
export interface Film {
  /** Line of the table, from 1: the id of the item. */
  readonly id: string;
  /** As the film calls itself, often in its own language: `À bout de souffle`. Without the year. */
  readonly title: string;
  readonly year: number;
  readonly genres: readonly string[];
  /** One value also for a pair: `Joel Coen and Ethan Coen`. */
  readonly director: string;
  /** Two or three leads; none for some documentaries and films without speech. */
  readonly actors: readonly string[];
  /** Films of one series stand in the table in the order of release. */
  readonly series: string | undefined;
}

const header = 'title\tyear\tgenres\tdirector\tactors\tseries';

/** The films that ship with ToolRec (`resources/sample/films.tsv`). */
export async function loadFilms(): Promise<Film[]> {
  const file = resourcePath('sample', 'films.tsv');
  return parseFilms(await fs.readFile(file, 'utf8'), file);
}

/** @throws InputError `bad-films` with the line, for a table that does not keep its form. */
export function parseFilms(text: string, file: string): Film[] {
  const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
  const bad = (line: number, why: string) =>
    new InputError('bad-films', `The table of sample films is damaged: ${why}.`, 'Reinstall ToolRec.', {
      place: { file, line },
    });
  if (lines[0] !== header) throw bad(1, 'its header is not the one expected');
  const seen = new Set<string>();
  return lines.slice(1).map((line, index) => {
    const at = index + 2;
    const cells = line.split('\t');
    if (cells.length !== 6) throw bad(at, `${cells.length} columns in the place of 6`);
    const [title, year, genres, director, actors, series] = cells as [string, ...string[]];
    if (!title || !director || !genres) throw bad(at, 'a title, director or genre is missing');
    if (!/^(18|19|20)\d\d$/.test(year!)) throw bad(at, `“${year}” is not a year`);
    const key = `${title}\t${year}`;
    if (seen.has(key)) throw bad(at, `${title} (${year}) is there twice`);
    seen.add(key);
    return {
      id: String(index + 1),
      title,
      year: Number(year),
      genres: genres.split('|'),
      director,
      actors: actors ? actors.split('|') : [],
      series: series || undefined,
    };
  });
}
