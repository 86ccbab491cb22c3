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

export interface Retriever {
  /** Attributes that have a tool; `null` = the plain backbone (the paper's `None`). */
  readonly attributes: readonly (string | null)[];
  /** The K best items outside the history, best first. */
  retrieve(
    query: RetrievalQuery,
    attribute: string | null,
    k: number,
    signal?: AbortSignal,
  ): Promise<readonly RetrievedItem[]>;
}
