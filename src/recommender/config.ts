import * as z from 'zod';
import { ConfigurationError } from '../shared/errors.ts';

/**
 * Everything that decides a training run, in one place: the CLI's flags, settings, the checkpoint's manifest and the
 * docs' table come from here. Defaults are the settings that did best on ML-1M; see `presets` for the paper's.
 */
export const trainingConfigSchema = z
  .strictObject({
    model: z.enum(['sasrec', 'bert4rec']).default('sasrec').describe('Sequence model.'),
    itemEncoder: z
      .enum(['id', 'text'])
      .default('id')
      .describe(
        'What the model sees of an item: its id, or also an embedding of its text (SASRec_BERT, BERT4Rec_BERT).',
      ),
    maxLength: z
      .int()
      .min(2)
      .max(4096)
      .default(200)
      .describe('Latest items of a history that are looked at.'),
    hidden: z.int().min(4).max(1024).default(64).describe('Width of item vectors and hidden states.'),
    layers: z.int().min(1).max(24).default(2).describe('Transformer layers.'),
    heads: z.int().min(1).max(32).default(1).describe('Attention heads; must divide the width.'),
    inner: z.int().min(4).max(8192).default(64).describe('Inner width of the feed-forward layers.'),
    dropout: z.number().min(0).lt(1).default(0.2).describe('Share of embeddings and layer outputs dropped.'),
    attentionDropout: z.number().min(0).lt(1).default(0.1).describe('Share of attention weights dropped.'),
    loss: z
      .enum(['bpr', 'bce', 'gbce', 'sampled-softmax', 'cross-entropy'])
      .default('cross-entropy')
      .describe('Training loss; the paper uses bpr.'),
    negatives: z
      .int()
      .min(1)
      .max(100_000)
      .default(1)
      .describe('Negatives per position (bpr, bce, gbce) or per batch (sampled-softmax).'),
    calibration: z.number().min(0).max(1).default(0.75).describe('Calibration t of gbce.'),
    maskRatio: z.number().gt(0).lt(1).default(0.2).describe('Share of items that BERT4Rec hides.'),
    lastItemRatio: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe(
        'Share of sequences that BERT4Rec sees up to a random place, its last item hidden, as at retrieval.',
      ),
    longHistories: z
      .enum(['latest', 'all'])
      .default('all')
      .describe(
        'What is trained on of histories longer than maxLength: their latest items, or windows at random places too.',
      ),
    learningRate: z.number().positive().max(1).default(1e-3).describe('Highest learning rate of Adam.'),
    schedule: z.enum(['constant', 'cosine']).default('cosine').describe('Learning rate over the epochs.'),
    finalRate: z
      .number()
      .min(0)
      .max(1)
      .default(0.03)
      .describe('Where the cosine ends, as a share of the learning rate.'),
    warmupEpochs: z.number().min(0).default(0.5).describe('Epochs over which the rate rises from zero.'),
    weightDecay: z.number().min(0).max(1).default(0).describe('Decoupled weight decay of matrices.'),
    clipNorm: z.number().min(0).default(0).describe('Largest norm of all gradients together; 0 = no limit.'),
    epochs: z.int().min(1).max(10_000).default(50).describe('Passes over the training sequences.'),
    batchTokens: z
      .int()
      .min(2)
      .max(1_000_000)
      .default(2400)
      .describe('Positions in a batch; sequences of similar length are put together.'),
    patience: z
      .int()
      .min(1)
      .default(15)
      .describe('Epochs without a better validation NDCG@10 before training stops.'),
    validationUsers: z
      .int()
      .min(0)
      .default(0)
      .describe('Users drawn for validation after each epoch; 0 = all.'),
    fitOn: z
      .enum(['train', 'train+validation'])
      .default('train')
      .describe('train+validation: a last fit with settings and epochs chosen before; nothing is validated.'),
    seed: z.int().min(0).max(4294967295).default(42).describe('Seed of everything random.'),
  })
  .superRefine((config, context) => {
    if (config.hidden % config.heads !== 0)
      context.addIssue({ code: 'custom', path: ['heads'], message: 'heads must divide hidden' });
  });

/** As models keep it. One from before `longHistories` was trained on latest items. */
export const storedConfigSchema = z.preprocess(
  (stored) =>
    typeof stored === 'object' && stored !== null ? { longHistories: 'latest', ...stored } : stored,
  trainingConfigSchema,
);

export type TrainingConfig = z.output<typeof trainingConfigSchema>;
export type TrainingConfigInput = z.input<typeof trainingConfigSchema>;

/** It learns more slowly than SASRec, only hidden positions being targets; `lastItemRatio` shows it all of a long history. */
const bert4Rec = {
  model: 'bert4rec',
  heads: 2,
  inner: 256,
  dropout: 0.1,
  maskRatio: 0.3,
  lastItemRatio: 0.5,
  longHistories: 'latest',
  epochs: 200,
  patience: 40,
} as const satisfies TrainingConfigInput;

/** Named settings to start from. */
export const presets = {
  /** What the paper's reference implementation uses (RecBole's SASRec), BPR with one uniform negative. */
  'paper-sasrec': {
    model: 'sasrec',
    maxLength: 50,
    heads: 4,
    inner: 256,
    dropout: 0.5,
    attentionDropout: 0.5,
    loss: 'bpr',
    negatives: 1,
    schedule: 'constant',
    warmupEpochs: 0,
    batchTokens: 6400,
    longHistories: 'latest',
    epochs: 300,
    patience: 20,
  },
  'paper-bert4rec': {
    model: 'bert4rec',
    maxLength: 50,
    heads: 2,
    inner: 256,
    dropout: 0.2,
    attentionDropout: 0.2,
    maskRatio: 0.2,
    loss: 'cross-entropy',
    schedule: 'constant',
    warmupEpochs: 0,
    batchTokens: 6400,
    longHistories: 'latest',
    epochs: 300,
    patience: 20,
  },
  sasrec: { model: 'sasrec' },
  /** The paper's SASRec_BERT; which embeddings is said by the source of the item texts. */
  'sasrec-text': { model: 'sasrec', itemEncoder: 'text' },
  /** The paper's BERT4Rec_BERT. */
  'bert4rec-text': { ...bert4Rec, itemEncoder: 'text' },
  bert4rec: bert4Rec,
} as const satisfies Record<string, TrainingConfigInput>;

export type PresetName = keyof typeof presets;

/** @throws ConfigurationError `bad-training-config` naming each bad key */
export function parseTrainingConfig(input: unknown, place?: string): TrainingConfig {
  const parsed = trainingConfigSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new ConfigurationError(
    'bad-training-config',
    `The training settings are not valid: ${sayIssues(parsed.error)}.`,
    'Correct the named values.',
    place === undefined ? {} : { place: { file: place } },
  );
}

/** `epochs: Too small: …; heads: …`, on one line. */
function sayIssues({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => [...path.map(String), message].join(': ')).join('; ');
}

/** Learning rate at a point of training. @param epoch epochs done, with the fraction of the current one */
export function learningRateAt(config: TrainingConfig, epoch: number): number {
  const warmup = config.warmupEpochs > 0 ? Math.min(1, epoch / config.warmupEpochs + 0.02) : 1;
  if (config.schedule === 'constant') return config.learningRate * warmup;
  const share = Math.min(1, epoch / config.epochs);
  const cosine = config.finalRate + (1 - config.finalRate) * 0.5 * (1 + Math.cos(Math.PI * share));
  return config.learningRate * warmup * cosine;
}
