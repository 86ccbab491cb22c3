import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { InputError } from '../../shared/errors.ts';
import { type ActionSignature, finishItems, finishSignature, formatAction } from '../grammar/action.ts';
import { parseReply } from '../grammar/parse.ts';
import { safeText } from '../safe-text.ts';
import { promptDomains } from './kinds.ts';

/** Worked examples for in-context learning (the paper's D), as YAML rounds. */
export const demonstrationSchema = z.strictObject({
  title: z.string().min(1).max(120).describe('What the example shows; not told to the model.'),
  /** Where it comes from: "written", or the id of the session it was made from. */
  source: z
    .string()
    .default('written')
    .describe('Where it comes from: “written”, or the id of the session it was made from.'),
  enabled: z.boolean().default(true).describe('Off keeps the example in the file and out of the prompts.'),
  history: z.array(z.string().min(1)).min(1).max(50).describe("The user's history, oldest first."),
  rounds: z
    .array(
      z.strictObject({
        thought: z.string().min(1).describe('What the surrogate user sees and wants to change.'),
        action: z.string().min(1).describe('As the model should write it: Retrieve[genre, 10].'),
        observation: z
          .array(z.string().min(1))
          .max(100)
          .optional()
          .describe('What the tool returned, titles, best first.'),
      }),
    )
    .min(1)
    .max(20)
    .describe('Thought, action, observation; the last action is Finish.'),
});
export type Demonstration = z.infer<typeof demonstrationSchema>;

export const demonstrationFileSchema = z.strictObject({
  domain: z.enum(promptDomains).describe('Whose prompts use these examples.'),
  attributes: z
    .array(z.string())
    .min(1)
    .describe('Attributes that the retrieval tools of the examples know.'),
  demonstrations: z.array(demonstrationSchema).min(1).describe('The examples, in the order of the prompt.'),
});
export type DemonstrationFile = z.infer<typeof demonstrationFileSchema>;

/** @throws InputError `bad-demonstrations` with line and column. */
export function parseDemonstrations(text: string, file: string): DemonstrationFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const fail = (message: string, offset: number | undefined) => {
    const position = offset === undefined ? undefined : lines.linePos(offset);
    return new InputError('bad-demonstrations', message, 'Correct the file.', {
      place: { file, ...(position ? { line: position.line, column: position.col } : {}) },
    });
  };
  const mistake = document.errors[0];
  if (mistake) throw fail(`The file is not valid YAML: ${mistake.message.split('\n')[0]}.`, mistake.pos[0]);
  const parsed = demonstrationFileSchema.safeParse(document.toJS({ maxAliasCount: 20 }));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const node = document.getIn(issue.path as string[], true) as
    { range?: [number, number, number] } | undefined;
  throw fail(`“${issue.path.join('.')}”: ${issue.message}`, node?.range?.[0]);
}

/** What is wrong with a demonstration, besides its form. */
export interface DemonstrationFinding {
  readonly code:
    | 'unreadable-action'
    | 'repaired-action'
    | 'unknown-attribute'
    | 'missing-observation'
    | 'no-finish'
    | 'finish-early'
    | 'invented-item'
    | 'history-item'
    | 'too-many-items'
    | 'not-ranked';
  readonly message: string;
  /** 1-based. */
  readonly round: number;
  /** The item that it is about. */
  readonly item?: string;
  /** The action as it should be written. */
  readonly better?: string;
}

