import { listDatasets } from '../../data/library.ts';
import type { EngineConnection } from '../../service/protocol.ts';
import { listModelsRequest, type ModelView } from '../../service/requests/model.ts';
import type { Workspace } from '../../shared/workspace.ts';

/** An experiment file to start from, with the dataset and models that the folder has. */
export async function starterExperiment(
  workspace: Workspace,
  request: EngineConnection['request'],
): Promise<string> {
  const datasets = (await listDatasets(workspace)).filter(({ manifest }) => manifest);
  const { models } = await request(listModelsRequest, { workspace: workspace.folder });
  const trained = models.filter((model): model is ModelView => !('error' in model) && !model.tool);
  const dataset = trained[0]?.dataset.name ?? datasets[0]?.name ?? 'sample';
  const own = trained.filter((model) => model.dataset.name === dataset);
  const backbone = own.find(({ model }) => model === 'sasrec')?.id ?? 'cooccurrence';
  const trainedRows = own.map(({ id, model }) => `  - { method: ${model}, id: ${id}, model: ${id} }`);
  return [
    '# Run it with “Run Experiment” above this line, or: toolrec experiment run <this file>',
    `title: A comparison on ${dataset}`,
    `dataset: ${dataset}`,
    'sample: { users: 100, repeats: 3, seed: 2024 } # the paper: 200 users, three times; or: all',
    '# language_models:',
    '#   local: { base_url: "http://localhost:11434/v1", model: llama3.1 }',
    'language_model: offline # statistics stand in for a language model, and every table says so',
    'methods:',
    '  - method: popularity',
    '  - method: cooccurrence',
    ...trainedRows,
    `  - { method: llm-rank, model: ${backbone} }`,
    `  - { method: toolrec, model: ${backbone} }`,
    `  - { method: w/single, model: ${backbone} }`,
    '',
  ].join('\n');
}
