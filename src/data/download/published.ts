import { closest, distance } from 'fastest-levenshtein';
import { UsageError } from '../../shared/errors.ts';

/** A dataset that ToolRec can bring from its publisher. */
export interface PublishedDataset {
  /** What `toolrec dataset download` takes, and the name of the dataset it makes. */
  readonly id: string;
  readonly label: string;
  readonly users: number;
  readonly items: number;
  readonly interactions: number;
  /** Size of the archive as last seen; for information and for limits. */
  readonly bytes: number;
  /** MD5 of the archive as the publisher states it; absent for one that changes (its `.md5` is fetched). */
  readonly md5?: string;
  readonly licence: Licence;
}

export interface Licence {
  /** In our own words; the publisher's text is what counts. */
  readonly summary: readonly string[];
  readonly url: string;
  readonly citation: string;
}

/** The one place on the network that datasets are brought from; `--mirror` names another. */
export const publisherUrl = 'https://files.grouplens.org/datasets/movielens/';

const citation =
  'F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context. ' +
  'ACM Transactions on Interactive Intelligent Systems 5, 4, Article 19.';

const common = [
  'For research; not for commercial or revenue-bearing use without permission of the GroupLens project.',
  'Cite it in publications, and do not suggest that the University of Minnesota or GroupLens endorses you.',
  'It comes as it is, without warranty.',
];
/** The older editions forbid passing them on; the newer allow it on the same conditions. */
const notToBePassedOn = 'Do not pass the data on without separate permission.';
const toBePassedOn = 'Pass the data on, changed or not, only on these same conditions.';

function movieLens(
  id: string,
  label: string,
  [users, items, interactions]: readonly [number, number, number],
  bytes: number,
  passingOn: string,
  readme: 'txt' | 'html',
  md5?: string,
): PublishedDataset {
  const licence = { summary: [...common, passingOn], url: `${publisherUrl}${id}-README.${readme}`, citation };
  return { id, label, users, items, interactions, bytes, licence, ...(md5 ? { md5 } : {}) };
}

export const publishedDatasets: readonly PublishedDataset[] = [
  movieLens('ml-latest-small', 'MovieLens Latest Small', [610, 9742, 100836], 978_202, toBePassedOn, 'html'),
  movieLens(
    'ml-100k',
    'MovieLens 100K',
    [943, 1682, 100_000],
    4_924_029,
    notToBePassedOn,
    'txt',
    '0e33842e24a9c977be4e0107933c0723',
  ),
  movieLens(
    'ml-1m',
    'MovieLens 1M',
    [6040, 3883, 1_000_209],
    5_917_549,
    notToBePassedOn,
    'txt',
    'c4d9eecfca2ab87c1945afe126590906',
  ),
  movieLens(
    'ml-10m',
    'MovieLens 10M',
    [69_878, 10_681, 10_000_054],
    65_566_137,
    notToBePassedOn,
    'html',
    'ce571fd55effeba0271552578f2648bd',
  ),
  movieLens(
    'ml-20m',
    'MovieLens 20M',
    [138_493, 27_278, 20_000_263],
    198_702_078,
    toBePassedOn,
    'html',
    'cd245b17a1ae2cc31bb14903e1204af3',
  ),
  movieLens(
    'ml-25m',
    'MovieLens 25M',
    [162_541, 62_423, 25_000_095],
    261_978_986,
    toBePassedOn,
    'html',
    '6b51fb2759a8657d3bfcbfc42b592ada',
  ),
  movieLens(
    'ml-32m',
    'MovieLens 32M',
    [200_948, 87_585, 32_000_204],
    238_950_008,
    toBePassedOn,
    'html',
    'd472be332d4daa821edc399621853b57',
  ),
];

/** @throws UsageError `unknown-download` with the nearest id. */
export function publishedDataset(id: string): PublishedDataset {
  const found = publishedDatasets.find((dataset) => dataset.id === id.toLowerCase());
  if (found) return found;
  const ids = publishedDatasets.map((dataset) => dataset.id);
  const near = closest(id.toLowerCase(), ids);
  throw new UsageError(
    'unknown-download',
    `“${id.slice(0, 80)}” is not a dataset that ToolRec can download.`,
    distance(id.toLowerCase(), near) <= 4
      ? `Did you mean ${near}?`
      : `Choose one of ${ids.join(', ')}; others can be downloaded by hand and imported.`,
  );
}
