import * as z from 'zod';

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
  'inspector.sampleRows': setting({
    schema: z.int().min(5).max(200),
    fallback: 20,
    scope: 'window',
    description: 'Number of sample rows that the dataset inspector shows.',
  }),
} as const;

export type SettingKey = keyof typeof settings;
export type SettingValue<Key extends SettingKey> = z.output<(typeof settings)[Key]['schema']>;

/** What is wrong with a value that a person wrote; undefined when nothing is. */
export function settingProblem(key: SettingKey, value: unknown): string | undefined {
  const result = settings[key].schema.safeParse(value);
  return result.success ? undefined : (result.error.issues[0]?.message ?? 'It is not valid.');
}
