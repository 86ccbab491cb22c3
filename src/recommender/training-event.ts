import * as z from 'zod';

/** A line of `training.jsonl`: what the live chart reads. Times are seconds of training, pauses not counted. */
export const trainingEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('step'),
    step: z.int(),
    /** With the fraction of the current one. */
    epoch: z.number(),
    loss: z.number(),
    learningRate: z.number(),
    gradientNorm: z.number(),
    seconds: z.number(),
    /** Real positions trained on per second. */
    tokensPerSecond: z.number(),
  }),
  z.object({
    kind: z.literal('epoch'),
    step: z.int(),
    epoch: z.int(),
    /** Mean over the epoch's targets. */
    loss: z.number(),
    validation: z.record(z.string(), z.number()),
    best: z.boolean(),
    seconds: z.number(),
    /** Resident memory of the process in bytes. */
    memory: z.number(),
  }),
]);
export type TrainingEvent = z.output<typeof trainingEventSchema>;
