/**
 * Reads the JSON that models write: single or typographic quotes, bare keys, trailing commas, comments, Python's
 * None/True/False, and text that breaks off in the middle. Strict JSON gives what `JSON.parse` gives.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface LenientJson {
  readonly value: Json;
  /** Offset after the value. */
  readonly end: number;
  /** True when the text was not strict JSON. */
  readonly repaired: boolean;
}

const maxDepth = 32;

/** The value that starts at `start` (after spaces), or undefined when nothing like JSON starts there. */
export function readLenientJson(text: string, start = 0): LenientJson | undefined {
  let at = start;
  let repaired = false;
  const quotes: Readonly<Record<string, string>> = { '"': '"', "'": "'", '“': '”', '‘': '’', '`': '`' };
  class Unreadable extends Error {}

  const skip = () => {
    for (;;) {
      while (at < text.length && /\s/.test(text[at]!)) at++;
      if (text.startsWith('//', at)) {
        const line = text.indexOf('\n', at);
        at = line < 0 ? text.length : line;
      } else if (text.startsWith('/*', at)) {
        const close = text.indexOf('*/', at);
        at = close < 0 ? text.length : close + 2;
      } else return;
      repaired = true;
    }
  };

  const readString = (): string => {
    const open = text[at]!;
    const close = quotes[open]!;
    if (open !== '"') repaired = true;
    let out = '';
    for (at++; at < text.length; at++) {
      const c = text[at]!;
      if (c === '\\') {
        const next = text[++at];
        const code = next === 'u' ? /^[0-9a-fA-F]{4}/.exec(text.slice(at + 1, at + 5))?.[0] : undefined;
        if (code) {
          out += String.fromCharCode(parseInt(code, 16));
          at += 4;
        } else
          out +=
            ({ n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' } as Record<string, string>)[next ?? ''] ??
            next ??
            '';
      } else if (c === close && (open !== "'" || /^\s*([,:}\]]|$)/.test(text.slice(at + 1, at + 20)))) {
        at++;
        return out;
      } else out += c;
    }
    repaired = true; // broke off
    return out;
  };

  const readBare = (stop: RegExp): string => {
    const from = at;
    while (at < text.length && !stop.test(text[at]!)) at++;
    return text.slice(from, at).trim();
  };

  const readValue = (depth: number): Json => {
    skip();
    const c = text[at];
    if (c === undefined || depth > maxDepth) throw new Unreadable();
    if (c === '{') return readObject(depth);
    if (c === '[') return readArray(depth);
    if (Object.hasOwn(quotes, c)) return readString();
    const bare = readBare(/[,\]}\n]/);
    if (bare === '') throw new Unreadable();
    if (bare === 'true' || bare === 'false') return bare === 'true';
    if (bare === 'null') return null;
    if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(bare)) return Number(bare);
    repaired = true;
    if (/^(none|undefined)$/i.test(bare)) return null;
    if (/^(true|false)$/i.test(bare)) return bare.toLowerCase() === 'true';
    return bare;
  };

  const readArray = (depth: number): Json[] => {
    const out: Json[] = [];
    at++;
    for (;;) {
      skip();
      if (at >= text.length) {
        repaired = true;
        return out;
      }
      if (text[at] === ']') {
        at++;
        return out;
      }
      if (text[at] === ',') {
        at++;
        continue;
      }
      if (text[at] === '}') throw new Unreadable();
      out.push(readValue(depth + 1));
    }
  };

  const readObject = (depth: number): Json => {
    const out: { [key: string]: Json } = {};
    at++;
    for (;;) {
      skip();
      if (at >= text.length) {
        repaired = true;
        return out;
      }
      if (text[at] === '}') {
        at++;
        return out;
      }
      if (text[at] === ',') {
        at++;
        continue;
      }
      const quoted = Object.hasOwn(quotes, text[at]!);
      const key = quoted ? readString() : readBare(/[:,}\n]/);
      if (!quoted) repaired = true;
      skip();
      if (text[at] !== ':' && text[at] !== '：') {
        if (at >= text.length) {
          repaired = true;
          return out;
        }
        throw new Unreadable();
      }
      at++;
      skip();
      if (at >= text.length) {
        repaired = true;
        return out;
      }
      const value = readValue(depth + 1);
      Object.defineProperty(out, key, { value, enumerable: true, writable: true, configurable: true });
    }
  };

  try {
    skip();
    if (text[at] !== '{' && text[at] !== '[') return undefined;
    const from = at;
    const value = readValue(0);
    if (!repaired) {
      try {
        JSON.parse(text.slice(from, at));
      } catch {
        repaired = true; // a trailing comma, for example
      }
    }
    return { value, end: at, repaired };
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}
