import fs from 'node:fs/promises';
import path from 'node:path';
import { createHash } from 'node:crypto';
import manifest from '../../package.json' with { type: 'json' };
import { openNamedDataset } from '../data/library.ts';
import type { StoredDataset } from '../data/store.ts';
import { parametersFile } from '../recommender/checkpoint.ts';
import { trainingHolder } from '../recommender/training-lock.ts';
import type { EngineConnection } from '../service/protocol.ts';
import { listModelsRequest, type ModelView } from '../service/requests/model.ts';
import { asStorageError } from '../shared/atomic-file.ts';
import { ToolRecError } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import type { Workspace } from '../shared/workspace.ts';
import { asError, type ExperimentFile, type Finding, meant, type MethodEntry } from './experiment-file.ts';
import { LanguageModels, type LanguageModelSource } from './language-models.ts';
import type { Method, MethodWorld } from './method.ts';
import { findMethod, methodDefinitions } from './methods/catalogue.ts';
import {
  type ChosenModel,
  isFloorModel,
  isUsable,
  type MethodDefinition,
  type MethodSetting,
} from './methods/definition.ts';
import type { ExperimentPlan, PlannedMethod } from './plan-file.ts';
import { hashOf } from './records.ts';
import { drawSamples, eligibleUsers } from './sampler.ts';

/** Where an experiment finds things; the same for CLI, workbench and tests. */
export interface ExperimentWorld extends LongWork {
  readonly workspace: Workspace;
  readonly engine: Pick<EngineConnection, 'request'>;
  readonly languageModels?: LanguageModelSource;
  readonly modulesAllowed?: boolean;
}

/** A method opened and ready, with what is kept of it. */
export interface OpenMethod {
  readonly planned: PlannedMethod;
  readonly method: Method;
  readonly concurrency: number;
}

/** Everything opened that a run needs. */
export interface OpenExperiment {
  readonly id: string;
  readonly file: ExperimentFile;
  readonly plan: ExperimentPlan;
  readonly dataset: StoredDataset;
  readonly methods: readonly OpenMethod[];
  readonly languageModels: LanguageModels;
  readonly world: ExperimentWorld;
}

/** What a file names and what is there, before anything heavy is opened. */
interface Survey {
  readonly dataset: StoredDataset | undefined;
  readonly models: readonly ModelView[];
  readonly chosen: readonly { definition: MethodDefinition; model: Named | undefined }[];
  readonly findings: readonly Finding[];
}
type Named = { readonly id: string; readonly view: ModelView | undefined };

/**
 * Everything that is wrong with what a file names: unknown method, missing model, changed dataset, impossible sample
 * size. Loads no model and asks no language model; for diagnostics while a person types, and before each run.
 */
export async function surveyExperiment(file: ExperimentFile, world: ExperimentWorld): Promise<Survey> {
  const findings: Finding[] = [];
  const { config, at } = file;
  const dataset = await openNamedDataset(world.workspace, config.dataset).catch((error: unknown) => {
    if (!(error instanceof ToolRecError)) throw error;
    findings.push(at(['dataset'], error.code, error.message, error.remedy));
    return undefined;
  });
  if (dataset && config.dataset_hash !== undefined && !dataset.hash.startsWith(config.dataset_hash))
    findings.push(
      at(
        ['dataset_hash'],
        'dataset-changed',
        `“${config.dataset}” is now ${dataset.hash.slice(0, 12)}, another state than this experiment was written for.`,
        'Import it again as it was, or put the new hash here.',
      ),
    );
  if (dataset && config.sample !== 'all') {
    const eligible = eligibleUsers(dataset, config.protocol.part).length;
    if (config.sample.users > eligible)
      findings.push(
        at(
          ['sample', 'users'],
          'sample-too-large',
          `A sample of ${config.sample.users} users was asked for; “${config.dataset}” has ${eligible} with a held-out item.`,
          'Ask for fewer, or write “sample: all”.',
        ),
      );
  }
  const { models: listed } = await world.engine.request(listModelsRequest, {
    workspace: world.workspace.folder,
  });
  const models = await Promise.all(
    listed
      .filter((entry): entry is ModelView => !('error' in entry))
      .map((view) => withoutDeadTraining(world.workspace, view)),
  );
  const broken = new Map(listed.flatMap((entry) => ('error' in entry ? [[entry.id, entry.error]] : [])));
  const chosen: { definition: MethodDefinition; model: Named | undefined }[] = [];
  config.methods.forEach((entry, i) => {
    const definition = findMethod(entry.method);
    if (!definition) {
      findings.push(
        at(
          ['methods', i, 'method'],
          'unknown-method',
          `There is no method “${entry.method}”.`,
          meant(
            entry.method,
            methodDefinitions.map(({ name }) => name),
          ),
        ),
      );
      return;
    }
    findings.push(...settingFindings(definition, entry, i, at));
    if (definition.notBuilt !== undefined)
      findings.push(
        at(['methods', i, 'method'], 'not-built', definition.notBuilt, 'Leave it out of the experiment.'),
      );
    const model = dataset ? chooseModel(definition, entry, i, dataset, models, broken, at) : undefined;
    if (model && 'code' in model) findings.push(model);
    else chosen.push({ definition, model });
  });
  return { dataset, models, chosen, findings };
}

