/** Table 2 of the paper (ToolRec, SIGIR 2024): Recall@10 and NDCG@10 by method name. For reading beside own numbers. */
export const paperTable2: Readonly<
  Record<string, Readonly<Record<string, { readonly recall: number; readonly ndcg: number }>>>
> = {
  'ml-1m': {
    sasrec: { recall: 0.203, ndcg: 0.1017 },
    bert4rec: { recall: 0.158, ndcg: 0.0729 },
    p5: { recall: 0.208, ndcg: 0.0962 },
    'sasrec-bert': { recall: 0.192, ndcg: 0.0967 },
    'bert4rec-bert': { recall: 0.202, ndcg: 0.0961 },
    'chat-rec': { recall: 0.185, ndcg: 0.1012 },
    'llm-rank': { recall: 0.183, ndcg: 0.0991 },
    toolrec: { recall: 0.215, ndcg: 0.1171 },
    'toolrec-b': { recall: 0.185, ndcg: 0.0895 },
  },
  'amazon-book': {
    sasrec: { recall: 0.047, ndcg: 0.0205 },
    'llm-rank': { recall: 0.047, ndcg: 0.0246 },
    toolrec: { recall: 0.053, ndcg: 0.0259 },
  },
  yelp2018: {
    sasrec: { recall: 0.03, ndcg: 0.0165 },
    'bert4rec-bert': { recall: 0.04, ndcg: 0.0208 },
    toolrec: { recall: 0.028, ndcg: 0.0159 },
  },
};

/** The paper's numbers for a dataset of this name; undefined where it has none. */
export function paperNumbers(dataset: string): (typeof paperTable2)[string] | undefined {
  const name = dataset.toLowerCase().replaceAll('_', '-');
  const key = Object.keys(paperTable2).find((known) => name === known || name.startsWith(`${known}-`));
  return key === undefined ? undefined : paperTable2[key];
}