/** Checks that an example shows what it should: actions that parse as they stand, real items, one Finish at the end. */
export function checkDemonstration(
  demonstration: Demonstration,
  signatures: readonly ActionSignature[],
  attributes: readonly string[],
): DemonstrationFinding[] {
  const findings: DemonstrationFinding[] = [];
  const seen = new Set<string>();
  const history = new Set(demonstration.history);
  demonstration.rounds.forEach((round, i) => {
    const number = i + 1;
    const add = (
      code: DemonstrationFinding['code'],
      message: string,
      more: Pick<DemonstrationFinding, 'item' | 'better'> = {},
    ) => findings.push({ code, message, round: number, ...more });
    const isLast = number === demonstration.rounds.length;
    const { parsed, problem, repairs } = parseReply(`Thought: ${round.thought}\nAction: ${round.action}`, {
      signatures,
      attributes,
    });
    if (!parsed) {
      add('unreadable-action', `${problem!.message} ${problem!.hint}`);
      return;
    }
    const { action } = parsed;
    if (repairs.length > 0) {
      const signature = [...signatures, finishSignature].find((s) => s.name === action.name);
      add('repaired-action', repairs[0]!.message, { better: formatAction(action, signature) });
    }
    const attribute = action.args['attribute'];
    if (action.name === 'Retrieve' && typeof attribute === 'string' && !attributes.includes(attribute))
      add('unknown-attribute', `There is no attribute “${attribute}”.`);
    if (action.name === finishSignature.name) {
      if (!isLast) add('finish-early', 'Finish is not the last round.');
      for (const item of finishItems(action)) {
        if (history.has(item)) add('history-item', `“${item}” is in the history.`, { item });
        else if (!seen.has(item)) add('invented-item', `“${item}” was in no observation.`, { item });
      }
      return;
    }
    if (isLast) add('no-finish', 'The last action is not Finish.');
    const observed = round.observation ?? [];
    if (observed.length === 0) add('missing-observation', 'The round has no observation.');
    const k = action.args['k'];
    if (typeof k === 'number' && observed.length > k)
      add('too-many-items', `${observed.length} items for K = ${k}.`);
    for (const item of observed) {
      if (history.has(item)) add('history-item', `“${item}” is in the history.`, { item });
      if (action.name === 'Rank' && !seen.has(item))
        add('not-ranked', `“${item}” was no candidate.`, { item });
    }
    if (action.name !== 'Rank') for (const item of observed) seen.add(item);
  });
  return findings;
}

/** An example as text for a prompt: the history, then the rounds with numbered labels. */
export function demonstrationText(demonstration: Demonstration): string {
  const lines = [`History: ${demonstration.history.map((title) => `"${safeText(title)}"`).join('; ')}`];
  demonstration.rounds.forEach((round, i) => {
    const number = i + 1;
    lines.push(`Thought ${number}: ${safeText(round.thought, 600)}`);
    lines.push(`Action ${number}: ${round.action.replace(/\s+/g, ' ')}`);
    if (round.observation)
      lines.push(
        `Observation ${number}: ${round.observation.map((title) => `"${safeText(title)}"`).join('; ')}`,
      );
  });
  return lines.join('\n');
}

/**
 * A demonstration out of a finished session. Long lists are trimmed to about `keep` items: those that a later round goes
 * on with stay, so that the example still shows where its items come from.
 */
export function demonstrationOf(
  session: {
    readonly id: string;
    readonly history: readonly string[];
    readonly rounds: readonly {
      readonly thought: string;
      readonly action: Parameters<typeof formatAction>[0] | null | undefined;
      readonly observation: readonly string[];
    }[];
    readonly result: readonly string[];
  },
  signatures: readonly ActionSignature[],
  keep = 5,
): Demonstration {
  // What a model cannot call teaches it nothing: Finish, and tools that only the offline policy has.
  const callable = session.rounds.filter(
    ({ action }) => action && signatures.some(({ name }) => name === action.name),
  );
  const retrieved = new Set<string>();
  const shown = callable.flatMap((round) => {
    const isRank = round.action!.name === 'Rank';
    const observation = isRank
      ? round.observation.filter((title) => retrieved.has(title))
      : round.observation;
    for (const title of observation) retrieved.add(title);
    return observation.length > 0 ? [{ ...round, observation }] : [];
  });
  const observed = new Set(shown.flatMap((round) => round.observation));
  const items = session.result.filter((title) => observed.has(title)).slice(0, keep);
  const needed = new Set(items);
  const rounds = shown
    .toReversed()
    .map((round) => {
      const action = round.action!;
      const isRank = action.name === 'Rank';
      const wanted = round.observation.filter((title) => needed.has(title));
      const others = round.observation.filter((title) => !needed.has(title));
      const kept = new Set([...wanted, ...others.slice(0, Math.max(0, keep - wanted.length))]);
      // What is ranked was retrieved before.
      if (isRank) for (const title of kept) needed.add(title);
      const signature = signatures.find((s) => s.name === action.name);
      return {
        thought: round.thought,
        action: formatAction(action, signature),
        observation: round.observation.filter((title) => kept.has(title)),
      };
    })
    .toReversed();
  const last = session.rounds.at(-1);
  const closing =
    last?.action?.name === finishSignature.name ? last.thought : 'The candidates fit the history well.';
  const finish = { name: finishSignature.name, args: { items } };
  return {
    title: `From session ${session.id}`,
    source: session.id,
    enabled: true,
    history: session.history.slice(-10),
    rounds: [...rounds, { thought: closing, action: formatAction(finish, finishSignature) }],
  };
}
