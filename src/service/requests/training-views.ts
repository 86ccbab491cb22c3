import * as z from 'zod/mini';

/** Curves of training runs in bounded size, for charts. */

export const curveSchema = z.object({
  steps: z.array(
    z.object({
      step: z.number(),
      epoch: z.number(),
      seconds: z.number(),
      loss: z.number(),
      learningRate: z.number(),
      tokensPerSecond: z.number(),
    }),
  ),
  epochs: z.array(
    z.object({
      step: z.number(),
      epoch: z.number(),
      loss: z.number(),
      validation: z.record(z.string(), z.number()),
      best: z.boolean(),
      seconds: z.number(),
      /** Bytes. */
      memory: z.number(),
    }),
  ),
});
