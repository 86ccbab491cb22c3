import * as z from 'zod';
import { deviceNames } from '../../engine/device-names.ts';
import { defineRequest } from '../protocol.ts';

export const deviceIds = deviceNames;

export const deviceReportSchema = z.object({
  id: z.enum(deviceIds),
  label: z.string(),
  available: z.boolean(),
  /** Version or properties where it is available. */
  detail: z.string(),
  /** Why it is not available; one sentence. */
  reason: z.string().optional(),
  /** What to do to have it, where something can be done. */
  remedy: z.string().optional(),
});
export type DeviceReport = z.output<typeof deviceReportSchema>;

export const doctorReport = defineRequest({
  name: 'doctor/report',
  params: z.strictObject({ workspace: z.string() }),
  result: z.object({
    node: z.object({ version: z.string(), supported: z.boolean(), required: z.string() }),
    platform: z.object({
      os: z.string(),
      arch: z.string(),
      cpu: z.string(),
      cores: z.number(),
      /** Bytes. */
      memory: z.number(),
      freeMemory: z.number(),
    }),
    devices: z.array(deviceReportSchema),
    workspace: z.object({
      folder: z.string(),
      writable: z.boolean(),
      /** Why it is not writable. */
      reason: z.string().optional(),
      /** Bytes; undefined where the file system does not say. */
      freeBytes: z.number().optional(),
    }),
  }),
});
export type DoctorReport = z.output<typeof doctorReport.result>;
