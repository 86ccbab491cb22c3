import type { BenchDataset, Cast, ListedModel } from './models.ts';

/** A method of the bench: a line of an experiment file and a row of the table. */
export interface Row {
  /** Id of the entry in the experiment files. */
  readonly id: string;
  readonly label: string;
  /** Of the paper's Table 2; null for what it does not have. */
  readonly paper: string | null;
  readonly yaml: string;
  /** Part of the samples of 200 as well, not only of all users. */
  readonly sampled: boolean;
  /** Run on the samples of 200 alone, as the paper does: its stand-in is that of another row. */
  readonly sampledOnly?: true;
  /** Rows of one group are the same training under other seeds. */
  readonly seedsOf?: string;
}

const entry = (id: string, method: string, model?: string) =>
  `  - { method: ${method}, id: ${id}${model === undefined ? '' : `, model: ${model}`} }`;

/** Everything that can be run with the models that are there, in the order of the paper's tables. */
export function rowsOf(parts: Cast): Row[] {
  const { sasrec, bert4rec, seeds, others, refits, tools } = parts;
  const rows: Row[] = [
    plain('popularity', 'Popularity', 'popularity'),
    plain('cooccurrence', 'Co-occurrence', 'cooccurrence'),
  ];
  if (sasrec)
    rows.push({
      ...plain('sasrec', `SASRec, seed ${seedOf(sasrec)}`, 'sasrec', sasrec.id, 'sasrec'),
      seedsOf: 'SASRec',
    });
  if (bert4rec) rows.push(plain('bert4rec', nameOf(bert4rec), 'bert4rec', bert4rec.id, 'bert4rec'));
  if (sasrec)
    for (const [method, label] of [
      ['chat-rec', 'Chat-REC'],
      ['llm-rank', 'LLMRank'],
    ] as const)
      rows.push({ ...plain(method, label, method, sasrec.id, method), sampledOnly: true });
  if (sasrec)
    rows.push(plain('toolrec', `ToolRec, ${toolsText(tools, sasrec)}`, 'toolrec', sasrec.id, 'toolrec'));
  if (bert4rec)
    rows.push(
      plain('toolrec-b', `ToolRec_B, ${toolsText(tools, bert4rec)}`, 'toolrec-b', bert4rec.id, 'toolrec-b'),
    );
  if (sasrec)
    for (const name of ['single', 'multi', 'plan'])
      rows.push(plain(`w-${name}`, `w/ ${name === 'plan' ? 'Plan' : name}`, `w/${name}`, sasrec.id));
  for (const model of tools) {
    const { mode, attribute, backbone } = model.tool!;
    const over = backbone === bert4rec?.id ? 'BERT4Rec' : 'SASRec';
    rows.push(plain(rowId(model), `${mode} + ${attribute} over ${over}`, `${mode}+a`, model.id));
  }
  for (const model of seeds)
    rows.push({
      ...plain(rowId(model), `SASRec, seed ${seedOf(model)}`, 'model', model.id),
      sampled: false,
      seedsOf: 'SASRec',
    });
  for (const model of others)
    rows.push({
      ...plain(rowId(model), `${nameOf(model)} (${model.id})`, 'model', model.id),
      sampled: false,
    });
  for (const model of refits) {
    const title = `${model.title ?? model.id}, fitted on train + validation`;
    rows.push({
      ...plain(rowId(model), `${title}, seed ${seedOf(model)}`, 'model', model.id),
      sampled: false,
      seedsOf: title,
    });
  }
  return rows;
}

function plain(id: string, label: string, method: string, model?: string, paper: string | null = null): Row {
  return { id, label, paper, yaml: entry(id, method, model), sampled: true };
}

/** A model may be called as a method is. */
const methodIds = new Set(['popularity', 'cooccurrence', 'sasrec', 'bert4rec', 'chat-rec', 'llm-rank']);
const rowId = ({ id }: ListedModel): string =>
  methodIds.has(id) || /^(toolrec(-b)?|w-.*)$/.test(id) ? `${id}.model` : id;

/** `BERT4Rec`, or with the model that it was trained on from. */
const nameOf = ({ title, id, startedFrom, status, progress }: ListedModel): string => {
  const begun = startedFrom === undefined ? '' : `, begun with ${startedFrom}`;
  const ended = status === 'interrupted' ? `, interrupted at epoch ${Math.floor(progress?.epoch ?? 0)}` : '';
  return `${title ?? id}${begun}${ended}`;
};

const seedOf = (model: ListedModel): string => String(model.config?.['seed']);

function toolsText(tools: readonly ListedModel[], backbone: ListedModel): string {
  const own = tools.filter(({ tool }) => tool!.backbone === backbone.id && tool!.mode === 'frozen');
  const names = own.map(({ tool }) => tool!.attribute).sort();
  return names.length === 0 ? 'without attribute tools' : `tools ${names.join(', ')}`;
}

/** One experiment file of the bench. */
export interface BenchExperiment {
  readonly name: string;
  readonly text: string;
  readonly rows: readonly Row[];
}

export function experimentOf(
  name: string,
  title: string,
  dataset: BenchDataset,
  sample: string,
  rows: readonly Row[],
  maskHistory = true,
): BenchExperiment {
  const lines = [
    `title: ${title}`,
    `dataset: ${dataset}`,
    ...(maskHistory ? [] : ['protocol: { mask_history: false }']),
    `sample: ${sample}`,
    'sessions: 5',
    'methods:',
    ...rows.map(({ yaml }) => yaml),
    '',
  ];
  return { name, text: lines.join('\n'), rows };
}
