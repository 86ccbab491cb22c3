import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import type { Dataset } from '../../data/dataset.ts';
import { asStorageError } from '../../shared/atomic-file.ts';
import { InputError, ToolRecError, UsageError } from '../../shared/errors.ts';
import { resolveInside } from '../../shared/workspace.ts';
import type { MethodDefinition } from './definition.ts';

/** What a module of one's own exports as default: a function that gets the dataset ready and answers for users. */
const moduleSchema = z.object({ default: z.custom<OwnFactory>((value) => typeof value === 'function') });

/** See docs/experiments.md for a complete example. */
export type OwnFactory = (setting: OwnSetting) => OwnMethod | Promise<OwnMethod>;

export interface OwnSetting {
  readonly dataset: {
    readonly name: string;
    readonly users: number;
    readonly items: number;
    /** Title and attributes of an item by its code. */
    item(code: number): { id: string; title: string; attributes: Readonly<Record<string, unknown>> };
    /** Item codes of a user's training part, oldest first. */
    training(user: number): readonly number[];
  };
  readonly n: number;
  readonly seed: number;
  /** `options` of the entry in the file. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface OwnMethod {
  /** For the report: what answers. */
  readonly detail?: string;
  /** Item codes, best first: N distinct ones outside the history. */
  recommend(user: {
    code: number;
    history: readonly number[];
    signal?: AbortSignal;
  }): readonly number[] | Promise<readonly number[]>;
}

const answerSchema = z.array(z.int().nonnegative());

/** A method that a person wrote, in a JavaScript module beside the experiment file. Loaded only when they allow it. */
export const own: MethodDefinition = {
  name: 'own',
  title: 'Own',
  description: 'A method of your own from a JavaScript module beside the experiment file.',
  group: 'own',
  settings: ['module', 'options'],
  model: { kind: 'none' },
  usesLanguageModel: false,
  async open(entry, _model, world) {
    const file = resolveInside(world.folder, entry.module ?? '');
    if (!world.modulesAllowed)
      throw new UsageError(
        'module-not-allowed',
        `The module ${entry.module} is a program, and it was not allowed to run.`,
        'If you trust it, give --allow-modules, or trust the workspace and confirm in VS Code.',
        { place: { file } },
      );
    const text = await fs.readFile(file).catch((error: unknown) => {
      throw asStorageError(error, file);
    });
    const hash = createHash('sha256').update(text).digest('hex');
    const method = await load(file, hash, {
      dataset: datasetView(world.dataset),
      n: world.n,
      seed: world.seed,
      options: entry.options ?? {},
    });
    return {
      detail: `${entry.module}${method.detail ? `: ${method.detail}` : ''}`,
      provenance: { module: hash },
      ...(entry.id === undefined ? {} : { title: entry.id }),
      concurrency: 1,
      async recommend({ user, signal }) {
        let answer: unknown;
        try {
          answer = await method.recommend({
            code: user.code,
            history: [...user.history],
            ...(signal ? { signal } : {}),
          });
        } catch (error) {
          if (error instanceof ToolRecError) throw error;
          const message = error instanceof Error ? error.message : String(error);
          return { items: [], failure: { code: 'own-method-failed', message: message.slice(0, 300) } };
        }
        const items = answerSchema.safeParse(answer);
        if (items.success) return { items: items.data };
        return { items: [], failure: { code: 'not-a-list', message: 'It gave no list of item codes.' } };
      },
    };
  },
};

async function load(file: string, hash: string, setting: OwnSetting): Promise<OwnMethod> {
  try {
    // The hash makes an edited module a new one within one process.
    const module: unknown = await import(`${pathToFileURL(file).href}?${hash.slice(0, 16)}`);
    const made = await moduleSchema.parse(module).default(setting);
    if (typeof made?.recommend === 'function') return made;
    throw new TypeError('its default export gives no object with a function “recommend”');
  } catch (cause) {
    const message =
      cause instanceof z.ZodError ? 'it has no function as default export' : (cause as Error).message;
    throw new InputError(
      'bad-module',
      `The module cannot be used: ${String(message).slice(0, 300)}.`,
      'See docs/experiments.md for what a module exports.',
      { place: { file }, cause },
    );
  }
}

function datasetView(dataset: Dataset): OwnSetting['dataset'] {
  return {
    name: dataset.name,
    users: dataset.userCount,
    items: dataset.itemCount,
    item: (code) => {
      const { id, title, attributes } = dataset.item(code);
      return { id, title, attributes };
    },
    training: (user) => [...dataset.items.subarray(dataset.offsets[user]!, dataset.trainEnd[user])],
  };
}
