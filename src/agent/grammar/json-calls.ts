import { foldName } from './action.ts';
import { readJsonArguments, repair } from './arguments.ts';
import { readCalls } from './bracket-calls.ts';
import { type Json, readLenientJson } from './lenient-json.ts';
import { maxCandidates, maxReply, type ParsedAction, type Reading } from './reading.ts';
import type { Span } from './text.ts';

/** The first JSON value in the zone that holds an action. */
export function readJson(reading: Reading, start: number, end: number): ParsedAction[] {
  const zone = reading.text.slice(start, end);
  let from = 0;
  for (let attempt = 0; attempt < 6; attempt++) {
    const at = zone.slice(from).search(/[{[]/);
    if (at < 0) return [];
    const json = readLenientJson(zone, from + at);
    if (!json) {
      from += at + 1;
      continue;
    }
    const span = { text: '', start: start + from + at, end: start + json.end };
    const actions = actionsOfJson(reading, json.value, span, 0);
    if (actions.length > 0) {
      reading.repairs.push(
        json.repaired
          ? repair('repaired-json', 'The action was JSON with mistakes, which were put right.', span)
          : repair('json', 'The action was written as JSON.', span),
      );
      return actions;
    }
    from = json.end;
  }
  return [];
}

function actionsOfJson(reading: Reading, value: Json | undefined, span: Span, depth: number): ParsedAction[] {
  if (depth > 4 || value === undefined || value === null) return [];
  if (Array.isArray(value))
    return value.slice(0, maxCandidates).flatMap((entry) => actionsOfJson(reading, entry, span, depth + 1));
  if (typeof value === 'string') {
    if (value.length > maxReply) return [];
    const inner = readCalls({ ...reading, text: value, repairs: [] }, 0, value.length);
    return inner.slice(0, 1).map((call) => ({ action: call.action, start: span.start, end: span.end }));
  }
  if (typeof value !== 'object') return [];
  reading.jsonThought ??= stringField(value, [
    'thought',
    'thinking',
    'reasoning',
    'rationale',
    'analysis',
    'reason',
  ]);

  for (const key of ['action', 'tool', 'name', 'function', 'tool_name', 'command', 'next_action', 'type']) {
    const named = value[key];
    if (typeof named === 'string') {
      const signature = reading.byName.get(foldName(named));
      if (signature) {
        const input =
          field(value, [
            'arguments',
            'args',
            'input',
            'action_input',
            'tool_input',
            'parameters',
            'params',
          ]) ??
          Object.fromEntries(Object.entries(value).filter(([other]) => other !== key && other !== 'thought'));
        const text = typeof input === 'string' ? readLenientJson(input) : undefined;
        const action = readJsonArguments(signature, text ? text.value : input, span, reading.repairs);
        return [{ action, start: span.start, end: span.end }];
      }
      const call = actionsOfJson(reading, named, span, depth + 1);
      if (call.length > 0) return call;
    } else if (named) {
      const call = actionsOfJson(reading, named, span, depth + 1);
      if (call.length > 0) return call;
    }
  }
  for (const key of ['tool_calls', 'calls', 'actions', 'plan', 'steps']) {
    const calls = actionsOfJson(reading, value[key], span, depth + 1);
    if (calls.length > 0) return calls;
  }
  for (const [key, input] of Object.entries(value)) {
    const signature = reading.byName.get(foldName(key));
    if (signature && input !== null) {
      const action = readJsonArguments(signature, input, span, reading.repairs);
      return [{ action, start: span.start, end: span.end }];
    }
  }
  return [];
}

function field(value: { [key: string]: Json }, names: readonly string[]): Json | undefined {
  for (const name of names) if (Object.hasOwn(value, name)) return value[name];
  return undefined;
}

function stringField(value: { [key: string]: Json }, names: readonly string[]): string | undefined {
  const found = field(value, names);
  return typeof found === 'string' ? found : undefined;
}
