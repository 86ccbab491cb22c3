import { detectFormat, sureEnough } from '../../data/detect.ts';
import { formats, tableFormats } from '../../data/formats/registry.ts';
import { datasetNameFor, importDataset } from '../../data/import.ts';
import { openNamedDataset } from '../../data/library.ts';
import { readManifest, type DatasetManifest } from '../../data/manifest.ts';
import { previewSource } from '../../data/preview.ts';
import { createSampleDataset } from '../../data/sample.ts';
import { openSources } from '../../data/sources/open-sources.ts';
import { Workspace } from '../../shared/workspace.ts';
import type { HandlerRegistry } from '../registry.ts';
import {
  datasetDetect,
  datasetHistory,
  datasetImport,
  datasetInspect,
  datasetItems,
  datasetPreview,
  datasetSample,
  type Stored,
} from '../requests/dataset.ts';
import { Catalogue } from './catalogue.ts';
import { historyOf } from './history.ts';
import { inspect } from './inspection.ts';

/** Requests about datasets. The dataset that was looked at last stays open, as long as it is the one on disk. */
export function registerDatasetHandlers(registry: HandlerRegistry): void {
  let last: { readonly directory: string; readonly hash: string; readonly catalogue: Catalogue } | undefined;
  registry.disposables.add({ dispose: () => (last = undefined) });

  const open = async (workspace: string, name: string): Promise<Catalogue> => {
    const place = new Workspace(workspace);
    const directory = place.entry('datasets', name);
    // The manifest says whether it is still the same one; only another is read whole.
    const { hash } = await readManifest(directory);
    if (last?.directory !== directory || last.hash !== hash) {
      const dataset = await openNamedDataset(place, name);
      last = { directory, hash: dataset.hash, catalogue: new Catalogue(dataset) };
    }
    return last.catalogue;
  };

  registry.handle(datasetSample, async ({ workspace }, work) =>
    stored(await createSampleDataset(workspace, work), []),
  );

  registry.handle(datasetDetect, async ({ paths }, work) => {
    const files = await openSources(paths, work);
    const found = await detectFormat(files);
    const confidence = new Map(found.map((detection) => [detection.format.id, detection.confidence]));
    return {
      suggestedName: datasetNameFor(paths[0]!),
      files: files.map((file) => ({ name: file.name, bytes: file.size })),
      formats: formats
        .map(({ id, label }) => ({ id, label, confidence: confidence.get(id) ?? 0 }))
        .sort((a, b) => b.confidence - a.confidence),
      sure: (found[0]?.confidence ?? 0) >= sureEnough,
    };
  });

  registry.handle(datasetPreview, async ({ paths, format, map }) => {
    const { files, plan, problem } = await previewSource(paths, format, map);
    return {
      files: files.map((file) => ({
        ...file,
        columns: [...file.columns],
        rows: file.rows.map((row) => [...row]),
      })),
      ...(plan && { notes: [...plan.notes] }),
      attributes: (plan?.attributes ?? []).map(({ name }) => name),
      ...(problem && { problem: { code: problem.code, message: problem.message, remedy: problem.remedy } }),
      mappable: tableFormats.has(format),
    };
  });

  registry.handle(datasetImport, async ({ workspace, ...options }, work) => {
    const { manifest, notes } = await importDataset(
      { workspace: new Workspace(workspace), ...options },
      work,
    );
    return stored(manifest, notes);
  });

  registry.handle(datasetInspect, async ({ workspace, name, topValues }) =>
    inspect((await open(workspace, name)).dataset, topValues),
  );

  registry.handle(datasetItems, async ({ workspace, name, query, offset, limit }) =>
    (await open(workspace, name)).page(query, offset, limit),
  );

  registry.handle(datasetHistory, async ({ workspace, name, user, limit }) =>
    historyOf((await open(workspace, name)).dataset, user, limit),
  );
}

function stored(manifest: DatasetManifest, notes: readonly string[]): Stored {
  return {
    name: manifest.name,
    simulated: manifest.simulated,
    ...manifest.counts,
    badRows: manifest.report?.badRows ?? 0,
    notes: [...notes],
  };
}
