import type { Format } from '../reader.ts';
import { amazon2014, amazon2018, amazon2023 } from './amazon/amazon.ts';
import { movieLensCsv } from './movielens/csv.ts';
import { movieLens10M, movieLens1M } from './movielens/dat.ts';
import { movieLens100K } from './movielens/ml-100k.ts';
import { recbole } from './recbole.ts';
import { csvTable, jsonlTable, parquetTable, tsvTable } from './table/format.ts';
import { yelp } from './yelp.ts';

/** The formats that take a mapping of columns. */
export const tableFormats: ReadonlySet<string> = new Set(
  [csvTable, tsvTable, jsonlTable, parquetTable].map(({ id }) => id),
);

/** Every format that can be imported, the most specific first: ties in confidence go to the earlier one. */
export const formats: readonly Format[] = [
  movieLens100K,
  movieLens1M,
  movieLens10M,
  movieLensCsv,
  recbole,
  amazon2014,
  amazon2018,
  amazon2023,
  yelp,
  csvTable,
  tsvTable,
  jsonlTable,
  parquetTable,
];
