import type { AttributeDefinition, AttributeValue, ItemRecord } from '../../schema.ts';
import { splitTitle } from './titles.ts';

export const genreAttribute: AttributeDefinition = {
  name: 'genre',
  kind: 'categories',
  description: 'Genres of the movie.',
};
export const yearAttribute: AttributeDefinition = {
  name: 'year',
  kind: 'number',
  description: 'Year of release.',
};
export const tagsAttribute: AttributeDefinition = {
  name: 'tags',
  kind: 'categories',
  description: 'Words that users most often put on the movie.',
};

/** A movie as the catalogue keeps it. `fallbackYear` is used where the title names none. */
export function movie(
  id: string,
  titleText: string,
  genres: readonly string[],
  extra: Readonly<Record<string, AttributeValue>> = {},
  fallbackYear?: number,
): ItemRecord {
  const { title, year = fallbackYear } = splitTitle(titleText);
  return {
    id,
    title: title === '' ? id : title,
    attributes: {
      ...(genres.length ? { genre: genres } : {}),
      ...(year === undefined ? {} : { year }),
      ...extra,
    },
  };
}
