import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  Pair,
  parseDocument,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { InputError, UsageError } from '../../shared/errors.ts';
import type { Demonstration } from './demonstrations.ts';

/**
 * Changes of a demonstrations file from text to text, for a list editor: comments and the order of keys stay. Each gives
 * the whole new text.
 */

const written = { lineWidth: 110, singleQuote: true } as const;

/** Puts an example at another place; both places are those of the list as it is. */
export function moveDemonstration(text: string, from: number, to: number): string {
  return change(text, (list) => {
    requireIndex(list, from);
    requireIndex(list, to);
    const [moved] = list.items.splice(from, 1);
    list.items.splice(to, 0, moved);
  });
}

export function enableDemonstration(text: string, index: number, enabled: boolean): string {
  return change(text, (list) => {
    const item = itemAt(list, index);
    if (enabled) {
      item.delete('enabled'); // on is the default
      return;
    }
    if (item.has('enabled')) {
      item.set('enabled', false);
      return;
    }
    // Beside the title, where it is seen.
    const title = item.items.findIndex(({ key }) => isScalar(key) && key.value === 'title');
    item.items.splice(title + 1, 0, new Pair(new Scalar('enabled'), new Scalar(false)));
  });
}

/** @throws UsageError `last-demonstration`: a file without any is not valid; switch it off instead. */
export function removeDemonstration(text: string, index: number): string {
  return change(text, (list) => {
    requireIndex(list, index);
    if (list.items.length === 1)
      throw new UsageError(
        'last-demonstration',
        'The last example cannot be removed.',
        'Switch it off, or delete the file.',
      );
    list.items.splice(index, 1);
  });
}

/**
 * Adds an example at the end; attributes that it uses are added to those that the file names.
 * @throws UsageError `already-demonstration` when the session that it was made from has one in the file.
 */
export function addDemonstration(
  text: string,
  demonstration: Demonstration,
  attributes: readonly string[] = [],
): string {
  return change(text, (list, document) => {
    const { source } = demonstration;
    if (source !== 'written' && list.items.some((item) => isMap(item) && item.get('source') === source))
      throw new UsageError(
        'already-demonstration',
        'The session is an example already.',
        'Edit it in the list; or remove it there, then add the session again.',
      );
    list.items.push(document.createNode(plain(demonstration)));
    const known = document.get('attributes');
    if (!isSeq(known)) return;
    const names = new Set(known.items.map((item) => String(isScalar(item) ? item.value : item)));
    for (const name of attributes) if (!names.has(name)) known.items.push(new Scalar(name));
  });
}

/** Puts an example in the place of another. */
export function replaceDemonstration(text: string, index: number, demonstration: Demonstration): string {
  return change(text, (list, document) => {
    requireIndex(list, index);
    const node = document.createNode(plain(demonstration));
    const old = list.items[index] as { commentBefore?: string | null } | undefined;
    if (old?.commentBefore) node.commentBefore = old.commentBefore;
    list.items[index] = node;
  });
}

/** A file with this one example. */
export function newDemonstrations(
  domain: string,
  attributes: readonly string[],
  demonstration: Demonstration,
): string {
  const head = `domain: ${domain}\nattributes: [${attributes.join(', ')}]\ndemonstrations: []\n`;
  return addDemonstration(head, demonstration);
}

/** Without what the schema fills in. */
function plain({ title, source, enabled, history, rounds }: Demonstration): Record<string, unknown> {
  return {
    title,
    ...(enabled ? {} : { enabled }),
    ...(source === 'written' ? {} : { source }),
    history,
    rounds: rounds.map(({ thought, action, observation }) => ({
      thought,
      action,
      ...(observation ? { observation } : {}),
    })),
  };
}

function change(text: string, edit: (list: YAMLSeq, document: Document) => void): string {
  const document = parseDocument(text);
  const list = document.errors.length === 0 ? document.get('demonstrations') : undefined;
  if (!isSeq(list))
    throw new InputError(
      'bad-demonstrations',
      'The demonstrations cannot be read.',
      'Correct the file in the text editor first.',
    );
  list.flow = false;
  edit(list, document);
  return document.toString(written);
}

function requireIndex(list: YAMLSeq, index: number): void {
  if (Number.isInteger(index) && index >= 0 && index < list.items.length) return;
  throw new UsageError('no-demonstration', 'There is no such example.', 'The file has changed; look again.');
}

function itemAt(list: YAMLSeq, index: number): YAMLMap {
  requireIndex(list, index);
  const item = list.items[index];
  if (!isMap(item))
    throw new InputError('bad-demonstrations', 'The example cannot be read.', 'Correct the file.');
  return item;
}
