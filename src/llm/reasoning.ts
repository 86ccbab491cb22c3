/**
 * Takes the thinking of reasoning models out of their text: `<think>…</think>` and relatives, across the borders of
 * streamed pieces. Feed pieces in order, then `end`.
 */
export class ReasoningSplitter {
  text = '';
  reasoning = '';
  private pending = '';
  private thinking = false;
  private readonly emit: (delta: { text: string; kind: 'text' | 'reasoning' }) => void;

  constructor(emit: (delta: { text: string; kind: 'text' | 'reasoning' }) => void = () => undefined) {
    this.emit = emit;
  }

  push(piece: string): void {
    this.pending += piece;
    for (;;) {
      const tag = (this.thinking ? closing : opening).exec(this.pending);
      if (!tag) break;
      this.give(this.pending.slice(0, tag.index));
      this.pending = this.pending.slice(tag.index + tag[0].length);
      this.thinking = !this.thinking;
    }
    // What might be the beginning of a tag waits for the next piece.
    const start = this.pending.lastIndexOf('<', this.pending.length);
    const open =
      start >= 0 && this.pending.length - start < longestTag && partial.test(this.pending.slice(start));
    const ready = open ? this.pending.slice(0, start) : this.pending;
    this.pending = open ? this.pending.slice(start) : '';
    this.give(ready);
  }

  /** Reasoning that the server sends in a field of its own. */
  pushReasoning(piece: string): void {
    this.reasoning += piece;
    this.emit({ text: piece, kind: 'reasoning' });
  }

  /** Ends the text. A closing tag without an opening one means that the text began inside the thinking. */
  end(): { text: string; reasoning: string } {
    this.give(this.pending);
    this.pending = '';
    const stray = closing.exec(this.text);
    if (stray) {
      this.reasoning = this.text.slice(0, stray.index) + this.reasoning;
      this.text = this.text.slice(stray.index + stray[0].length);
    }
    return { text: this.text.trim(), reasoning: this.reasoning.trim() };
  }

  private give(text: string): void {
    if (text === '') return;
    if (this.thinking) this.reasoning += text;
    else this.text += text;
    this.emit({ text, kind: this.thinking ? 'reasoning' : 'text' });
  }
}

const opening = /<(?:think|thinking|reasoning)>\s*/i;
const closing = /\s*<\/(?:think|thinking|reasoning)>\s*/i;
const partial = /^<\/?[a-z]{0,9}>?$/i;
const longestTag = 13;

/** Splits a whole text. */
export function splitReasoning(text: string): { text: string; reasoning: string } {
  const splitter = new ReasoningSplitter();
  splitter.push(text);
  return splitter.end();
}
