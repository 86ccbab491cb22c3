import type { PreviewMessage, PreviewState } from '../../../webview/protocol.ts';
import { markChanges } from '../../agent/prompts/language/changes.ts';
import type { PromptCheck } from '../../agent/prompts/language/diagnose.ts';
import type { LineIndex } from '../../agent/prompts/language/spans.ts';
import { tokensByMessage } from '../../agent/prompts/language/sections.ts';
import type { RenderedMessage } from '../../agent/prompts/engine.ts';

/** Lines of a message that are shown at most; no editor of a person's prompt needs more. */
const mostLines = 4_000;

/** What the preview remembers between two renderings. */
export interface PreviewMemory {
  readonly messages: readonly RenderedMessage[];
  readonly shown: readonly PreviewMessage[];
  readonly tokens: number;
}

export const nothingShown: PreviewMemory = { messages: [], shown: [], tokens: 0 };

/**
 * The messages to show after a check: the new ones with what changed marked, or, where the prompt cannot be rendered, the
 * last ones with the reason.
 */
export function nextPreview(
  memory: PreviewMemory,
  check: PromptCheck,
  lines: LineIndex,
  options: { readonly marks: boolean },
): { memory: PreviewMemory; problem: PreviewState['problem'] } {
  const errors = check.diagnostics.filter(({ severity }) => severity === 'error');
  const { rendered } = check;
  const first = errors[0];
  const problem =
    !rendered && first
      ? { message: first.message, ...lines.position(first.start), more: errors.length - 1 }
      : undefined;
  if (!rendered) return { memory, problem };
  // The same text again (a value was read, the panel came back) leaves the marks of the last keystroke.
  if (sameMessages(memory.messages, rendered.messages)) return { memory, problem };
  const tokens = tokensByMessage(rendered.messages);
  const shown = rendered.messages.map((message, i): PreviewMessage => {
    const after = message.content.split('\n');
    const before = memory.messages[i]?.role === message.role ? memory.messages[i] : undefined;
    const marks =
      options.marks && memory.messages.length > 0
        ? markChanges(before?.content.split('\n') ?? [], after)
        : [];
    return {
      role: message.role,
      tokens: tokens[i]!.tokens,
      sections: tokens[i]!.sections.map(({ title, tokens: count }) => ({ title, tokens: count })),
      lines: after.slice(0, mostLines).map((text, at) => {
        const mark = marks[at];
        return mark === undefined ? { text } : { text, mark: mark === 'whole' ? mark : [mark[0], mark[1]] };
      }),
    };
  });
  return { memory: { messages: rendered.messages, shown, tokens: rendered.tokens }, problem };
}

function sameMessages(a: readonly RenderedMessage[], b: readonly RenderedMessage[]): boolean {
  return (
    a.length === b.length &&
    a.every((message, i) => message.role === b[i]!.role && message.content === b[i]!.content)
  );
}