/** A training that crashed left its status behind; its best checkpoint changes no more. */
async function withoutDeadTraining(workspace: Workspace, view: ModelView): Promise<ModelView> {
  if (view.status !== 'training' || (await trainingHolder(workspace, view.id))) return view;
  return { ...view, status: 'stopped' };
}

function settingFindings(
  definition: MethodDefinition,
  entry: MethodEntry,
  i: number,
  at: ExperimentFile['at'],
): Finding[] {
  const findings: Finding[] = [];
  for (const key of Object.keys(entry) as (keyof MethodEntry)[]) {
    if (key === 'method' || key === 'id' || entry[key] === undefined) continue;
    if (definition.settings.includes(key satisfies MethodSetting)) continue;
    const takes =
      definition.settings.length === 0 ? 'It takes none.' : `It takes ${definition.settings.join(', ')}.`;
    findings.push(
      at(['methods', i, key], 'setting-not-taken', `${definition.title} takes no “${key}”.`, takes),
    );
  }
  if (definition.name === 'own' && entry.module === undefined)
    findings.push(
      at(['methods', i], 'missing-key', 'The module of the method is missing.', 'Add “module: ./mine.mjs”.'),
    );
  return findings;
}

function chooseModel(
  { model: need, title }: MethodDefinition,
  entry: MethodEntry,
  i: number,
  dataset: StoredDataset,
  models: readonly ModelView[],
  broken: ReadonlyMap<string, { code: string; message: string }>,
  at: ExperimentFile['at'],
): Named | Finding | undefined {
  if (need.kind === 'none') return undefined;
  if (need.kind === 'floor') return { id: need.model, view: undefined };
  const key = ['methods', i, 'model'];
  const fits = (view: ModelView) =>
    need.kind === 'tool' ? view.tool?.mode === need.mode : !view.tool && need.fits(view);
  const what = need.kind === 'tool' ? `attribute tool trained in mode ${need.mode}` : `${need.name} model`;
  const own = models.filter((view) => isUsable(view, dataset) && view.status !== 'training' && fits(view));
  const floors = need.kind === 'trained' && need.orFloor ? ['cooccurrence', 'popularity'] : [];
  const names = [...own.map(({ id }) => id), ...floors];
  const given = entry.model;
  if (given === undefined) {
    if (need.kind === 'tool' && own.length > 1)
      return at(
        ['methods', i],
        'missing-key',
        `Which ${what} is meant?`,
        `Add “model:”: ${names.join(', ')}.`,
      );
    const best = [...own].sort(
      (a, b) => (b.validation?.['ndcg@10'] ?? 0) - (a.validation?.['ndcg@10'] ?? 0) || (a.id < b.id ? -1 : 1),
    )[0];
    if (best) return { id: best.id, view: best };
    const remedy = floors.length
      ? `Train one, or write “model: cooccurrence” to do without.`
      : `Train one with “toolrec train ${dataset.name}”.`;
    return at(
      ['methods', i, 'method'],
      'missing-model',
      `${title} needs a ${what} of “${dataset.name}”, and there is none.`,
      remedy,
    );
  }
  if (floors.length > 0 && isFloorModel(given)) return { id: given, view: undefined };
  const damage = broken.get(given);
  if (damage) return at(key, damage.code, damage.message, 'Train it again, or delete it.');
  const view = models.find(({ id }) => id === given);
  if (!view) return at(key, 'missing-model', `There is no model “${given}”.`, meant(given, names));
  if (view.dataset.hash !== dataset.hash)
    return at(
      key,
      'dataset-changed',
      `“${given}” was trained on ${view.dataset.name === dataset.name ? 'another version of' : `“${view.dataset.name}”, not on`} “${dataset.name}”.`,
      'Train it again on this dataset, or name another.',
    );
  if (view.progress.bestEpoch === 0)
    return at(key, 'missing-model', `“${given}” has no epoch behind it yet.`, 'Let it train first.');
  if (view.status === 'training')
    return at(
      key,
      'model-in-training',
      `“${given}” is being trained: its answers would change in the middle of the run.`,
      'Wait for its end, or pause its training.',
    );
  if (!fits(view))
    return at(
      key,
      'other-model',
      `“${given}” is not a ${what}.`,
      names.length ? meant(given, names) : 'Train one.',
    );
  return { id: given, view };
}

/**
 * Checks everything, then opens every method. Nothing has run and nothing has been paid for when this throws.
 * @throws ConfigurationError with the line of the file for whatever does not fit
 */
