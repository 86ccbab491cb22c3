import { UsageError } from '../../../shared/errors.ts';
import {
  attributeDefinitionSchema,
  type AttributeDefinition,
  type AttributeKind,
  type AttributeValue,
} from '../../schema.ts';
import { parseNumber } from '../fields.ts';
import type { AttributeColumn } from './mapping.ts';
import { cellText, isMissing, type Cell, type Table } from './table.ts';

/** A column that becomes an attribute, and how its cells are read. */
export interface AttributeReader {
  readonly definition: AttributeDefinition;
  readonly column: number;
  value(cell: Cell): AttributeValue | undefined;
}

const longestText = 2000;
/** Separators of lists in a text cell, the surest first. */
const separators = ['|', ';', ','] as const;

/** Attributes of a table's columns: the given ones, or all but `used` ones with kinds found from the sample. */
export function attributeReaders(
  table: Table,
  given: readonly AttributeColumn[] | undefined,
  used: readonly number[],
): AttributeReader[] {
  const wanted =
    given ??
    table.columns
      .map((name, column): AttributeColumn => ({ name: attributeName(name), column }))
      .filter(({ name, column }) => name !== '' && !used.includes(column));
  const names = new Set<string>();
  const readers: AttributeReader[] = [];
  for (const { name, column, kind: givenKind } of wanted) {
    const cells = table.sample.map((row) => row[column]).filter((cell) => !isMissing(cell));
    if (!cells.length && !givenKind && !given) continue; // an empty column says nothing
    const separator = separatorOf(cells);
    const kind = givenKind ?? kindOf(cells, separator);
    const definition = attributeDefinitionSchema.safeParse({ name, kind });
    if (!definition.success || names.has(name)) {
      if (!given) continue;
      throw new UsageError(
        'bad-mapping',
        `“${name}” cannot be the name of an attribute, or is given twice.`,
        'Use lower-case letters, digits and underscores, starting with a letter, at most 40.',
        { place: { flag: '--map' } },
      );
    }
    names.add(name);
    readers.push({ definition: definition.data, column, value: (cell) => valueOf(cell, kind, separator) });
  }
  return readers;
}

/** `Release Year` → `release_year`; empty where nothing is left. */
export function attributeName(column: string): string {
  return column
    .trim()
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, 40);
}

/** The kind that a column's values look like. */
export function kindOf(cells: readonly Cell[], separator: string | undefined): AttributeKind {
  if (cells.some(Array.isArray)) return 'categories';
  const numbers = cells.filter((cell) => !Number.isNaN(numberOf(cell))).length;
  if (numbers >= 0.95 * cells.length) return 'number';
  if (separator !== undefined) return 'categories';
  const texts = cells.map(cellText);
  const length = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
  return length > 40 ? 'text' : 'category';
}

/** What divides the lists of a column, if its cells are lists; commas of sentences do not count. */
export function separatorOf(cells: readonly Cell[]): string | undefined {
  const texts = cells.filter((cell) => typeof cell === 'string');
  for (const separator of separators) {
    const lists = texts.filter((text) => text.includes(separator));
    if (lists.length < Math.max(1, 0.1 * texts.length)) continue;
    const parts = texts.flatMap((text) => text.split(separator));
    const length = parts.reduce((sum, part) => sum + part.length, 0) / parts.length;
    if (length <= 24 && (separator !== ',' || lists.length >= 0.3 * texts.length)) return separator;
  }
  return undefined;
}

function valueOf(cell: Cell, kind: AttributeKind, separator: string | undefined): AttributeValue | undefined {
  if (isMissing(cell)) return undefined;
  if (kind === 'number') {
    const number = numberOf(cell);
    return Number.isNaN(number) ? undefined : number;
  }
  if (kind === 'categories') {
    const parts = Array.isArray(cell) ? (cell as unknown[]) : cellText(cell).split(separator ?? '\0');
    const words = parts
      .map((part) => cellText(part).trim().slice(0, longestText))
      .filter((word) => word !== '');
    return words.length ? [...new Set(words)] : undefined;
  }
  const text = cellText(cell).trim().slice(0, longestText);
  return text === '' ? undefined : text;
}

/** NaN for what is no finite number. */
function numberOf(cell: Cell): number {
  if (typeof cell === 'bigint') return Number(cell);
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : NaN;
  return typeof cell === 'string' ? parseNumber(cell) : NaN;
}
