/** Which trained models the bench wants, how each is trained, and which of a workspace's models takes which part. */

export type BenchDataset = 'ml-1m' | 'ml-1m-paper';

/** As `toolrec models list --json` gives it. */
export interface ListedModel {
  readonly id: string;
  readonly status?: string;
  readonly title?: string;
  readonly model?: string;
  /** Whose parameters its training began with. */
  readonly startedFrom?: string;
  readonly tool?: { readonly mode: string; readonly backbone: string; readonly attribute: string };
  readonly dataset?: { readonly name: string; readonly hash: string };
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  readonly progress?: { readonly epoch: number; readonly bestEpoch: number; readonly seconds: number };
  readonly device?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface Training {
  readonly dataset: BenchDataset;
  readonly id: string;
  /** What follows `toolrec train <dataset> --id <id>`. */
  readonly flags: readonly string[];
}

const main = [
  ...['--epochs', '50', '--patience', '50', '--dropout', '0.2', '--attention-dropout', '0.1'],
  ...['--batch-tokens', '2400', '--long-histories', 'all'],
];
const tool = (backbone: string, attribute: string, mode: 'frozen' | 'full') => [
  ...['--backbone', backbone, '--attribute', attribute, '--mode', mode],
  ...['--epochs', '6', '--patience', '3', '--learning-rate', '0.0003'],
  ...['--dropout', '0.3', '--attention-dropout', '0.3', '--batch-tokens', '6400', '--seed', '42'],
  ...['--long-histories', 'latest'],
];
const attributes = ['genre', 'year'] as const;

/** Every model of the table, backbones before their tools. Settings were chosen on validation. */
export const trainings: readonly Training[] = [
  { dataset: 'ml-1m', id: 'sasrec', flags: [...main, '--seed', '42'] },
  { dataset: 'ml-1m', id: 'sasrec-43', flags: [...main, '--seed', '43'] },
  { dataset: 'ml-1m', id: 'sasrec-44', flags: [...main, '--seed', '44'] },
  {
    dataset: 'ml-1m',
    id: 'sasrec-refit-42',
    flags: [...main, '--seed', '42', '--fit-on', 'train+validation'],
  },
  {
    dataset: 'ml-1m',
    id: 'bert4rec',
    flags: ['--preset', 'bert4rec', '--seed', '42'],
  },
  ...['sasrec', 'bert4rec'].flatMap((backbone) =>
    attributes.map((attribute) => ({
      dataset: 'ml-1m' as const,
      id: `${backbone}-${attribute}`,
      flags: tool(backbone, attribute, 'frozen'),
    })),
  ),
  ...attributes.map((attribute) => ({
    dataset: 'ml-1m' as const,
    id: `sasrec-full-${attribute}`,
    flags: tool('sasrec', attribute, 'full'),
  })),
  { dataset: 'ml-1m-paper', id: 'paper-sasrec', flags: ['--preset', 'paper-sasrec', '--seed', '42'] },
  { dataset: 'ml-1m-paper', id: 'paper-bert4rec', flags: ['--preset', 'paper-bert4rec', '--seed', '42'] },
  ...attributes.map((attribute) => ({
    dataset: 'ml-1m-paper' as const,
    id: `paper-sasrec-${attribute}`,
    flags: tool('paper-sasrec', attribute, 'frozen'),
  })),
];

/** A part in the table that no model takes, and why. */
export interface Absent {
  readonly what: string;
  readonly why: string;
  readonly command: string;
}

export interface Cast {
  readonly sasrec: ListedModel | undefined;
  readonly bert4rec: ListedModel | undefined;
  /** The same settings as `sasrec`, other seeds. */
  readonly seeds: readonly ListedModel[];
  /** Backbones of other settings: rows of their own. */
  readonly others: readonly ListedModel[];
  /** Fitted on validation as well, with settings chosen before. */
  readonly refits: readonly ListedModel[];
  /** Attribute tools of the two backbones, frozen and full. */
  readonly tools: readonly ListedModel[];
  /** Models of the dataset that take no part, and why. */
  readonly left: readonly { readonly id: string; readonly why: string }[];
  readonly absent: readonly Absent[];
}

/** Gives the parts of one dataset's experiments to the models that are there; `preferred` ids before the usual ones. */
export function cast(
  models: readonly ListedModel[],
  dataset: BenchDataset,
  preferred: readonly string[] = [],
): Cast {
  const left: { id: string; why: string }[] = [];
  const usable = models.filter((model) => {
    if (model.error) left.push({ id: model.id, why: model.error.message });
    if (model.error || model.dataset?.name !== dataset) return false;
    const why =
      model.status === 'training'
        ? 'is being trained: its parameters still change'
        : (model.progress?.bestEpoch ?? 0) === 0
          ? 'has no epoch behind it'
          : undefined;
    if (why !== undefined) left.push({ id: model.id, why });
    return why === undefined;
  });
  const backbones = usable.filter((model) => !model.tool && model.config?.['itemEncoder'] !== 'text');
  const fresh = backbones.filter(({ config }) => config?.['fitOn'] !== 'train+validation');
  const refits = backbones.filter(({ config }) => config?.['fitOn'] === 'train+validation');
  const wanted = trainings.filter((training) => training.dataset === dataset);
  const backbone = (architecture: string) => {
    const own = fresh.filter(({ model }) => model === architecture);
    return (
      own.find(({ id }) => preferred.includes(id)) ??
      // A backbone lives by its attribute tools: the one that has them.
      own.find(({ id }) => usable.some(({ tool }) => tool?.backbone === id)) ??
      own.find(({ id }) => wanted.some((training) => training.id === id)) ??
      own[0]
    );
  };
  const [sasrec, bert4rec] = [backbone('sasrec'), backbone('bert4rec')];
  const seeds = fresh.filter((model) => sasrec && model !== sasrec && isSeedOf(model, sasrec));
  const others = fresh.filter((model) => model !== sasrec && model !== bert4rec && !seeds.includes(model));
  const tools = usable
    .filter(
      ({ tool: own, config }) =>
        own && [sasrec?.id, bert4rec?.id].includes(own.backbone) && config?.['fitOn'] !== 'train+validation',
    )
    .sort((a, b) => (orderOf(a, sasrec?.id) < orderOf(b, sasrec?.id) ? -1 : 1));
  const taken = new Set([sasrec, bert4rec, ...seeds, ...others, ...refits, ...tools]);
  for (const model of usable)
    if (!taken.has(model)) left.push({ id: model.id, why: 'has no part in this table' });
  const there = new Set([...taken].map((model) => model?.id));
  const absent = wanted
    .filter(({ id }) => !there.has(id) && !isReplaced(id, { sasrec, bert4rec, tools }))
    .map(({ id, flags }) => ({
      what: id,
      why: left.find((model) => model.id === id)?.why ?? 'no such model in the workspace',
      command: `toolrec train ${dataset} --id ${id} ${flags.join(' ')}`,
    }));
  return { sasrec, bert4rec, seeds, others, refits, tools, left, absent };
}

/** SASRec's tools first, frozen ones before full ones. */
function orderOf({ id, tool }: ListedModel, sasrec: string | undefined): string {
  const { backbone, mode, attribute } = tool!;
  return [backbone === sasrec ? 0 : 1, mode === 'frozen' ? 0 : 1, attribute, id].join(' ');
}

function isSeedOf(model: ListedModel, main: ListedModel): boolean {
  const keys = new Set([...Object.keys(model.config ?? {}), ...Object.keys(main.config ?? {})]);
  // What only bounds a training does not make another model of it.
  for (const key of ['seed', 'patience']) keys.delete(key);
  return model.model === main.model && [...keys].every((key) => model.config?.[key] === main.config?.[key]);
}

/** True when a model of another name takes this one's part. */
function isReplaced(id: string, { sasrec, bert4rec, tools }: Pick<Cast, 'sasrec' | 'bert4rec' | 'tools'>) {
  if (/^(paper-)?sasrec$/.test(id)) return sasrec !== undefined;
  if (/^(paper-)?bert4rec$/.test(id)) return bert4rec !== undefined;
  const named = /^(?:paper-)?(sasrec|bert4rec)(-full)?-(genre|year)$/.exec(id);
  if (!named) return false;
  const backbone = named[1] === 'sasrec' ? sasrec : bert4rec;
  const mode = named[2] === undefined ? 'frozen' : 'full';
  return tools.some(
    ({ tool: own }) => own!.backbone === backbone?.id && own!.mode === mode && own!.attribute === named[3],
  );
}
