import type { ChatMessage, ChatRequest, ToolCall, ToolDefinition } from '../llm/chat-model.ts';
import { finishSignature } from './grammar/action.ts';
import { type GrammarOptions, type ParsedReply, parseReply, parseToolCall } from './grammar/parse.ts';
import type { ProtocolName } from './prompts/values.ts';
import { actionText, type RoundView } from './prompts/views.ts';
import type { Round } from './state.ts';
import type { ToolRegistry } from './tools/registry.ts';

/**
 * Three ways to say the same thing over the wire: ReAct text (the paper's), native tool calls, and JSON of a schema.
 * Each completes a request and reads a reply; what a reply means is the same for all.
 */

export const protocolNames: readonly ProtocolName[] = ['react', 'tools', 'json'];

/** What of a reply its reading needs; a recorded call has it too. */
export interface RawReply {
  readonly text: string;
  readonly reasoning?: string | undefined;
  readonly toolCalls?: readonly ToolCall[] | undefined;
}

/** Adds to a request what the protocol needs. `messages` are the rendered prompt. */
export function protocolRequest(
  protocol: ProtocolName,
  request: ChatRequest,
  definitions: readonly ToolDefinition[],
): ChatRequest {
  if (protocol === 'tools') return { ...request, tools: definitions, toolChoice: 'required' };
  if (protocol === 'json')
    return { ...request, responseFormat: { name: 'round', schema: roundSchema(definitions) } };
  // The model must not write the observation itself.
  return { ...request, stop: [...new Set([...(request.stop ?? []), '\nObservation'])].slice(0, 4) };
}

/** Reads a reply. Models that ignore the protocol and write another one are understood all the same. */
export function readReply(protocol: ProtocolName, reply: RawReply, options: GrammarOptions): ParsedReply {
  const [first, ...more] = reply.toolCalls ?? [];
  if (first) {
    const read = parseToolCall(first.name, first.arguments, options);
    const thought = (reply.text.trim() === '' ? (reply.reasoning ?? '') : reply.text).trim().slice(0, 8_000);
    const several =
      more.length > 0
        ? [
            {
              code: 'several-actions' as const,
              message: `${more.length + 1} calls in one reply; the first was taken.`,
              start: 0,
              end: 0,
            },
          ]
        : [];
    return {
      ...read,
      thought: thought.replace(/^(?:thought\s*\d*\s*:\s*)/i, ''),
      repairs: [...read.repairs, ...several],
    };
  }
  const read = parseReply(reply.text, options);
  if (protocol === 'react' || read.problem) return read;
  // JSON is what was asked for, not a repair.
  return protocol === 'json'
    ? { ...read, repairs: read.repairs.filter((repair) => repair.code !== 'json') }
    : read;
}

/** The rounds so far as native messages: an assistant's call and the tool's answer. */
export function nativeRounds(
  rounds: readonly Round[],
  views: readonly RoundView[],
  tools: ToolRegistry,
): ChatMessage[] {
  return rounds.flatMap((round, i): ChatMessage[] => {
    const observation = views[i]?.observation.text ?? '';
    const id = `round_${round.number}`;
    if (!round.action)
      return [
        { role: 'assistant', content: round.thought === '' ? actionText(round, tools) : round.thought },
        { role: 'user', content: observation },
      ];
    const call = { id, name: round.action.name, arguments: JSON.stringify(round.action.args) };
    return [
      { role: 'assistant', content: round.thought, toolCalls: [call] },
      { role: 'tool', toolCallId: id, content: observation },
    ];
  });
}

/** The one explained retry (issue: shown what was wrong, once). */
export function repairMessages(reply: RawReply, problem: { message: string; hint: string }): ChatMessage[] {
  const said = reply.text.slice(0, 4_000);
  const calls = (reply.toolCalls ?? [])
    .map((call) => `${call.name}(${call.arguments})`)
    .join('\n')
    .slice(0, 2_000);
  return [
    { role: 'assistant', content: said.trim() === '' ? calls || '(nothing)' : said },
    {
      role: 'user',
      content: `That could not be used: ${problem.message} ${problem.hint}\nWrite the whole reply again, thought and one action.`,
    },
  ];
}

function roundSchema(definitions: readonly ToolDefinition[]): Readonly<Record<string, unknown>> {
  const properties: Record<string, unknown> = {};
  for (const definition of definitions) {
    const own = (definition.parameters['properties'] ?? {}) as Record<string, unknown>;
    for (const [name, schema] of Object.entries(own)) properties[name] ??= schema;
  }
  return {
    type: 'object',
    properties: {
      thought: { type: 'string' },
      action: {
        type: 'string',
        enum: [...new Set([...definitions.map((d) => d.name), finishSignature.name])],
      },
      arguments: { type: 'object', properties },
    },
    required: ['thought', 'action', 'arguments'],
  };
}
