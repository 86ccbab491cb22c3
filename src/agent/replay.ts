import type { Dataset } from '../data/dataset.ts';
import type { Retriever } from '../data/retriever.ts';
import type { Mention } from './catalogue.ts';
import type { Candidate, SessionEvent, SessionResult } from './events.ts';
import type { Action } from './grammar/action.ts';
import { protocolNames, readReply } from './protocols.ts';
import type { Decision, Policy } from './policy.ts';
import { Session, type SessionEnvironment } from './session.ts';
import { foldAll, type Round, type SessionState } from './state.ts';
import type { ToolContext, ToolOutcome, Tool } from './tools/tool.ts';
import { neighboursTool } from './tools/neighbours.ts';
import { ToolRegistry } from './tools/registry.ts';

/** Where a replay came out differently from its log. */
export interface Divergence {
  /** 0 for the final list. */
  readonly round: number;
  readonly what: 'action' | 'observation' | 'stop' | 'result';
  readonly recorded: string;
  readonly replayed: string;
}

export interface Replay {
  readonly state: SessionState;
  readonly result: SessionResult | undefined;
  readonly divergences: readonly Divergence[];
}

/**
 * Runs a recorded session again through the real loop without a model, an engine or a network: decisions and the
 * items that tools returned come from the log; the grammar reads the raw replies again, memory checks every item
 * again, rules and completion work again. The same log gives the same result; where it does not (the catalogue or
 * the code changed), the differences are listed.
 */
export async function replay(
  events: Iterable<SessionEvent>,
  given: Pick<SessionEnvironment, 'dataset' | 'catalogue' | 'tools'>,
): Promise<Replay> {
  const recorded = foldAll(events);
  const environment = { ...given, tools: withToolsOf(recorded.rounds, given.tools) };
  const divergences: Divergence[] = [];
  const { started, rounds, outcome } = recorded;
  let time = started.time;
  const session = await Session.start(
    {
      ...environment,
      tools: recordedTools(environment, rounds),
      retriever: recordedBackbone(outcome?.result),
      retrieval: started.retrieval,
      policy: recordedPolicy(recorded, environment.tools, divergences),
      clock: () => time++,
    },
    {
      id: started.session,
      history: started.subject.history,
      ...(started.subject.user ? { user: started.subject.user.code } : {}),
      settings: { ...started.settings, maxTimeMs: undefined } as Partial<typeof started.settings>,
    },
  );

  for (const round of rounds) {
    if (!round.observation && round.action?.name !== 'Finish') break;
    const step = await session.step();
    const replayed = session.state.rounds.at(-1);
    if (round.observation && replayed?.observation) {
      const before = itemsOf(round);
      const after = itemsOf(replayed);
      if (before !== after)
        divergences.push({ round: round.number, what: 'observation', recorded: before, replayed: after });
    }
    if (step.status !== 'finished') continue;
    const expected = round === rounds.at(-1);
    // A person may have gone on after what would have been the end, by editing.
    if (!expected)
      divergences.push({
        round: round.number,
        what: 'stop',
        recorded: 'went on',
        replayed: step.reason.rule,
      });
    break;
  }
  if (outcome && !session.state.outcome) await session.finish();
  const result = session.state.outcome?.result;
  const before = outcome?.result.items.map((entry) => entry.id).join(', ') ?? '';
  const after = result?.items.map((entry) => entry.id).join(', ') ?? '';
  if (before !== after) divergences.push({ round: 0, what: 'result', recorded: before, replayed: after });
  return { state: session.state, result, divergences };
}

function recordedPolicy(recorded: SessionState, tools: ToolRegistry, divergences: Divergence[]): Policy {
  const { label, prompts } = { label: recorded.started.policy, prompts: recorded.started.prompts };
  return {
    label: { ...label, kind: 'replay' },
    prompts,
    decide({ round: number, dataset }): Decision {
      const round = recorded.rounds[number - 1]!;
      const reply = round.calls.findLast((call) => call.purpose === 'policy' || call.purpose === 'repair');
      const protocol = protocolNames.find((name) => name === round.setup.policy.protocol);
      if (reply && protocol && !round.edited.includes('action') && round.action !== undefined) {
        const read = readReply(
          protocol,
          { ...reply, text: reply.reply },
          {
            signatures: tools.signatures,
            attributes: dataset.attributes.map((a) => a.name),
          },
        );
        const before = JSON.stringify(round.action);
        const after = JSON.stringify(read.parsed?.action ?? null);
        if (before !== after)
          divergences.push({ round: number, what: 'action', recorded: before, replayed: after });
      }
      return {
        thought: round.thought,
        action: round.action ?? null,
        repairs: round.repairs,
        ...(round.problem ? { problem: round.problem } : {}),
      };
    },
  };
}

/** The tools, and those besides that the log shows at work. */
function withToolsOf(rounds: readonly Round[], tools: ToolRegistry): ToolRegistry {
  const used = new Set(rounds.map((round) => round.action?.name));
  const missing = [neighboursTool].filter(({ name }) => used.has(name) && !tools.find(name));
  return missing.length === 0 ? tools : new ToolRegistry([...tools.all, ...missing]);
}

/** The same tools, whose runs return what the log says they returned; the check then does its work again. */
function recordedTools(
  { tools, dataset }: Pick<SessionEnvironment, 'tools' | 'dataset'>,
  rounds: readonly Round[],
): ToolRegistry {
  let at = 0;
  const replayTool = (tool: Tool): Tool => ({
    ...tool,
    name: tool.name,
    aliases: tool.aliases,
    args: tool.args,
    rerunnable: false,
    describe: (setting) => tool.describe(setting),
    run: (_args: Action['args'], _context: ToolContext): ToolOutcome => {
      let round = rounds[at++];
      while (round && (round.action?.name !== tool.name || !round.observation)) round = rounds[at++];
      const observation = round?.observation;
      if (!observation)
        return { kind: 'problem', code: 'not-recorded', message: 'The log ends here.', hint: '' };
      const { set, problem, text } = observation;
      if (set)
        return {
          kind: 'items',
          items: [
            ...set.items.map((candidate) => asMention(candidate, dataset)),
            ...set.removed.outside.map((outside) => ({ text: outside })),
          ],
          k: set.k,
          ...(set.attribute === undefined ? {} : { attribute: set.attribute }),
          ...(set.text === undefined ? {} : { text: set.text }),
        };
      return problem ? { kind: 'problem', ...problem } : { kind: 'text', text };
    },
  });
  return new ToolRegistry(tools.all.map(replayTool));
}

/** Items are found by id: their codes may have moved, and as a text an id may be another item's title (“300”). */
function asMention(candidate: Candidate, dataset: Dataset): Mention {
  const item = dataset.itemCode(candidate.id);
  return {
    ...(item === undefined ? { text: candidate.id } : { item }),
    ...(candidate.score === undefined ? {} : { score: candidate.score }),
  };
}

/** The backbone answers with the items that it contributed to the recorded result. */
function recordedBackbone(result: SessionResult | undefined): Retriever {
  const items = (result?.items ?? []).filter((entry) => entry.source === 'backbone');
  return {
    attributes: [null],
    retrieve: () => Promise.resolve(items.map(({ item, id, title }) => ({ item, id, title, score: 0 }))),
  };
}

function itemsOf(round: Round): string {
  return round.observation?.set?.items.map((candidate) => candidate.id).join(', ') ?? '';
}
