import { estimateTokens } from '../../../llm/tokens.ts';
import type { RenderedMessage } from '../engine.ts';
import type { Span } from './spans.ts';

/** A part of a rendered message that its author would point at. */
export interface Section extends Span {
  /** The heading, or the line that leads it in; empty for what stands before the first. */
  readonly title: string;
  /** Estimate. */
  readonly tokens: number;
}

/** A Markdown heading, or a line that ends with a colon after an empty line or at the start. */
const heading = /(?:^|\n)(#{1,6} [^\n]+)|(?:^|\n\n)([^\n]{2,160}:)(?=\n)/g;

/** Cuts a message at its headings and at the lines that lead a list in (`Tools:`, `Rules:`). Offsets are of `content`. */
export function sectionsOf(content: string): Section[] {
  const cuts: { at: number; title: string }[] = [];
  for (const match of content.matchAll(heading)) {
    const title = (match[1] ?? match[2])!;
    cuts.push({ at: match.index + match[0].length - title.length, title: tidy(title) });
  }
  if (cuts[0]?.at !== 0) cuts.unshift({ at: 0, title: '' });
  return cuts
    .map(({ at, title }, i) => {
      const end = cuts[i + 1]?.at ?? content.length;
      return { title, start: at, end, tokens: estimateTokens(content.slice(at, end)) };
    })
    .filter(({ start, end }) => content.slice(start, end).trim() !== '');
}

export interface MessageTokens {
  readonly role: RenderedMessage['role'];
  readonly tokens: number;
  readonly sections: readonly Section[];
}

export function tokensByMessage(messages: readonly RenderedMessage[]): MessageTokens[] {
  return messages.map(({ role, content }) => ({
    role,
    tokens: estimateTokens(content) + 4,
    sections: sectionsOf(content),
  }));
}

function tidy(title: string): string {
  const bare = title.replace(/^#+ /, '').replace(/:$/, '').trim();
  return bare.length > 60 ? `${bare.slice(0, 59).trimEnd()}…` : bare;
}
