import type { Dataset } from '../../data/dataset.ts';
import type { ModelView } from '../../service/requests/model.ts';
import { type FloorModel, floorModels } from '../../service/requests/recommend.ts';
import type { MethodEntry } from '../experiment-file.ts';
import type { Method, MethodWorld } from '../method.ts';

/** What kind of model a method stands on, and which one it takes when the file names none. */
export type ModelNeed =
  | { readonly kind: 'none' }
  /** Always this floor model. */
  | { readonly kind: 'floor'; readonly model: FloorModel }
  /** A trained model that is no attribute tool. `fits` says which; the best fitting one when none is named. */
  | {
      readonly kind: 'trained';
      readonly name: string;
      readonly fits: (model: ModelView) => boolean;
      /** A floor model may be named in its place: sessions can do with one. */
      readonly orFloor: boolean;
    }
  /** An attribute tool trained in this mode (paper 3.3.2). */
  | { readonly kind: 'tool'; readonly mode: 'frozen' | 'full' };

/** A method's setting in the file, besides `method` and `id`. */
export type MethodSetting = Exclude<keyof MethodEntry, 'method' | 'id'>;

/** A method as the file may name it. A new one is a file beside this and a line in `catalogue.ts`. */
export interface MethodDefinition {
  /** As written in the file. */
  readonly name: string;
  /** As in the paper's tables. */
  readonly title: string;
  /** One sentence for lists and hovers. */
  readonly description: string;
  /** Which part of the paper it belongs to: orders tables and figures. */
  readonly group: 'floor' | 'baseline' | 'ours' | 'ablation' | 'own';
  readonly settings: readonly MethodSetting[];
  readonly model: ModelNeed;
  /** True for methods in which a language model decides or ranks. */
  readonly usesLanguageModel: boolean;
  /** Why it cannot run, for a method that is not built. */
  readonly notBuilt?: string;
  /** `model` is what the need was met with. @throws ToolRecError when something is missing that `plan.ts` cannot see. */
  open(entry: MethodEntry, model: ChosenModel | undefined, world: MethodWorld): Promise<Method>;
}

/** What a model need was met with. */
export interface ChosenModel {
  readonly id: string;
  /** Absent for floor models. */
  readonly view: ModelView | undefined;
  /** SHA-256 of the parameters; the name for floor models, which follow from the dataset. */
  readonly hash: string;
}

export function isFloorModel(name: string): name is FloorModel {
  return (floorModels as readonly string[]).includes(name);
}

/** True for a model that can answer for this dataset. */
export function isUsable(model: ModelView, dataset: Dataset): boolean {
  return model.dataset.hash === dataset.hash && model.progress.bestEpoch > 0;
}
