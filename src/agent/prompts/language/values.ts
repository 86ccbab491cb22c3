import { TrustedText } from '../engine.ts';

/** A value in a few words, for completion and hover. */
export function showValue(value: unknown, most = 80): string {
  if (value === undefined || value === null) return '–';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof TrustedText || typeof value === 'string') {
    const text = String(value).replace(/\s+/g, ' ');
    return text === '' ? '(empty)' : `“${cut(text, most)}”`;
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return '(empty list)';
    return cut(`${value.length}: ${value.map((entry) => brief(entry)).join(', ')}`, most);
  }
  return cut(brief(value), most);
}

/** The entry by what names it best. */
function brief(value: unknown): string {
  if (value instanceof TrustedText) return value.text.replace(/\s+/g, ' ').slice(0, 80);
  if (typeof value !== 'object' || value === null) return String(value);
  const entry = value as Record<string, unknown>;
  if (typeof entry['title'] === 'string') return entry['title'];
  if (entry['name'] !== undefined)
    return entry['value'] === undefined
      ? String(entry['name'])
      : `${String(entry['name'])} ${String(entry['value'])}`;
  if (entry['number'] !== undefined) return `round ${String(entry['number'])}`;
  return `{${Object.keys(entry).join(', ')}}`;
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
}

/** The value at a path of names; undefined where there is none. Own properties only. */
export function valueAt(values: unknown, path: readonly (string | undefined)[]): unknown {
  let at = values;
  for (const name of path) {
    if (name === undefined) at = Array.isArray(at) ? (at as unknown[])[0] : undefined;
    else if (Array.isArray(at)) {
      if (name === 'size') at = at.length;
      else if (name === 'first') at = (at as unknown[])[0];
      else if (name === 'last') at = (at as unknown[]).at(-1);
      else return undefined;
    } else if (typeof at === 'string' && name === 'size') at = at.length;
    else if (typeof at === 'object' && at !== null && Object.hasOwn(at, name))
      at = (at as Record<string, unknown>)[name];
    else return undefined;
  }
  return at;
}
