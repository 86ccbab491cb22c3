/**
 * Simulated viewers with a stated preference model. What a viewer v thinks of a film i at time t:
 *
 *   utility = fame(i) + genreWeight · genre(v,t,i) + peopleWeight · people(v,t,i) − eraWeight · era(v,t,i)
 *
 * genre: mean over the film's genres of +1 (favourite), −1 (disliked), 0. people: favourites in it. era: squared
 * distance to the viewer's era in era widths, halved. Taste drifts: a viewer has two tastes, and t moves from the
 * first towards the second. A film is drawn with probability proportional to exp(utility) among those unseen,
 * but what was seen last matters too: a session keeps the genre it began with, the next film of a series is
 * often next, and a director or actor is often followed. So neither popularity nor an unordered set of films
 * says all there is to know.
 */
import { Random } from '../../shared/random.ts';
import type { Film } from './films.ts';
import type { SampleParameters } from './parameters.ts';

export interface SimulatedView {
  /** Index into the films. */
  readonly film: number;
  /** 1 … 5, whole stars. */
  readonly rating: number;
  /** Seconds since 1970 UTC, strictly rising within a viewer. */
  readonly timestamp: number;
}

export interface SimulatedViewer {
  readonly id: string;
  readonly ageGroup: (typeof ageGroups)[number]['name'];
  /** Oldest first; no film twice. */
  readonly views: readonly SimulatedView[];
}

/** A group likes the films of its youth: `era` is the middle of the years that its viewers' eras come from. */
export const ageGroups = [
  { name: '18-24', era: 2014, share: 0.16 },
  { name: '25-34', era: 2008, share: 0.28 },
  { name: '35-44', era: 1999, share: 0.22 },
  { name: '45-54', era: 1989, share: 0.16 },
  { name: '55+', era: 1970, share: 0.18 },
] as const;

/** First possible moment: 2025-01-01 00:00 UTC, when every film of the table was out. */
const epoch = 1735689600;
const day = 86_400;
/** Standard deviation, in years, of a viewer's era around that of the age group. */
const eraScatter = 9;
/** The utility of a film that gets three stars, and how many stars a unit of utility is worth. */
const rating = { middle: 0.6, slope: 0.4 };

/** The table of films as the simulation looks at it. */
interface Stage {
  readonly films: readonly Film[];
  readonly fame: Float64Array;
  readonly genreCounts: readonly number[];
  /** Codes of each film's genres. */
  readonly genresOf: readonly (readonly number[])[];
  /** Films of each genre, by code. */
  readonly filmsOfGenre: readonly (readonly number[])[];
  /** People with two films or more: how many, and which. */
  readonly peopleCounts: readonly number[];
  readonly filmsOfPerson: readonly (readonly number[])[];
  /** Other films that share the director or an actor with each film. */
  readonly related: readonly (readonly number[])[];
  /** Index of the film that continues this one's series, or −1. */
  readonly next: Int32Array;
}

interface Taste {
  /** By genre: 1 favourite, −1 disliked, else 0. */
  readonly genres: Float64Array;
  /** Indices into the people of the stage. */
  readonly people: readonly number[];
  readonly era: number;
}

/** Pure: the same films and parameters give the same viewers, to the bit. */
export function simulateViewers(films: readonly Film[], parameters: SampleParameters): SimulatedViewer[] {
  const random = new Random(parameters.seed);
  const stage = buildStage(films, parameters, random);
  return Array.from({ length: parameters.viewers }, (_, index) =>
    // A generator of one's own: a change to one viewer's draws leaves the others as they are.
    simulateViewer(`simulated-${index + 1}`, stage, parameters, new Random(random.uint32())),
  );
}

function buildStage(films: readonly Film[], parameters: SampleParameters, random: Random): Stage {
  const lastOfSeries = new Map<string, number>();
  const next = new Int32Array(films.length).fill(-1);
  films.forEach(({ series }, index) => {
    if (series === undefined) return;
    const before = lastOfSeries.get(series);
    if (before !== undefined) next[before] = index;
    lastOfSeries.set(series, index);
  });
  const castOf = films.map((film) => [...new Set([film.director, ...film.actors])]);
  const byGenre = groupBy(films.map((film) => film.genres));
  const byPerson = groupBy(castOf);
  const genreCodes = new Map([...byGenre.keys()].map((genre, code) => [genre, code]));
  const known = [...byPerson.values()].filter((list) => list.length >= 2);
  return {
    films,
    fame: Float64Array.from(
      films,
      (film) => random.normal() * parameters.popularitySpread + (film.series ? parameters.seriesFame : 0),
    ),
    genreCounts: [...byGenre.values()].map((list) => list.length),
    genresOf: films.map((film) => film.genres.map((genre) => genreCodes.get(genre)!)),
    filmsOfGenre: [...byGenre.values()],
    peopleCounts: known.map((list) => list.length),
    filmsOfPerson: known,
    related: castOf.map((cast, film) =>
      [...new Set(cast.flatMap((person) => byPerson.get(person)!))].filter((other) => other !== film),
    ),
    next,
  };
}

