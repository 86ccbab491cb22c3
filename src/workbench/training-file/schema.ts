import * as z from 'zod';
import { trainableDevices } from '../../engine/device-names.ts';
import { presets, trainingConfigSchema } from '../../recommender/config.ts';
import { textSourceSchema } from '../../recommender/text-embeddings/source.ts';

/**
 * A saved training configuration, `*.toolrec-train.yaml`: what “ToolRec: Train” asks, and every setting of a training
 * run, all at the top level. Completion, hover, checks and the JSON Schema in resources/schemas come from here.
 */

const name = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/, 'Use up to 64 letters, digits, dots, dashes and underscores.');

const presetNames = Object.keys(presets) as [string, ...string[]];

/** Each setting without its default, which would hide the preset's; the default is told in its description. */
function settings() {
  const shape = trainingConfigSchema.shape;
  return Object.fromEntries(
    Object.entries(shape).map(([key, field]) => {
      const fallback = String(field.parse(undefined));
      const text = `${field.description ?? ''} Default: ${fallback}, or the preset’s.`;
      return [key, field.removeDefault().optional().describe(text)];
    }),
  ) as { [K in keyof typeof shape]: z.ZodOptional<ReturnType<(typeof shape)[K]['removeDefault']>> };
}

export const trainingFileSchema = z.strictObject({
  dataset: z.string().min(1).describe('Dataset of this folder that is learned from.'),
  id: name.optional().describe('Name of the model. Made from model and dataset when absent.'),
  preset: z.enum(presetNames).optional().describe('Named settings to start from; those below win over them.'),
  startFrom: z
    .string()
    .min(1)
    .optional()
    .describe('Begin with the best parameters of this model, which has the same shape.'),
  backbone: z
    .string()
    .min(1)
    .optional()
    .describe('Train attribute tools (paper 3.3.2) on this model instead of a model of its own.'),
  attributes: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe('Attributes of the tools; one tool is trained for each.'),
  mode: z
    .enum(['frozen', 'full'])
    .optional()
    .describe('Tools only. frozen: the backbone stays as it is; full: it is trained too. Default: frozen.'),
  glove: z
    .string()
    .min(1)
    .optional()
    .describe('Tools only. A full GloVe text file in the place of the shipped words, beside this file.'),
  text: textSourceSchema
    .optional()
    .describe('Where item texts are embedded, for itemEncoder: text. Word vectors when absent.'),
  device: z
    .enum(trainableDevices)
    .optional()
    .describe('Device. Default: auto, the fastest of those that work here.'),
  threads: z.int().min(0).max(1024).optional().describe('CPU threads; 0 = all cores. Default: 0.'),
  ...settings(),
});
export type TrainingFile = z.output<typeof trainingFileSchema>;

/** The file's schema as JSON Schema, for editors that read one. */
export function trainingFileJsonSchema(): object {
  return {
    title: 'ToolRec training configuration',
    ...z.toJSONSchema(trainingFileSchema, { target: 'draft-7', io: 'input' }),
  };
}

/** Keys that are not settings of the training run itself. */
export const ownKeys: ReadonlySet<string> = new Set([
  'dataset',
  'id',
  'preset',
  'startFrom',
  'backbone',
  'attributes',
  'mode',
  'glove',
  'text',
  'device',
  'threads',
]);
