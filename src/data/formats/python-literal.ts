/**
 * Reads a Python literal as data: the lines of the Amazon 2014 files are the `repr` of a dictionary, not JSON.
 * Understands what `ast.literal_eval` does of it: dict, list, tuple, strings with their prefixes and escapes,
 * numbers, True, False, None. Nothing is ever evaluated.
 */

export class PythonLiteralError extends Error {
  /** 0-based position in the text. */
  readonly at: number;
  constructor(at: number, expected: string) {
    super(`expected ${expected} at ${at}`);
    this.at = at;
  }
}

export type PythonValue =
  null | boolean | number | string | readonly PythonValue[] | { readonly [key: string]: PythonValue };

/** Deeper nesting is refused: the parser is recursive, and no dataset comes near. */
const deepest = 64;

const simpleEscapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
};

const numberAt = /[-+]?(?:0[xX][\da-fA-F]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)[lL]?/y;
const wordAt = /-?[A-Za-z]+/y;
const words: Readonly<Record<string, PythonValue>> = {
  None: null,
  True: true,
  False: false,
  nan: NaN,
  inf: Infinity,
  '-inf': -Infinity,
};

/** @throws PythonLiteralError where the text is not a literal, or holds more than one. */
export function parsePythonLiteral(text: string): PythonValue {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class Parser {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  value(depth: number): PythonValue {
    if (depth > deepest) throw new PythonLiteralError(this.at, `at most ${deepest} levels`);
    this.blanks();
    const char = this.text[this.at];
    if (char === '{') return this.dictionary(depth);
    if (char === '[') return this.sequence(']', depth);
    if (char === '(') return this.sequence(')', depth);
    if (this.atString()) return this.strings();
    wordAt.lastIndex = this.at;
    const word = wordAt.exec(this.text)?.[0];
    if (word !== undefined && Object.hasOwn(words, word)) {
      this.at += word.length;
      return words[word]!;
    }
    numberAt.lastIndex = this.at;
    const number = numberAt.exec(this.text)?.[0];
    if (number === undefined) throw new PythonLiteralError(this.at, 'a value');
    this.at += number.length;
    return Number(number.replace(/[lL_]/g, ''));
  }

  end(): void {
    this.blanks();
    if (this.at < this.text.length) throw new PythonLiteralError(this.at, 'the end');
  }

  private dictionary(depth: number): PythonValue {
    this.at++;
    const entries: [string, PythonValue][] = [];
    for (;;) {
      this.blanks();
      if (this.take('}')) return Object.fromEntries(entries); // own properties, `__proto__` among them
      const key = this.value(depth + 1);
      if (typeof key === 'object' && key !== null) throw new PythonLiteralError(this.at, 'a simple key');
      this.blanks();
      this.need(':');
      entries.push([String(key), this.value(depth + 1)]);
      this.blanks();
      if (this.take('}')) return Object.fromEntries(entries);
      this.need(',');
    }
  }

  private sequence(close: string, depth: number): PythonValue {
    this.at++;
    const values: PythonValue[] = [];
    for (;;) {
      this.blanks();
      if (this.take(close)) return values;
      values.push(this.value(depth + 1));
      this.blanks();
      if (this.take(close)) return values;
      this.need(',');
    }
  }

  private atString(): boolean {
    const prefix = /[uUbBrR]{0,2}(?=['"])/y;
    prefix.lastIndex = this.at;
    return prefix.test(this.text);
  }

  /** One string, or several that stand side by side and belong together. */
  private strings(): string {
    let whole = '';
    do {
      let raw = false;
      while (this.text[this.at] !== "'" && this.text[this.at] !== '"') {
        raw ||= this.text[this.at]!.toLowerCase() === 'r';
        this.at++;
      }
      whole += this.string(raw);
      this.blanks();
    } while (this.atString());
    return whole;
  }

  private string(raw: boolean): string {
    const { text } = this;
    const quote = text[this.at]!;
    let out = '';
    let from = ++this.at;
    for (;;) {
      const char = text[this.at];
      if (char === undefined) throw new PythonLiteralError(this.at, `a closing ${quote}`);
      if (char === quote) {
        out += text.slice(from, this.at++);
        return out;
      }
      if (char !== '\\') {
        this.at++;
        continue;
      }
      if (raw) {
        this.at += 2; // a backslash keeps the quote after it from closing, and stays
        continue;
      }
      out += text.slice(from, this.at) + this.escape();
      from = this.at;
    }
  }

  private escape(): string {
    const letter = this.text[this.at + 1];
    if (letter === undefined) throw new PythonLiteralError(this.at, 'an escape');
    if (letter === 'x') return this.codePoint(2);
    if (letter === 'u') return this.codePoint(4);
    if (letter === 'U') return this.codePoint(8);
    const octal = /[0-7]{1,3}/y;
    octal.lastIndex = this.at + 1;
    const digits = octal.exec(this.text)?.[0];
    if (digits !== undefined) {
      this.at += 1 + digits.length;
      return String.fromCharCode(parseInt(digits, 8));
    }
    this.at += 2;
    return Object.hasOwn(simpleEscapes, letter) ? simpleEscapes[letter]! : `\\${letter}`;
  }

  private codePoint(length: number): string {
    const digits = this.text.slice(this.at + 2, this.at + 2 + length);
    const code = new RegExp(`^[\\da-fA-F]{${length}}$`).test(digits) ? parseInt(digits, 16) : Infinity;
    if (code > 0x10ffff) throw new PythonLiteralError(this.at, `${length} hexadecimal digits`);
    this.at += 2 + length;
    return String.fromCodePoint(code);
  }

  private blanks(): void {
    while (' \t\r\n'.includes(this.text[this.at] ?? '.')) this.at++;
  }

  private take(char: string): boolean {
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  private need(char: string): void {
    if (!this.take(char)) throw new PythonLiteralError(this.at, `"${char}"`);
  }
}
