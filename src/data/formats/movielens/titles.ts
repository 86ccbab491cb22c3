/** A MovieLens title taken apart. */
export interface MovieTitle {
  readonly title: string;
  readonly year?: number;
}

// "Title (1995)", "Title (1995) (V)", "Series (1975-1979)", "Series (2007– )".
const yearAtEnd = /\(\s?(\d{4})(?:\s?[-–]\s?(?:\d{4})?)?\s?\)(?: \((?:V|TV|VG|mini)\))?$/;
/** The year is looked for in this many last characters: a title of any length costs the same. */
const tail = 32;

/**
 * Splits the year of release off a MovieLens title. The rest stays as the source has it ("Matrix, The"): the
 * catalogue's look-up treats it as "The Matrix".
 */
export function splitTitle(text: string): MovieTitle {
  const whole = text.trim();
  const match = yearAtEnd.exec(whole.slice(-tail));
  const title = match ? whole.slice(0, whole.length - match[0].length).trimEnd() : whole;
  return match && title !== '' ? { title, year: Number(match[1]) } : { title: whole };
}

/** The genres of `Animation|Children's|Comedy`; none for `(no genres listed)`. */
export function splitGenres(text: string): string[] {
  const genres = text
    .split('|')
    .map((genre) => genre.trim())
    .filter((genre) => genre !== '' && genre !== '(no genres listed)');
  return [...new Set(genres)];
}
