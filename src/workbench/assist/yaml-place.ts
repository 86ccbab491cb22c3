/**
 * Where an offset is in a YAML text that a person is writing: by indentation and brackets, so that it can be told in the
 * middle of a line that no parser would take. Multi-line brackets and quoted keys are not followed.
 */
export interface YamlPlace {
  /** Keys from the top to the map around; `-` for an item of a list. */
  readonly path: readonly string[];
  /** Key whose value is being written; undefined where a key is. */
  readonly key: string | undefined;
  /** The map around, as far as it is written: plain values by key, '' for none. */
  readonly around: Readonly<Record<string, string>>;
  /** The word under the offset. */
  readonly start: number;
  readonly end: number;
  /** What is written of the word before the offset. */
  readonly typed: string;
  /** True where a colon stands right before and a space is wanted. */
  readonly needsSpace: boolean;
  /** True inside of braces or brackets. */
  readonly inline: boolean;
}

const word = String.raw`[\w./+@%-]`;

interface Line {
  readonly text: string;
  readonly start: number;
  /** Columns of the dashes before the content. */
  readonly dashes: readonly number[];
  /** Column of the content. */
  readonly column: number;
  readonly key: string | undefined;
  readonly value: string;
}

export function yamlPlace(text: string, offset: number): YamlPlace | undefined {
  const lines = linesOf(text);
  const at = lines.findLastIndex((line) => line.start <= offset);
  const line = lines[at]!;
  const column = offset - line.start;
  const before = line.text.slice(0, column);
  if (/(^|\s)#/.test(before)) return undefined;
  const typed = new RegExp(`${word}*$`).exec(before)![0];
  // `- ` is the dash of a list, not a word.
  const own = /^-$/.test(typed) && /^[\s-]*$/.test(before) ? '' : typed;
  const rest = new RegExp(`^${word}*`).exec(line.text.slice(column))![0];
  const base = { start: offset - own.length, end: offset + rest.length, typed: own };

  const { path, around } = surroundings(lines, at, column);
  const flow = flowAt(before, line);
  if (flow.depth > 0) {
    const whole = flowMap(text, line.start + flow.open + 1);
    return {
      ...base,
      path: [...path, ...flow.path],
      key: flow.key,
      around: flow.isMap ? whole : {},
      needsSpace: /:$/.test(before),
      inline: true,
    };
  }
  const content = before.slice(Math.min(line.column, before.length));
  const pair = /^([\w-]+)\s*:(\s*)(.*)$/.exec(content);
  if (pair) {
    // Only one word can be the value.
    if (/\s/.test(pair[3]!)) return undefined;
    return { ...base, path, key: pair[1], around, needsSpace: pair[2] === '', inline: false };
  }
  if (/\s/.test(content.trimStart())) return undefined;
  return { ...base, path, key: undefined, around, needsSpace: false, inline: false };
}

function linesOf(text: string): Line[] {
  let start = 0;
  return text.split('\n').map((raw) => {
    const line = raw.replace(/\r$/, '');
    const lead = /^\s*(?:-(?:\s+|$))*/.exec(line)![0];
    const dashes = [...lead].flatMap((sign, i) => (sign === '-' ? [i] : []));
    const pair = /^([\w-]+)\s*:(?:\s+(.*))?$/.exec(line.slice(lead.length));
    const value = (pair?.[2] ?? '').replace(/(^|\s)#.*$/, '').trim();
    const made = { text: line, start, dashes, column: lead.length, key: pair?.[1], value };
    start += raw.length + 1;
    return made;
  });
}

const isEmpty = ({ text }: Line): boolean => /^\s*(#.*)?$/.test(text);

/** The keys above a line, and what else stands in its map. */
function surroundings(
  lines: readonly Line[],
  at: number,
  cursor: number,
): { path: string[]; around: Record<string, string> } {
  const line = lines[at]!;
  const blank = isEmpty(line);
  // On an empty line the cursor says where a key would begin.
  const column = blank ? cursor : line.column;
  const path: string[] = [];
  const around: Record<string, string> = {};
  let wanted: { readonly kind: 'map' | 'item'; readonly column: number } = { kind: 'map', column };
  const owner = (dashes: readonly number[], content: number) => {
    if (dashes.length === 0) {
      wanted = { kind: 'map', column: content };
      return;
    }
    path.unshift('-');
    wanted = { kind: 'item', column: dashes[0]! };
  };
  const note = ({ key, value }: Line) => {
    if (key !== undefined) around[key] ??= value;
  };
  if (!blank && line.dashes.length > 0) owner(line.dashes, line.column);
  let inOwnMap = true;
  if (!blank) note(line);
  if (!blank && line.dashes.length > 0) inOwnMap = false;
  for (let i = at - 1; i >= 0; i--) {
    const above = lines[i]!;
    if (isEmpty(above)) continue;
    if (wanted.kind === 'item') {
      if (above.key === undefined || above.column > wanted.column || above.dashes.includes(wanted.column))
        continue;
      path.unshift(above.key);
      owner(above.dashes, above.column);
      continue;
    }
    if (above.column === wanted.column && above.dashes.length > 0) {
      if (inOwnMap) note(above);
      inOwnMap = false;
      owner(above.dashes, above.column);
    } else if (above.column < wanted.column && above.key !== undefined && above.value === '') {
      inOwnMap = false;
      path.unshift(above.key);
      owner(above.dashes, above.column);
    } else if (inOwnMap && above.column === wanted.column) note(above);
  }
  for (const below of lines.slice(at + 1)) {
    if (isEmpty(below)) continue;
    if (below.column < column || (below.column === column && below.dashes.length > 0)) break;
    if (below.column === column) note(below);
  }
  return { path, around };
}

interface Flow {
  readonly depth: number;
  readonly path: readonly string[];
  readonly key: string | undefined;
  readonly isMap: boolean;
  /** Column of the innermost bracket. */
  readonly open: number;
}

/** Braces and brackets that are open at the end of `before`. */
function flowAt(before: string, line: Line): Flow {
  const stack: { sign: string; key: string | undefined; at: number }[] = [];
  let pending: string | undefined;
  let token = '';
  for (let i = line.column; i < before.length; i++) {
    const sign = before[i]!;
    if (sign === '"' || sign === "'") {
      const end = before.indexOf(sign, i + 1);
      i = end < 0 ? before.length : end;
    } else if (sign === '{' || sign === '[') {
      stack.push({ sign, key: pending, at: i });
      pending = undefined;
      token = '';
    } else if (sign === '}' || sign === ']') {
      stack.pop();
      pending = undefined;
      token = '';
    } else if (sign === ',') {
      pending = undefined;
      token = '';
    } else if (sign === ':' && /^(\s|$)/.test(before.slice(i + 1))) {
      pending = token.trim();
      token = '';
    } else token += sign;
  }
  const path = stack.flatMap(({ sign, key }) => [
    ...(key === undefined ? [] : [key]),
    ...(sign === '[' ? ['-'] : []),
  ]);
  const top = stack.at(-1);
  const inList = top?.sign === '[';
  // A value in a list belongs to the list's key.
  return {
    depth: stack.length,
    path: inList ? path.slice(0, -2) : path,
    key: inList ? top.key : pending,
    isMap: top?.sign === '{',
    open: top?.at ?? 0,
  };
}

/** Plain pairs from after a brace to its end, or to the end of the line. */
function flowMap(text: string, from: number): Record<string, string> {
  const inside = /^[^{}\n]*/.exec(text.slice(from))![0];
  return Object.fromEntries(
    inside.split(',').flatMap((part): [string, string][] => {
      const pair = /^\s*([\w-]+)\s*:\s*(.*?)\s*$/.exec(part);
      return pair ? [[pair[1]!, pair[2]!]] : [];
    }),
  );
}
