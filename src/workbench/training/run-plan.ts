import * as z from 'zod';
import { trainModel } from '../../service/requests/model.ts';

/**
 * A training run as it was asked for: everything that starting it again needs. Kept in the workspace's memory of VS
 * Code until it has ended, so that a window that is reloaded goes on with it.
 */
export const runPlanSchema = trainModel.params
  .omit({ workspace: true, resume: true, allowChangedDataset: true })
  .extend({ folder: z.string(), id: z.string() });
export type RunPlan = z.output<typeof runPlanSchema>;

/** What was kept, without what another version may have written in another form. */
export function parsePlans(stored: unknown): RunPlan[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((each) => {
    const parsed = runPlanSchema.safeParse(each);
    return parsed.success ? [parsed.data] : [];
  });
}
