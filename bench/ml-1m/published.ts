/** The best careful reproductions on ML-1M: 5-core, leave-one-out, all 6,040 users, full ranking, seen items left out. */
export const reproductions = [
  { name: 'SASRec, BCE, 1 negative', source: 'antklen/sasrec-bert4rec-recsys23', recall: 0.25, ndcg: 0.1341 },
  { name: 'BERT4Rec', source: 'antklen/sasrec-bert4rec-recsys23', recall: 0.2843, ndcg: 0.1537 },
  { name: 'BERT4Rec', source: 'asash/bert4rec_repro', recall: 0.2821, ndcg: 0.1516 },
  { name: 'gSASRec, 256 negatives', source: 'asash/gSASRec-pytorch', recall: 0.3003, ndcg: 0.1726 },
  {
    name: 'SASRec+, cross-entropy over all items',
    source: 'antklen/sasrec-bert4rec-recsys23',
    recall: 0.3152,
    ndcg: 0.1821,
  },
  {
    name: 'SASRec+, 3,000 sampled negatives',
    source: 'antklen/sasrec-bert4rec-recsys23',
    recall: 0.3159,
    ndcg: 0.1857,
  },
] as const;

/** What the paper's Table 2 calls the methods that this bench has beside it. */
export const paperNames: Readonly<Record<string, string>> = {
  sasrec: 'SASRec',
  bert4rec: 'BERT4Rec',
  p5: 'P5',
  'sasrec-bert': 'SASRec_BERT',
  'bert4rec-bert': 'BERT4Rec_BERT',
  'chat-rec': 'Chat-REC',
  'llm-rank': 'LLMRank',
  toolrec: 'ToolRec',
  'toolrec-b': 'ToolRec_B',
};
