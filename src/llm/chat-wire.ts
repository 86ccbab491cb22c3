import type { ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import type { ChatMessage, ChatRequest } from './chat-model.ts';

/** What was learnt about a server's dislikes: parameters to leave out or rename. */
export interface Adaptation {
  readonly dropped: Set<string>;
  renamedMaxTokens: boolean;
}

/** A request as the chat completions endpoint wants it, less what this server dislikes. */
export function wireParameters(
  model: string,
  request: ChatRequest,
  adaptation: Adaptation,
): ChatCompletionCreateParamsStreaming {
  const { dropped, renamedMaxTokens } = adaptation;
  const body: Record<string, unknown> = {
    model,
    messages: request.messages.map(wireMessage),
    stream: true,
    stream_options: { include_usage: true },
    temperature: request.temperature,
    top_p: request.topP,
    [renamedMaxTokens ? 'max_completion_tokens' : 'max_tokens']: request.maxTokens,
    stop: request.stop && [...request.stop],
    seed: request.seed,
  };
  if (request.tools)
    body['tools'] = request.tools.map(({ name, description, parameters }) => ({
      type: 'function',
      function: { name, description, parameters },
    }));
  if (request.tools && request.toolChoice) body['tool_choice'] = request.toolChoice;
  if (request.responseFormat)
    body['response_format'] = {
      type: 'json_schema',
      json_schema: { ...request.responseFormat, strict: false },
    };
  const kept = Object.entries(body).filter(([name, value]) => value !== undefined && !dropped.has(name));
  return Object.fromEntries(kept) as unknown as ChatCompletionCreateParamsStreaming;
}

function wireMessage(message: ChatMessage): Record<string, unknown> {
  return {
    role: message.role,
    content: message.content,
    ...(message.toolCallId === undefined ? {} : { tool_call_id: message.toolCallId }),
    ...(message.toolCalls && message.toolCalls.length > 0
      ? {
          tool_calls: message.toolCalls.map((call) => ({
            id: call.id,
            type: 'function',
            function: { name: call.name, arguments: call.arguments },
          })),
        }
      : {}),
  };
}
