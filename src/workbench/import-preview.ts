import * as vscode from 'vscode';
import type { PreviewedSource } from '../service/requests/dataset.ts';
import { formatBytes } from './progress-text.ts';
import { askPick } from './quick-input.ts';
import type { Answer, Heading } from './quick-input.ts';

type Mapping = Readonly<Record<string, string>>;

interface Choice extends vscode.QuickPickItem {
  /** What choosing it does; rows of the preview do nothing. */
  readonly does?: { readonly kind: 'continue' } | { readonly kind: 'map'; readonly field: Field };
}

/** As `--map` names them; the title may stand beside the interactions or in a file of items. */
type Field = 'user' | 'item' | 'title' | 'rating' | 'timestamp';

const shownFiles = 6;
const shownRows = 3;

/**
 * Shows the first rows of what will be read and, for plain tables, lets the columns be mapped, as often as wanted.
 * Answers with the mapping.
 */
export async function askPreview(
  heading: Heading,
  preview: (map: Mapping) => Promise<PreviewedSource>,
  start: Mapping,
): Promise<Answer<Mapping>> {
  let map = start;
  for (;;) {
    const loading = preview(map);
    const answer = await askPick<Choice>({
      ...heading,
      placeholder: vscode.l10n.t('Is this how it should be read?'),
      items: loading.then((source) => choices(source, map)),
      // Continue, or else the next column that is missing.
      active: ({ does }) =>
        does?.kind === 'continue' || (does?.kind === 'map' && map[does.field] === undefined),
    });
    if (answer.kind !== 'answer') return { kind: answer.kind };
    const { does } = answer.value;
    if (does?.kind === 'continue') return { kind: 'answer', value: map };
    if (does?.kind !== 'map') continue;
    const column = await askColumn(heading, await loading, does.field);
    if (column.kind === 'stop') return { kind: 'stop' };
    if (column.kind === 'answer') map = withColumn(map, does.field, column.value);
  }
}

/** `undefined` leaves the field to be found by name. */
function withColumn(map: Mapping, field: Field, column: string | undefined): Mapping {
  const { [field]: _, ...rest } = map;
  return column === undefined ? rest : { ...rest, [field]: column };
}

function fieldName(field: Field): string {
  switch (field) {
    case 'user':
      return vscode.l10n.t('User');
    case 'item':
      return vscode.l10n.t('Item');
    case 'title':
      return vscode.l10n.t('Title');
    case 'rating':
      return vscode.l10n.t('Rating');
    case 'timestamp':
      return vscode.l10n.t('Time');
  }
}

function separator(label: string): Choice {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function choices(source: PreviewedSource, map: Mapping): Choice[] {
  const { problem, notes = [], attributes } = source;
  const found = attributes.length > 0 ? [vscode.l10n.t('Attributes: {0}.', attributes.join(', '))] : [];
  const head: Choice = problem
    ? {
        label: `$(warning) ${problem.message}`,
        // The remedy speaks of the command line; here the columns are chosen in the list below.
        detail:
          problem.code === 'needs-mapping' ? vscode.l10n.t('Choose the columns below.') : problem.remedy,
      }
    : {
        label: `$(check) ${vscode.l10n.t('Continue')}`,
        detail: [...notes.slice(0, 2), ...found].join(' '),
        does: { kind: 'continue' },
      };
  return [
    { ...head, alwaysShow: true },
    ...(source.mappable ? mappingChoices(map) : []),
    ...source.files.slice(0, shownFiles).flatMap(fileChoices),
  ];
}

function mappingChoices(map: Mapping): Choice[] {
  const fields: readonly Field[] = ['user', 'item', 'title', 'rating', 'timestamp'];
  return [
    separator(vscode.l10n.t('Columns')),
    ...fields.map((field): Choice => ({
      label: `$(symbol-field) ${fieldName(field)}`,
      description: map[field] ?? vscode.l10n.t('automatic'),
      does: { kind: 'map', field },
    })),
  ];
}

function fileChoices({ name, bytes, columns, rows }: PreviewedSource['files'][number]): Choice[] {
  const line = (cells: readonly string[]) => cells.join('  ·  ');
  const short = name.split(/[\\/]/).slice(-1)[0] ?? name;
  // Columns without names are numbered; the numbers say nothing that the rows do not.
  const named = columns.some((column) => !/^\d+$/.test(column));
  return [
    separator(`${short}, ${formatBytes(bytes)}`),
    ...(named ? [{ label: `$(list-flat) ${line(columns)}` }] : []),
    ...rows.slice(0, shownRows).map((row): Choice => ({ label: `$(blank) ${line(row)}` })),
  ];
}

/** Which column holds a field; an answer of `undefined` leaves it to be found by name. */
async function askColumn(
  heading: Heading,
  { files }: PreviewedSource,
  field: Field,
): Promise<Answer<string | undefined>> {
  interface Column extends vscode.QuickPickItem {
    readonly column?: string;
  }
  const columns: Column[] = files.flatMap(({ name, columns: all, rows }) => [
    separator(name.split(/[\\/]/).slice(-1)[0] ?? name),
    ...all.map((column, i): Column => ({
      label: column,
      description: rows
        .slice(0, shownRows)
        .map((row) => row[i] ?? '')
        .join('  ·  '),
      column,
    })),
  ]);
  const none: Column[] =
    field === 'rating' || field === 'timestamp'
      ? [{ label: `$(circle-slash) ${vscode.l10n.t('None')}`, column: 'none' }]
      : [];
  const answer = await askPick<Column>({
    ...heading,
    canGoBack: true,
    placeholder: vscode.l10n.t('Which column is “{0}”?', fieldName(field)),
    items: Promise.resolve([{ label: `$(wand) ${vscode.l10n.t('Found by name')}` }, ...none, ...columns]),
  });
  return answer.kind === 'answer' ? { kind: 'answer', value: answer.value.column } : answer;
}
