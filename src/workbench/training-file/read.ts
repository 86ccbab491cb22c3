import path from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import { isMap, isPair, isScalar, parseDocument, type Document, type Pair } from 'yaml';
import { parseTrainingConfig, presets, type PresetName } from '../../recommender/config.ts';
import { ToolRecError } from '../../shared/errors.ts';
import type { RunPlan } from '../training/run-plan.ts';
import { ownKeys, trainingFileSchema, type TrainingFile } from './schema.ts';

/** Something wrong in a file, with where: offsets of characters. */
export interface Finding {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

export interface ReadFile {
  /** Undefined where something is wrong. */
  readonly value: TrainingFile | undefined;
  readonly findings: readonly Finding[];
}

/** Reads and checks a training configuration. */
export function readTrainingFile(text: string): ReadFile {
  const document = parseDocument(text, { prettyErrors: false });
  const syntax = document.errors.map(({ message, pos }) => ({
    message,
    start: pos[0],
    end: Math.max(pos[1], pos[0] + 1),
  }));
  if (syntax.length > 0) return { value: undefined, findings: syntax };
  const raw: unknown = document.toJS() ?? {};
  const parsed = trainingFileSchema.safeParse(raw);
  if (!parsed.success) {
    const findings = parsed.error.issues.flatMap((issue): Finding[] => {
      if (issue.code === 'unrecognized_keys')
        return issue.keys.map((key) => ({
          message: unknownKey(key),
          ...placeOf(document, [...issue.path, key].map(String), 'key', text),
        }));
      const at = issue.path.map(String);
      const missing = valueAt(raw, at) === undefined;
      return [
        {
          message: missing
            ? `“${at.join('.')}” is missing.`
            : `${at.join('.') || 'The file'}: ${issue.message}`,
          ...placeOf(document, at, 'value', text),
        },
      ];
    });
    return { value: undefined, findings };
  }
  const findings = combinations(parsed.data).map(({ key, message }) => ({
    message,
    ...placeOf(document, [key], 'key', text),
  }));
  return { value: findings.length > 0 ? undefined : parsed.data, findings };
}

function unknownKey(key: string): string {
  const known = Object.keys(trainingFileSchema.shape);
  const near = closest(key, known);
  const hint = distance(key, near) <= 3 ? ` Did you mean “${near}”?` : '';
  return `There is no setting “${key.slice(0, 60)}”.${hint}`;
}

/** What no single key is to blame for. */
function combinations(value: TrainingFile): { key: string; message: string }[] {
  const found: { key: string; message: string }[] = [];
  if (value.backbone !== undefined && value.attributes === undefined)
    found.push({ key: 'backbone', message: 'A tool on a backbone needs “attributes”.' });
  if (value.attributes !== undefined && value.backbone === undefined)
    found.push({
      key: 'attributes',
      message: '“attributes” need the “backbone” that the tools are made from.',
    });
  for (const key of ['mode', 'glove'] as const)
    if (value[key] !== undefined && value.backbone === undefined)
      found.push({
        key,
        message: `“${key}” is of attribute tools only: it needs “backbone” and “attributes”.`,
      });
  if (Array.isArray(value.attributes) && value.attributes.length > 1 && value.id !== undefined)
    found.push({ key: 'id', message: 'Several tools cannot have one name: leave out “id”.' });
  if (value.text && value.itemEncoder !== 'text' && !value.preset?.endsWith('-text'))
    found.push({ key: 'text', message: '“text” is used only with itemEncoder: text.' });
  try {
    const preset = value.preset === undefined ? {} : presets[value.preset as PresetName];
    parseTrainingConfig({ ...preset, ...configOf(value) });
  } catch (error) {
    if (!(error instanceof ToolRecError)) throw error;
    const heads = value.heads !== undefined ? 'heads' : 'hidden';
    found.push({ key: heads, message: error.message.replace(/\s+/g, ' ') });
  }
  return found;
}

function configOf(value: TrainingFile): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).filter(([key, setting]) => !ownKeys.has(key) && setting !== undefined),
  );
}

/** The runs that a file stands for: one, or one an attribute. @param file where it lies, for paths in it */
export function plansOfFile(
  value: TrainingFile,
  folder: string,
  file: string,
): (Omit<RunPlan, 'id'> & { readonly id?: string | undefined })[] {
  const plan = {
    folder,
    dataset: value.dataset,
    config: configOf(value),
    device: value.device ?? ('auto' as const),
    threads: value.threads ?? 0,
    ...(value.preset === undefined ? {} : { preset: value.preset }),
    ...(value.startFrom === undefined ? {} : { startFrom: value.startFrom }),
    ...(value.text === undefined ? {} : { text: { source: value.text } }),
    ...(value.id === undefined ? {} : { id: value.id }),
  };
  const { backbone, attributes } = value;
  if (backbone === undefined || attributes === undefined) return [plan];
  return [attributes].flat().map((attribute) => ({
    ...plan,
    tool: {
      attribute,
      mode: value.mode ?? 'frozen',
      backbone,
      ...(value.glove === undefined ? {} : { glove: path.resolve(path.dirname(file), value.glove) }),
    },
  }));
}

function valueAt(raw: unknown, at: readonly string[]): unknown {
  return at.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined,
    raw,
  );
}

/** The pair of a key at the top of the file. */
export function pairOf(document: Document, key: string): Pair | undefined {
  const { contents } = document;
  if (!isMap(contents)) return undefined;
  return contents.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);
}

function placeOf(
  document: Document,
  at: readonly string[],
  part: 'key' | 'value',
  text: string,
): { start: number; end: number } {
  const pair = at[0] === undefined ? undefined : pairOf(document, at[0]);
  const range = (node: unknown) => (node as { range?: [number, number, number] | null } | null)?.range;
  const own = pair && ((part === 'value' ? range(pair.value) : undefined) ?? range(pair.key));
  if (own && own[1] > own[0]) return { start: own[0], end: own[1] };
  const first = /\S[^\n]*/.exec(text);
  return { start: first?.index ?? 0, end: first ? first.index + first[0].length : 0 };
}

/** Where the failure of a run is to be shown: the key that it is about, or the first line. */
export function placeOfFailure(text: string, error: ToolRecError): { start: number; end: number } {
  const document = parseDocument(text, { prettyErrors: false });
  const key = keysOfCodes[error.code]?.find((candidate) => pairOf(document, candidate) !== undefined);
  return placeOf(document, key === undefined ? [] : [key], 'value', text);
}

const keysOfCodes: Readonly<Record<string, readonly string[]>> = {
  'no-dataset': ['dataset'],
  'dataset-changed': ['backbone', 'dataset'],
  'dataset-damaged': ['dataset'],
  'dataset-newer': ['dataset'],
  'nothing-to-train': ['dataset'],
  'bad-name': ['id', 'dataset'],
  'model-exists': ['id'],
  'already-training': ['id'],
  'no-model': ['backbone', 'id'],
  'no-checkpoint': ['backbone'],
  'tool-as-backbone': ['backbone'],
  'backbone-changed': ['backbone'],
  'foreign-checkpoint': ['backbone', 'id'],
  'other-shape': ['model', 'maxLength', 'hidden', 'layers', 'heads', 'inner', 'backbone'],
  'unknown-attribute': ['attributes'],
  'unknown-preset': ['preset'],
  'no-device': ['device'],
  'device-not-available': ['device'],
  'not-enough-memory': ['batchTokens', 'maxLength', 'hidden'],
  'loss-not-finite': ['learningRate', 'loss'],
  'bad-training-config': ['heads', 'hidden'],
};