/** From the labels of each film to the films of each label. */
function groupBy(labels: readonly (readonly string[])[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  labels.forEach((list, film) => {
    for (const label of list) {
      const group = groups.get(label);
      if (group) group.push(film);
      else groups.set(label, [film]);
    }
  });
  return groups;
}

function simulateViewer(
  id: string,
  stage: Stage,
  parameters: SampleParameters,
  random: Random,
): SimulatedViewer {
  const group = ageGroups[random.weighted(ageGroups.map((entry) => entry.share))]!;
  const first = utilities(drawTaste(group.era, stage, parameters, random), stage, parameters);
  const second = utilities(drawTaste(group.era, stage, parameters, random), stage, parameters);
  const count = stage.films.length;
  const length = drawLength(count, parameters, random);
  const unseen = new Uint8Array(count).fill(1);
  const utility = new Float64Array(count);
  /** exp(utility), raised in the session's mood; 0 once seen. */
  const appeal = new Float64Array(count);
  const views: SimulatedView[] = [];
  let time = epoch + Math.floor(random.uniform() * 180 * day);
  let last = -1;
  while (views.length < length) {
    const newSession = last < 0 || random.uniform() < 1 / parameters.sessionLength;
    if (newSession) {
      if (last >= 0) time += Math.ceil(-Math.log(1 - random.uniform()) * parameters.sessionGapDays * day);
      const towards = parameters.drift * (views.length / length);
      for (let i = 0; i < count; i++) {
        utility[i] = first[i]! * (1 - towards) + second[i]! * towards;
        appeal[i] = unseen[i] === 1 ? Math.exp(utility[i]!) : 0;
      }
    }
    const film = followOn(last, stage, parameters, appeal, random) ?? random.weighted(appeal);
    if (newSession) {
      const pull = Math.exp(parameters.moodWeight);
      for (const other of stage.filmsOfGenre[stage.genresOf[film]![0]!]!) appeal[other]! *= pull;
    }
    unseen[film] = 0;
    appeal[film] = 0;
    views.push({ film, rating: stars(utility[film]!, parameters, random), timestamp: time });
    time += 5400 + random.int(7200); // a film takes an hour and a half or more
    last = film;
  }
  return { id, ageGroup: group.name, views };
}

/** The next film that the last one leads to, if any: the series goes on, or a person is followed. */
function followOn(
  last: number,
  stage: Stage,
  parameters: SampleParameters,
  appeal: Float64Array,
  random: Random,
): number | undefined {
  const chance = random.uniform();
  if (last < 0) return undefined;
  const sequel = stage.next[last]!;
  if (sequel >= 0 && appeal[sequel]! > 0 && chance < parameters.nextInSeries) return sequel;
  if (random.uniform() >= parameters.samePerson) return undefined;
  const candidates = stage.related[last]!.filter((film) => appeal[film]! > 0);
  if (candidates.length === 0) return undefined;
  return candidates[random.weighted(candidates.map((film) => appeal[film]!))];
}

function drawTaste(groupEra: number, stage: Stage, parameters: SampleParameters, random: Random): Taste {
  const wanted = parameters.favouriteGenres + parameters.dislikedGenres;
  const drawn = drawDistinct(stage.genreCounts, wanted, random);
  const genres = new Float64Array(stage.genreCounts.length);
  drawn.forEach((genre, rank) => (genres[genre] = rank < parameters.favouriteGenres ? 1 : -1));
  return {
    genres,
    people: drawDistinct(stage.peopleCounts, parameters.favouritePeople, random),
    era: groupEra + random.normal() * eraScatter,
  };
}

function utilities(taste: Taste, stage: Stage, parameters: SampleParameters): Float64Array {
  const favourites = new Uint8Array(stage.films.length);
  for (const person of taste.people) for (const film of stage.filmsOfPerson[person]!) favourites[film]!++;
  return Float64Array.from(stage.films, (film, index) => {
    let genre = 0;
    for (const code of stage.genresOf[index]!) genre += taste.genres[code]!;
    const distance = (film.year - taste.era) / parameters.eraWidth;
    return (
      stage.fame[index]! +
      parameters.genreWeight * (genre / film.genres.length) +
      parameters.peopleWeight * favourites[index]! -
      parameters.eraWeight * 0.5 * distance * distance
    );
  });
}

function drawLength(filmCount: number, parameters: SampleParameters, random: Random): number {
  const drawn = Math.round(parameters.medianLength * Math.exp(random.normal() * parameters.lengthSpread));
  const limit = Math.min(parameters.maximumLength, filmCount);
  return Math.min(limit, Math.max(parameters.minimumLength, drawn));
}

function stars(utility: number, parameters: SampleParameters, random: Random): number {
  const exact = 3 + (utility - rating.middle) * rating.slope + random.normal() * parameters.ratingNoise;
  return Math.min(5, Math.max(1, Math.round(exact)));
}

/** Up to `wanted` distinct indices, each drawn with probability proportional to its weight. */
function drawDistinct(weights: readonly number[], wanted: number, random: Random): number[] {
  const left = Float64Array.from(weights);
  const drawn: number[] = [];
  while (drawn.length < Math.min(wanted, weights.length)) {
    const index = random.weighted(left);
    left[index] = 0;
    drawn.push(index);
  }
  return drawn;
}
