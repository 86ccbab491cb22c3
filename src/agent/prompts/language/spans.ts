import { distance } from 'fastest-levenshtein';

/** A part of a text by offsets in UTF-16 units; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface TextEdit extends Span {
  readonly text: string;
}

/** What puts a finding right. */
export interface PromptFix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
  /** The one that is probably meant. */
  readonly preferred?: boolean;
}

export interface PromptDiagnostic<Code extends string = string> extends Span {
  readonly code: Code;
  readonly severity: 'error' | 'warning' | 'information';
  readonly message: string;
  readonly fixes: readonly PromptFix[];
}

/** Lines of a text, for offsets as people and editors count them. */
export class LineIndex {
  private readonly starts: number[] = [0];
  private readonly length: number;

  constructor(text: string) {
    this.length = text.length;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  get count(): number {
    return this.starts.length;
  }

  /** 1-based line and column. */
  position(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.starts[low]! + 1 };
  }

  /** Offset of a 1-based line and column, kept inside the text. */
  offset(line: number, column = 1): number {
    const start = this.starts[Math.min(Math.max(line, 1), this.starts.length) - 1]!;
    return Math.min(start + Math.max(column, 1) - 1, this.length);
  }

  lineStart(line: number): number {
    return this.offset(line);
  }
}

export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let out = text;
  for (const edit of [...edits].sort((a, b) => b.start - a.start))
    out = out.slice(0, edit.start) + edit.text + out.slice(edit.end);
  return out;
}

/** The known name that was probably meant: at most a third of its letters away. */
export function nearestName(written: string, known: Iterable<string>): string | undefined {
  let best: { name: string; far: number } | undefined;
  for (const name of known) {
    const far = distance(name.toLowerCase(), written.toLowerCase());
    if (far > Math.ceil(name.length / 3)) continue;
    if (!best || far < best.far || (far === best.far && name < best.name)) best = { name, far };
  }
  return best?.name;
}

export function contains(span: Span, offset: number): boolean {
  return offset >= span.start && offset <= span.end;
}
