import { throwIfCancelled } from '../shared/errors.ts';
import type { ChatModel, ChatOptions, ChatReply, ChatRequest } from './chat-model.ts';
import { ModelFailure } from './errors.ts';
import { splitReasoning } from './reasoning.ts';
import { estimateMessages, estimateTokens } from './tokens.ts';

export type ScriptedReply = string | Partial<ChatReply> | Error;

/**
 * A model that says what it is told to: a list, used up in order, or a function of the request. For tests, for
 * demonstrations, and for checks of a harness.
 */
export class ScriptedModel implements ChatModel {
  readonly label = 'scripted model';
  readonly model = 'scripted';
  readonly contextTokens = undefined;
  /** Everything that was asked, in order. */
  readonly requests: ChatRequest[] = [];
  private readonly script:
    readonly ScriptedReply[] | ((request: ChatRequest, index: number) => ScriptedReply);

  constructor(script: readonly ScriptedReply[] | ((request: ChatRequest, index: number) => ScriptedReply)) {
    this.script = script;
  }

  /** @throws ModelFailure `not-recorded` when the list is used up; the error that the script holds. */
  async chat(request: ChatRequest, options: ChatOptions = {}): Promise<ChatReply> {
    throwIfCancelled(options.signal, 'The request');
    const index = this.requests.push(request) - 1;
    const entry = typeof this.script === 'function' ? this.script(request, index) : this.script[index];
    await Promise.resolve();
    throwIfCancelled(options.signal, 'The request');
    if (entry === undefined)
      throw new ModelFailure('not-recorded', 'The script has no further reply.', 'Give it one more.');
    if (entry instanceof Error) throw entry;
    const given = typeof entry === 'string' ? { text: entry } : entry;
    const { text, reasoning } = splitReasoning(given.text ?? '');
    for (let at = 0; at < text.length; at += 4096)
      options.onDelta?.({ text: text.slice(at, at + 4096), kind: 'text' });
    return {
      toolCalls: [],
      finishReason: 'stop',
      usage: {
        prompt: estimateMessages(request.messages),
        completion: estimateTokens(text),
        estimated: true,
      },
      model: this.model,
      durationMs: 0,
      retries: [],
      ...given,
      text,
      ...(reasoning === '' ? {} : { reasoning }),
    };
  }
}