export async function openExperiment(
  file: ExperimentFile,
  id: string,
  world: ExperimentWorld,
): Promise<OpenExperiment> {
  const survey = await surveyExperiment(file, world);
  if (survey.findings.length > 0) throw asError(survey.findings);
  const dataset = survey.dataset!;
  const { config } = file;
  const folder = path.dirname(file.file);
  const languageModels = new LanguageModels(config.language_models, folder, world.languageModels ?? {});
  const hashes = new Map<string, Promise<string>>();
  const modelHash = (model: string): Promise<string> => {
    const known = hashes.get(model) ?? hashOfModel(world.workspace, model);
    hashes.set(model, known);
    return known;
  };
  const methodWorld: MethodWorld = {
    workspace: world.workspace,
    dataset,
    part: config.protocol.part,
    engine: world.engine,
    n: config.n,
    seed: config.seed,
    maskHistory: config.protocol.mask_history,
    attempts: config.attempts,
    languageModel: (name) => languageModels.get(name),
    protocol: (name) => languageModels.protocol(name),
    modelHash,
    folder,
    modulesAllowed: world.modulesAllowed ?? false,
    clock: Date.now,
    signal: world.signal,
    onProgress: world.onProgress,
  };
  const methods: OpenMethod[] = [];
  for (const [i, { definition, model: named }] of survey.chosen.entries()) {
    const entry = config.methods[i]!;
    const methodId = file.methodIds[i]!;
    world.onProgress?.({ message: `Opening ${methodId}` });
    const model: ChosenModel | undefined = named && {
      ...named,
      hash: named.view ? await modelHash(named.id) : named.id,
    };
    const language = definition.usesLanguageModel
      ? { language_model: entry.language_model ?? config.language_model }
      : {};
    try {
      const method = await definition.open({ ...entry, ...language }, model, methodWorld);
      methods.push(opened(methodId, entry, definition, named?.id, method, file, dataset));
    } catch (error) {
      if (!(error instanceof ToolRecError) || error.name === 'CancelledError') throw error;
      throw asError([file.at(['methods', i], error.code, error.message, error.remedy)]);
    }
  }
  const eligible = eligibleUsers(dataset, config.protocol.part);
  const plan: ExperimentPlan = {
    version: 1,
    id,
    title: config.title ?? id,
    file: path.basename(file.file),
    configuration: file.text,
    program: {
      version: manifest.version,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    },
    dataset: {
      name: dataset.name,
      hash: dataset.hash,
      simulated: dataset.simulated,
      users: dataset.userCount,
      items: dataset.itemCount,
      interactions: dataset.interactionCount,
      eligible: eligible.length,
    },
    part: config.protocol.part,
    maskHistory: config.protocol.mask_history,
    n: config.n,
    metrics: config.metrics ?? [`recall@${config.n}`, `ndcg@${config.n}`],
    seed: config.seed,
    sample: config.sample === 'all' ? null : config.sample,
    samples: drawSamples(eligible, config.sample),
    reference: referenceOf(file, methods),
    methods: methods.map(({ planned }) => planned),
  };
  return { id, file, plan, dataset, methods, languageModels, world };
}

function opened(
  id: string,
  entry: MethodEntry,
  definition: MethodDefinition,
  model: string | undefined,
  method: Method,
  { config }: ExperimentFile,
  dataset: StoredDataset,
): OpenMethod {
  const language =
    method.languageModel === undefined ? undefined : config.language_models[method.languageModel];
  const { id: _id, language_model: _language, ...settings } = entry;
  const fingerprint = hashOf({
    dataset: dataset.hash,
    part: config.protocol.part,
    maskHistory: config.protocol.mask_history,
    n: config.n,
    seed: config.seed,
    settings,
    languageModel: language && {
      model: language.model,
      base: language.base_url,
      protocol: language.protocol,
    },
    provenance: method.provenance,
  });
  const { name, group } = definition;
  return {
    method,
    concurrency: method.concurrency ?? config.concurrency,
    planned: {
      id,
      name,
      title: method.title ?? definition.title,
      group,
      detail: method.detail,
      standIn: method.standIn ?? null,
      languageModel: language?.model ?? null,
      model: model ?? null,
      size: method.size ?? null,
      provenance: { ...method.provenance },
      fingerprint,
    },
  };
}

/** The method that others are compared with: the one named, else ToolRec, else the last of the table. */
function referenceOf({ config }: ExperimentFile, methods: readonly OpenMethod[]): string | null {
  if (config.reference !== undefined) return config.reference;
  const ours = methods.find(({ planned }) => planned.group === 'ours') ?? methods.at(-1);
  return ours?.planned.id ?? null;
}

async function hashOfModel(workspace: Workspace, model: string): Promise<string> {
  const file = path.join(workspace.entry('models', model), parametersFile);
  try {
    return createHash('sha256')
      .update(await fs.readFile(file))
      .digest('hex');
  } catch (error) {
    throw asStorageError(error, file);
  }
}
