/**
 * What every model is to evaluation, retrieval and the tools of the agent: something that scores all items for the
 * next position of a history. Floors (popularity, co-occurrence) and sequential models fulfil it alike.
 */
export interface Recommender {
  /** Number of items it knows: scores exist for item codes 0 … itemCount-1. */
  readonly itemCount: number;
  /** How many histories are best scored together. */
  readonly batchSize: number;
  /**
   * Scores every item after each history; higher is better, any scale. Items of the history are scored too:
   * masking is the caller's.
   * @param histories item codes, oldest first; codes beyond `itemCount` (items nobody interacted with) are allowed
   * and say nothing.
   * @param scores [histories.length, itemCount], overwritten
   */
  scoreBatch(histories: readonly Uint32Array[], scores: Float32Array): Promise<void> | void;
  /**
   * The K best items outside each history, where the model finds them faster than by looking at all scores.
   * @returns undefined where it does not
   */
  best?(histories: readonly Uint32Array[], k: number): Promise<ScoredItem[][]> | undefined;
}

export interface ScoredItem {
  readonly item: number;
  readonly score: number;
}
