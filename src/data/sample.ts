import type { LongWork } from '../shared/progress.ts';
import { throwIfCancelled, UsageError } from '../shared/errors.ts';
import { Workspace } from '../shared/workspace.ts';
import type { DatasetContent } from './content.ts';
import { datasetInMemory } from './content.ts';
import type { Dataset } from './dataset.ts';
import type { DatasetManifest } from './manifest.ts';
import { preparationSchema } from './preparation.ts';
import { recordsInMemory } from './records.ts';
import { loadFilms, type Film } from './sample/films.ts';
import {
  defaultSampleParameters,
  sampleParametersSchema,
  type SampleParameters,
} from './sample/parameters.ts';
import { simulateViewers, type SimulatedViewer } from './sample/simulate.ts';
import type { AttributeDefinition, ItemRecord, UserRecord } from './schema.ts';
import { writeDataset } from './store.ts';

export { defaultSampleParameters, sampleParametersSchema, type SampleParameters };

/** The name of the dataset that `toolrec sample` makes. */
export const sampleName = 'sample';

const note =
  'Simulated viewers: the films are real, but every viewer, view and rating was generated from a stated ' +
  'preference model (docs/sample-dataset.md). Results say nothing about people.';

const attributes: readonly AttributeDefinition[] = [
  { name: 'genre', kind: 'categories', description: 'Genres of the film' },
  { name: 'year', kind: 'number', description: 'Year of first release' },
  { name: 'director', kind: 'category', description: 'Director, or directors, of the film' },
  { name: 'actors', kind: 'categories', description: 'Two or three lead actors' },
];

/**
 * The sample dataset, made from facts about films and a preference model. Pure: the same films and parameters
 * give the same content hash.
 * @throws UsageError `bad-sample-parameters` that names the parameter.
 */
export function generateSample(
  films: readonly Film[],
  parameters: Partial<SampleParameters> = {},
): DatasetContent {
  const checked = checkParameters(parameters);
  const viewers = simulateViewers(films, checked);
  const codes = codesByViews(films.length, viewers);
  const items: ItemRecord[] = new Array<ItemRecord>(films.length);
  films.forEach((film, index) => (items[codes.of[index]!] = itemOf(film)));
  return {
    name: sampleName,
    simulated: true,
    attributes,
    columns: columnsOf(viewers, codes.of),
    itemCount: codes.viewed,
    items: recordsInMemory(items),
    users: recordsInMemory(viewers.map(userOf)),
    preparation: preparationSchema.parse({}),
    provenance: {
      format: 'generated',
      files: [],
      licence: 'MIT, as ToolRec itself',
      note: `${note} Parameters: ${JSON.stringify(checked)}`,
    },
  };
}

/** The sample in memory, for tests and for whoever wants it without a workspace. */
export async function sampleInMemory(parameters: Partial<SampleParameters> = {}): Promise<Dataset> {
  return datasetInMemory(generateSample(await loadFilms(), parameters));
}

/**
 * Makes the sample and stores it as the dataset `sample` of the workspace, in the place of an earlier one.
 * @throws StorageError when the disk refuses; CancelledError leaves the earlier one whole.
 */
export async function createSampleDataset(
  workspaceFolder: string,
  work: LongWork = {},
  parameters: Partial<SampleParameters> = {},
): Promise<DatasetManifest> {
  const { signal, onProgress } = work;
  throwIfCancelled(signal, 'Making the sample dataset');
  onProgress?.({ message: 'Simulating viewers' });
  const content = generateSample(await loadFilms(), parameters);
  throwIfCancelled(signal, 'Making the sample dataset');
  onProgress?.({ message: 'Writing the sample dataset' });
  return writeDataset(new Workspace(workspaceFolder).entry('datasets', sampleName), content, work);
}

function checkParameters(parameters: Partial<SampleParameters>): SampleParameters {
  const parsed = sampleParametersSchema.safeParse(parameters);
  const bad = (name: string, why: string) =>
    new UsageError('bad-sample-parameters', `The parameter “${name}” is not valid: ${why}.`, 'Correct it.');
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw bad(issue.path.join('.') || 'parameters', issue.message);
  }
  if (parsed.data.minimumLength > parsed.data.maximumLength)
    throw bad('minimumLength', 'it is greater than maximumLength');
  return parsed.data;
}

/** Dense codes: films that somebody saw first, each group in the order of the table. */
function codesByViews(
  count: number,
  viewers: readonly SimulatedViewer[],
): { of: Uint32Array; viewed: number } {
  const seen = new Uint8Array(count);
  for (const viewer of viewers) for (const view of viewer.views) seen[view.film] = 1;
  const of = new Uint32Array(count);
  let next = 0;
  for (const wanted of [1, 0])
    for (let film = 0; film < count; film++) if (seen[film] === wanted) of[film] = next++;
  return { of, viewed: seen.reduce((sum, value) => sum + value, 0) };
}

function columnsOf(viewers: readonly SimulatedViewer[], codeOf: Uint32Array): DatasetContent['columns'] {
  const total = viewers.reduce((sum, viewer) => sum + viewer.views.length, 0);
  const offsets = new Uint32Array(viewers.length + 1);
  const items = new Uint32Array(total);
  const ratings = new Float32Array(total);
  const timestamps = new Float64Array(total);
  let at = 0;
  viewers.forEach((viewer, user) => {
    for (const view of viewer.views) {
      items[at] = codeOf[view.film]!;
      ratings[at] = view.rating;
      timestamps[at] = view.timestamp;
      at++;
    }
    offsets[user + 1] = at;
  });
  // Leave-one-out: the last is test, the one before validation; a viewer has three views or more.
  const ends = offsets.subarray(1);
  return {
    offsets,
    items,
    ratings,
    timestamps,
    trainEnd: ends.map((end) => end - 2),
    validationEnd: ends.map((end) => end - 1),
  };
}

function itemOf(film: Film): ItemRecord {
  const { id, title, genres, year, director, actors } = film;
  return { id, title, attributes: { genre: genres, year, director, ...(actors.length ? { actors } : {}) } };
}

function userOf(viewer: SimulatedViewer): UserRecord {
  return { id: viewer.id, profile: { age_group: viewer.ageGroup } };
}
