/**
 * How the agent and experiments reach retrieval without knowing of tensors (paper 3.3.2). The engine's client
 * fulfils it; tests use plain objects.
 */

/** Who to retrieve for: a user of the dataset, or a history written or edited by hand (item codes, oldest first). */
export type RetrievalQuery =
  | { readonly user: number; readonly history?: undefined }
  | { readonly history: readonly number[]; readonly user?: undefined };

export interface RetrievedItem {
  /** Dense item code in the dataset. */
  readonly item: number;
  readonly id: string;
  readonly title: string;
  readonly score: number;
}

/** Which models answer: for a session's log, and for whoever shows a figure that comes from them. */
export interface RetrievalSource {
  /** `floor`: nothing is trained, a plain model stands in. */
  readonly kind: 'trained' | 'floor';
  /** Id of the trained backbone, or name of the floor model. */
  readonly model: string;
  /** `sasrec`, `bert4rec`; absent for floor models. */
  readonly architecture?: string;
  /** The attribute tools made of the backbone; a floor model has none. */
  readonly tools: readonly { readonly attribute: string; readonly model: string }[];
  /** Trained on generated data. */
  readonly simulated: boolean;
  /** Changes whenever one of the models is trained anew or further; absent for floor models. */
  readonly revision?: string;
  /** True when one of the models was fitted on the validation part too, so that nothing may be chosen there. */
  readonly sawValidation?: true;
}

export interface Retriever {
  readonly source?: RetrievalSource;
  /** Attributes that have a tool; `null` = the plain backbone (the paper's `None`). */
  readonly attributes: readonly (string | null)[];
  /** The K best items outside the history, best first. */
  retrieve(
    query: RetrievalQuery,
    attribute: string | null,
    k: number,
    signal?: AbortSignal,
  ): Promise<readonly RetrievedItem[]>;
  /**
   * Items that others chose soon after those of the history: item-to-item co-occurrence, counted in the training part.
   * Only items with such evidence; scores are positive weights. Absent where the backbone is just that.
   */
  readonly neighbours?: (
    query: RetrievalQuery,
    k: number,
    signal?: AbortSignal,
  ) => Promise<readonly RetrievedItem[]>;
}
