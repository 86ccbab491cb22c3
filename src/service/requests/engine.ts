import * as z from 'zod';
import { defineRequest } from '../protocol.ts';

/** Which process answers, and how much memory it holds: for the status bar, logs and tests. */
export const engineInfo = defineRequest({
  name: 'engine/info',
  params: z.strictObject({}),
  result: z.object({
    pid: z.number().int(),
    node: z.string(),
    /** Bytes. */
    residentMemory: z.number(),
    requests: z.array(z.string()),
  }),
});
