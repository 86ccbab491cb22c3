import fs from 'node:fs/promises';
import path from 'node:path';
import { Random } from '../src/shared/random.ts';

/**
 * Writes `rows` ratings in the form of the MovieLens CSV editions (ratings.csv and movies.csv), streaming. The
 * shape follows MovieLens 25M: some 150 ratings a user with a long tail (log-normal, at least 20 but for the last
 * user), popularity by a shifted Zipf law over as many movies as its editions have
 * (4,000 for a million rows, 62,000 for 25 million) so that many are rare, half stars, a user's rows
 * together in order of movie id (not of time), whole pages rated in the same second, no pair twice.
 */
export async function writeRatings(folder: string, rows: number, seed = 25): Promise<void> {
  const random = new Random(seed);
  const movies = Math.round(Math.min(62_000, Math.max(4000, rows / 400)));
  await writeMovies(path.join(folder, 'movies.csv'), movies);
  const byPopularity = inverseZipf(movies, random);
  const handle = await fs.open(path.join(folder, 'ratings.csv'), 'wx');
  try {
    const buffer = Buffer.alloc(1 << 20);
    let at = buffer.write('userId,movieId,rating,timestamp\r\n', 'latin1');
    const seenBy = new Uint32Array(movies);
    for (let user = 1, left = rows; left > 0; user++) {
      const wanted = Math.max(20, Math.round(Math.exp(4.2 + 1.15 * random.normal())));
      const length = Math.min(left, wanted, 5000, movies >> 2);
      const chosen = new Uint32Array(length);
      for (let n = 0; n < length;) {
        const movie = byPopularity[random.uint32() >>> 8]!;
        if (seenBy[movie] === user) continue;
        seenBy[movie] = user;
        chosen[n++] = movie;
      }
      chosen.sort();
      const from = 800_000_000 + random.int(700_000_000);
      for (const movie of chosen) {
        if (at > buffer.length - 64) {
          await handle.write(buffer, 0, at);
          at = 0;
        }
        at = digits(buffer, at, user);
        buffer[at++] = 44;
        at = digits(buffer, at, movie + 1);
        buffer[at++] = 44;
        const bits = random.uint32();
        const halves = Math.max(1, Math.min(10, 3 + (bits & 3) + ((bits >>> 2) & 3) + ((bits >>> 4) & 1)));
        buffer[at++] = 48 + (halves >> 1);
        buffer[at++] = 46;
        buffer[at++] = halves & 1 ? 53 : 48;
        buffer[at++] = 44;
        // Pages of about ten movies rated within the same few seconds, over some hours.
        at = digits(buffer, at, from + ((bits >>> 5) % Math.ceil(length / 10)) * 97 + ((bits >>> 28) & 3));
        buffer[at++] = 13;
        buffer[at++] = 10;
      }
      left -= length;
    }
    await handle.write(buffer, 0, at);
  } finally {
    await handle.close();
  }
}

async function writeMovies(file: string, movies: number): Promise<void> {
  const genres = ['Drama', 'Comedy', 'Thriller', 'Romance', 'Action', 'Horror'];
  const lines = ['movieId,title,genres'];
  for (let movie = 1; movie <= movies; movie++) {
    const year = 1920 + (movie % 100);
    const title = movie % 5 === 0 ? `"Movie ${movie}, The (${year})"` : `Movie ${movie} (${year})`;
    lines.push(`${movie},${title},${genres[movie % 6]}|${genres[(movie + 1 + (movie % 4)) % 6]}`);
  }
  await fs.writeFile(file, `${lines.join('\r\n')}\r\n`, { flag: 'wx' });
}

/** [2²⁴] movies, each as often as its popularity demands (proportional to (rank + 60)^-1.7), ids in random order. */
function inverseZipf(movies: number, random: Random): Uint32Array {
  const weights = Float64Array.from({ length: movies }, (_, rank) => (rank + 60) ** -1.7);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const order = random.shuffle(Array.from({ length: movies }, (_, movie) => movie));
  const table = new Uint32Array(1 << 24);
  let rank = 0;
  let reached = weights[0]!;
  for (let i = 0; i < table.length; i++) {
    while (rank < movies - 1 && ((i + 0.5) / table.length) * total > reached) reached += weights[++rank]!;
    table[i] = order[rank]!;
  }
  return table;
}

function digits(buffer: Uint8Array, at: number, value: number): number {
  let end = at + 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) end++;
  for (let to = end - 1, rest = value; to >= at; to--, rest = Math.floor(rest / 10))
    buffer[to] = 48 + (rest % 10);
  return end;
}
