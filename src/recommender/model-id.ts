import type { Workspace } from '../shared/workspace.ts';
import { StorageError } from '../shared/errors.ts';
import { readManifest } from './checkpoint.ts';
import { trainingHolder } from './training-lock.ts';

/** What a model is named after. */
export interface NameParts {
  /** `sasrec`, `bert4rec`. */
  readonly model: string;
  readonly dataset: string;
  readonly tool?:
    { readonly attribute: string; readonly mode: string; readonly backbone: string } | undefined;
}

/** `sasrec-ml-1m`, `sasrec-ml-1m-frozen-genre`. */
export function modelIdOf({ model, dataset, tool }: NameParts): string {
  const name = tool ? `${tool.backbone}-${tool.mode}-${tool.attribute}` : `${model}-${dataset}`;
  return name.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 56);
}

/** The name with the first number that no model has yet: `sasrec-ml-1m`, `sasrec-ml-1m-2`, … */
export async function freeModelId(workspace: Workspace, parts: NameParts): Promise<string> {
  const base = modelIdOf(parts);
  for (let number = 1; ; number++) {
    const id = number === 1 ? base : `${base}-${number}`;
    const taken = await readManifest(workspace.entry('models', id)).then(
      () => true,
      (error: unknown) => !(error instanceof StorageError && error.code === 'no-model'),
    );
    if (!taken && !(await trainingHolder(workspace, id))) return id;
  }
}
