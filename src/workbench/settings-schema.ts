import * as z from 'zod';
import { trainableDevices } from '../engine/device-names.ts';
import { priceTableSchema } from '../llm/prices.ts';

/**
 * Every setting of the workbench with its type, default, range and description. package.json's configuration is
 * made from this table (manifest.ts), and what a person wrote in settings.json is checked against it (settings.ts).
 */

interface SettingDefinition<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  readonly fallback: z.output<Schema>;
  /** Markdown, shown in the Settings editor. */
  readonly description: string;
  readonly scope: 'window' | 'resource';
  /** What each value of an enumeration means, in the schema's order. */
  readonly valueDescriptions?: readonly string[];
}

function setting<Schema extends z.ZodType>(definition: SettingDefinition<Schema>): SettingDefinition<Schema> {
  return definition;
}

export const settings = {
  'engine.memoryLimit': setting({
    schema: z.int().min(512).max(1_048_576),
    fallback: 4096,
    scope: 'window',
    description:
      'Most memory, in MB, that JavaScript objects of the engine process may take. A change takes effect when the ' +
      'engine next starts (**ToolRec: Restart Engine**).',
  }),
  'import.protocol': setting({
    schema: z.enum(['reference', 'paper']),
    fallback: 'reference',
    scope: 'resource',
    valueDescriptions: [
      '5-core, as in careful reproductions on MovieLens 1M.',
      'What the ToolRec paper did: nothing is filtered out.',
    ],
    description: 'Preparation that **ToolRec: Import Dataset…** offers first.',
  }),
  'import.badRowTolerance': setting({
    schema: z.number().min(0).max(50),
    fallback: 1,
    scope: 'resource',
    description:
      'Share of unreadable rows, in percent of a file, above which an import stops. Fewer are left out and listed ' +
      "in the dataset's import report.",
  }),
  'training.size': setting({
    schema: z.enum(['standard', 'quick', 'paper']),
    fallback: 'standard',
    scope: 'resource',
    valueDescriptions: [
      'Until validation gets no better, with the settings that did best on MovieLens 1M.',
      'Five epochs: enough to see that everything works.',
      'The settings of the reference implementation that the ToolRec paper used.',
    ],
    description: 'How much training **ToolRec: Train** offers first.',
  }),
  'training.device': setting({
    schema: z.enum(trainableDevices),
    fallback: 'auto',
    scope: 'resource',
    description:
      'Device that **ToolRec: Train** offers first. `auto` times a few steps on every device that works on this ' +
      'machine (**ToolRec: Doctor** lists them) and takes the fastest.',
  }),
  'training.threads': setting({
    schema: z.int().min(0).max(1024),
    fallback: 0,
    scope: 'resource',
    description: 'CPU threads of a training; 0 uses all cores.',
  }),
  'training.resumeAfterReload': setting({
    schema: z.enum(['always', 'ask', 'never']),
    fallback: 'always',
    scope: 'window',
    valueDescriptions: [
      'It goes on where it was.',
      'ToolRec asks first.',
      'It stays interrupted until **ToolRec: Resume Training** is run.',
    ],
    description: 'What happens to a training that was under way when the window was closed or reloaded.',
  }),
  'inspector.sampleRows': setting({
    schema: z.int().min(5).max(200),
    fallback: 20,
    scope: 'window',
    description: 'Number of sample rows that the dataset inspector shows.',
  }),
  'languageModel.provider': setting({
    schema: z.enum(['offline', 'vscode', 'openai']),
    fallback: 'offline',
    scope: 'window',
    valueDescriptions: [
      'No language model: statistics of the catalogue decide. No network, no key, no cost.',
      'A model that another extension brings to VS Code; `#toolrec.languageModel.model#` has its identifier.',
      'A server that speaks OpenAI’s protocol, at `#toolrec.languageModel.baseUrl#`.',
    ],
    description:
      'Who decides and ranks in sessions, from the next round on. **ToolRec: Select Language Model** sets this and the settings that ' +
      'belong to it.',
  }),
  'languageModel.baseUrl': setting({
    schema: z.string().max(2000),
    fallback: '',
    scope: 'window',
    description:
      'Base URL of the server, such as `https://api.openai.com/v1` or `http://127.0.0.1:11434/v1`. Its key is not a ' +
      'setting: it is asked for, kept in the secret storage, and sent to this address only.',
  }),
  'languageModel.model': setting({
    schema: z.string().max(300),
    fallback: '',
    scope: 'window',
    description: 'Name of the model, as the server calls it, or identifier of a model in VS Code.',
  }),
  'languageModel.protocol': setting({
    schema: z.enum(['react', 'tools', 'json']),
    fallback: 'react',
    scope: 'window',
    valueDescriptions: [
      'Thought and action as text, as in the paper. Works with every model.',
      'The model calls Retrieve, Rank and Finish as tools.',
      'The model writes JSON of a schema.',
    ],
    description: 'How the model writes thought and action. What a reply means is the same for all three.',
  }),
  'languageModel.prices': setting({
    schema: priceTableSchema,
    fallback: {},
    scope: 'window',
    description:
      'US dollars a million tokens, by model name, such as `{ "gpt-4.1-mini": { "prompt": 0.4, "completion": 1.6, ' +
      '"cached": 0.1 } }`. A name also stands for its dated versions. Prices change, so none are built in; without ' +
      'one, a session says that its cost is not known.',
  }),
  'languageModel.timeout': setting({
    schema: z.int().min(5).max(3600),
    fallback: 120,
    scope: 'window',
    description:
      'Longest wait, in seconds, for the first word of a reply and between two pieces of it. A large model on a ' +
      'small machine reads a long prompt for minutes.',
  }),
} as const;

export type SettingKey = keyof typeof settings;
export type SettingValue<Key extends SettingKey> = z.output<(typeof settings)[Key]['schema']>;

/** What is wrong with a value that a person wrote; undefined when nothing is. */
export function settingProblem(key: SettingKey, value: unknown): string | undefined {
  const result = settings[key].schema.safeParse(value);
  return result.success ? undefined : (result.error.issues[0]?.message ?? 'It is not valid.');
}
