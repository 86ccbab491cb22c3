import type { CandidateSet } from './events.ts';
import { finishSignature, formatAction } from './grammar/action.ts';
import { markdownCode as code, markdownText as cell } from './markdown.ts';
import { outsideSuggestions } from './memory.ts';
import { candidateSets, type Round, type SessionState } from './state.ts';

/** An action in its canonical form; a sentence where there is none. */
export function describeAction(round: Pick<Round, 'action'>): string {
  if (round.action === undefined) return '(not chosen yet)';
  if (round.action === null) return '(none could be read)';
  return round.action.name === finishSignature.name
    ? formatAction(round.action, finishSignature)
    : formatAction(round.action);
}

/** "1.2 s · 412 tokens · $0.002" of a round, what is known of it. */
export function describeEffort(round: Pick<Round, 'calls' | 'durationMs'>): string {
  const tokens = round.calls.reduce((sum, call) => sum + call.usage.prompt + call.usage.completion, 0);
  const known = round.calls.filter((call) => call.cost !== undefined);
  const cost = known.reduce((sum, call) => sum + call.cost!, 0);
  const estimated = round.calls.some((call) => call.usage.estimated) ? '≈' : '';
  return [
    duration(round.durationMs),
    ...(tokens > 0 ? [`${estimated}${tokens.toLocaleString('en')} tokens`] : []),
    ...(cost > 0 ? [`$${cost.toFixed(4)}`] : []),
  ].join(' · ');
}

/** How the final list did on the held-out items: `rank` (null: not in the list) and metrics by name. */
export type TranscriptMetrics = Readonly<Record<string, number | null>>;

/** How much of a session is written. */
interface Extent {
  /** Candidates of a round at most. */
  readonly rows: number;
  /** Rounds of the beginning, and as many of the end; all when undefined. */
  readonly ends?: number;
}

/**
 * A session as Markdown that reads well in a pull request: what it was and what came of it first, then the rounds,
 * their candidates folded away. The held-out item appears only with `metrics`.
 * @param longest in characters: a longer text has first fewer candidates a round, then only the rounds of the
 *   beginning and the end, and says so. The head and the result are always whole.
 */
export function sessionMarkdown(
  state: SessionState,
  metrics?: TranscriptMetrics,
  longest = Number.POSITIVE_INFINITY,
): string {
  let text = written(state, metrics, { rows: Number.POSITIVE_INFINITY });
  for (const rows of [10, 3, 0]) if (text.length > longest) text = written(state, metrics, { rows });
  for (let ends = state.rounds.length >> 1; text.length > longest && ends > 0; ends >>= 1)
    text = written(state, metrics, { rows: 0, ends: ends - 1 });
  return text;
}

function written(state: SessionState, metrics: TranscriptMetrics | undefined, extent: Extent): string {
  const lines = [...head(state), ...result(state, metrics), '', '## Rounds'];
  const { rounds } = state;
  if (rounds.length === 0) lines.push('', '_There is no round yet._');
  const ends = extent.ends ?? rounds.length;
  const sets = candidateSets(state);
  rounds.forEach((round, i) => {
    if (i >= ends && i < rounds.length - ends) {
      if (i === ends)
        lines.push(
          '',
          `_Rounds ${ends + 1} to ${rounds.length - ends} are left out: this text would be too long._`,
        );
      return;
    }
    const before = sets.findLast((set) => set.round < round.number);
    lines.push('', ...roundLines(round, before, extent.rows));
  });
  if (state.failure)
    lines.push(
      '',
      `> **Round ${state.failure.round} failed:** ${cell(state.failure.error.message)} ${cell(state.failure.error.remedy)}`,
    );
  if (state.undone.length > 0)
    lines.push(
      '',
      `_Rounds were taken back or rewritten ${times(state.undone.length)}; the log keeps them._`,
    );
  return `${lines.join('\n')}\n`;
}

/** What one policy decided of the rounds that are there: `llama3 at localhost (rounds 2–4)`. */
interface Deciders {
  readonly label: string;
  readonly offline: boolean;
  readonly protocol: string | undefined;
  readonly rounds: number[];
}

/** Who decided the rounds, in the order of their first; what was chosen at the start where there is none yet. */
function decidersOf({ started, rounds }: SessionState): Deciders[] {
  const found = new Map<string, Deciders>();
  const add = ({ label, kind, protocol }: SessionState['started']['policy'], round?: number) => {
    const key = `${label}\n${protocol ?? ''}`;
    const known = found.get(key) ?? { label, offline: kind === 'offline', protocol, rounds: [] };
    found.set(key, known);
    if (round !== undefined) known.rounds.push(round);
  };
  if (rounds.length === 0) add(started.policy);
  for (const round of rounds) add(round.setup.policy, round.number);
  return [...found.values()];
}

/** `round 3`, `rounds 1–2, 4` */
function roundsText(rounds: readonly number[]): string {
  const runs: [from: number, to: number][] = [];
  for (const round of rounds) {
    const last = runs.at(-1);
    if (last && last[1] === round - 1) last[1] = round;
    else runs.push([round, round]);
  }
  const text = runs.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
  return `${rounds.length === 1 ? 'round' : 'rounds'} ${text}`;
}

function head(state: SessionState): string[] {
  const { started, rounds, totals } = state;
  const { dataset, subject, settings, prompts } = started;
  const deciders = decidersOf(state);
  const several = deciders.length > 1;
  const protocols = [...new Set(deciders.flatMap(({ protocol }) => protocol ?? []))];
  const retrievals = [...new Set([started.retrieval, ...rounds.map(({ setup }) => setup.retrieval)])];
  const who = subject.user ? `user ${cell(subject.user.id)}` : 'a history written by hand';
  const recent = subject.recent.map((item) => cell(item.title)).join(' → ');
  const facts: [name: string, value: string][] = [
    [
      'Policy',
      deciders
        .map(({ label, rounds: of }) => `${cell(label)}${several ? ` (${roundsText(of)})` : ''}`)
        .join(', then '),
    ],
    ...(protocols.length === 0 ? [] : [['Protocol', protocols.map(cell).join(', ')] as [string, string]]),
    ['Retrieval', retrievals.map(cell).join(', then ')],
    ['Dataset', `${cell(dataset.name)}, ${code(dataset.hash.slice(0, 12))}`],
    ['History', `${subject.history.length} items, the last ${subject.recent.length}: ${recent}`],
    ['Settings', `N = ${settings.n}, at most ${settings.maxRounds} rounds, seed ${settings.seed}`],
    ['Effort', effort(rounds, totals)],
    ...(prompts.length === 0
      ? []
      : [
          [
            'Prompts',
            prompts.map(({ name, hash }) => `${cell(name)} ${code(hash.slice(0, 8))}`).join(', '),
          ] as [string, string],
        ]),
  ];
  const lines = [`# ${cell(dataset.name)}, ${who}: session ${cell(started.session)}`, ''];
  if (dataset.simulated)
    lines.push('> The users of this dataset are simulated: its numbers say nothing about people.', '');
  const offline = deciders.filter((decider) => decider.offline);
  if (offline.length > 0)
    lines.push(
      offline.length === deciders.length
        ? '> No language model took part: statistics of the catalogue decided.'
        : `> Statistics of the catalogue, not a language model, decided ${roundsText(offline.flatMap(({ rounds: of }) => of))}.`,
      '',
    );
  if (started.parent)
    lines.push(
      `Forked from session ${cell(started.parent.session)} after round ${started.parent.round}.`,
      '',
    );
  lines.push('| | |', '| :- | :- |', ...facts.map(([name, value]) => `| **${name}** | ${value} |`));
  return lines;
}

function effort(rounds: readonly Round[], totals: SessionState['totals']): string {
  const estimated = rounds.some((round) => round.calls.some((call) => call.usage.estimated)) ? '≈ ' : '';
  return [
    `${rounds.length} ${rounds.length === 1 ? 'round' : 'rounds'}`,
    duration(totals.durationMs),
    ...(totals.calls > 0
      ? [`${totals.calls} model calls`, `${estimated}${totals.tokens.toLocaleString('en')} tokens`]
      : []),
    ...(totals.cost > 0 ? [`$${totals.cost.toFixed(4)}`] : []),
    ...(totals.unpriced > 0 ? [`the price of ${totals.unpriced} calls is not known`] : []),
  ].join(' · ');
}

function result(state: SessionState, metrics: TranscriptMetrics | undefined): string[] {
  const { outcome } = state;
  if (!outcome) return ['', '## Result', '', '_The session has not ended._'];
  const { items, completed } = outcome.result;
  const lines = ['', '## Result', '', cell(outcome.reason.message)];
  if (metrics) {
    const { rank, ...numbers } = metrics;
    const found = rank === null || rank === undefined ? 'is not in the list' : `is at rank ${rank}`;
    const values = Object.entries(numbers).map(([name, value]) => `${name} ${value?.toFixed(3) ?? '–'}`);
    lines.push('', `The held-out item ${found}: ${values.join(', ')}.`);
  }
  lines.push('', '| # | title | id | from |', '| -: | :- | :- | :- |');
  items.forEach((item, i) => {
    const mark = metrics?.['rank'] === i + 1 ? ' **← held out**' : '';
    lines.push(`| ${i + 1} | ${cell(item.title)}${mark} | ${cell(item.id)} | ${item.source} |`);
  });
  if (completed > 0)
    lines.push('', `${completed} of ${items.length} items were completed by rule, not named by the policy.`);
  const outside = outsideSuggestions(state);
  if (outside.length > 0)
    lines.push('', `Suggested, but not in the catalogue: ${outside.map(cell).join('; ')}.`);
  return lines;
}

function roundLines(round: Round, before: CandidateSet | undefined, rows: number): string[] {
  const edited = round.edited.length > 0 ? ` _(edited: ${round.edited.join(', ')})_` : '';
  const lines = [`### ${round.number} · ${code(describeAction(round))}${edited}`, ''];
  lines.push(round.thought.trim() === '' ? '_No thought._' : `> ${cell(round.thought)}`);
  for (const repair of round.repairs) lines.push('', `⚠ ${cell(repair.message)}`);
  for (const call of round.calls)
    if (call.error) lines.push('', `⚠ A call failed: ${cell(call.error.message)}`);
  const { observation } = round;
  if (!observation) {
    const ends = round.action?.name === finishSignature.name;
    return [
      ...lines,
      '',
      `_${ends ? 'This ends the session.' : 'The action has not run.'}_ (${describeEffort(round)})`,
    ];
  }
  if (observation.status === 'problem' || !observation.set)
    return [...lines, '', `${cell(observation.text)} (${describeEffort(round)})`];
  const { set } = observation;
  lines.push(
    '',
    `<details><summary>${set.items.length} items${droppedText(set)} · ${describeEffort(round)}</summary>`,
  );
  const shown = set.items.slice(0, rows);
  if (shown.length > 0) {
    lines.push('', '| # | Δ | title | id | score |', '| -: | :- | :- | :- | -: |');
    shown.forEach((item, i) =>
      lines.push(
        `| ${i + 1} | ${moved(before, item.id, i)} | ${cell(item.title)} | ${cell(item.id)} | ${item.score === undefined ? '' : item.score.toPrecision(4)} |`,
      ),
    );
  }
  if (shown.length < set.items.length)
    lines.push(
      '',
      `_${shown.length === 0 ? '' : 'Another '}${set.items.length - shown.length} are not listed here._`,
    );
  return [...lines, '', '</details>'];
}

/** ", dropped: 2 seen, 1 named twice" */
function droppedText({ removed, reruns }: CandidateSet): string {
  const dropped = [
    [removed.history.length, 'seen'],
    [removed.duplicates.length, 'named twice'],
    [removed.outside.length, 'not in the catalogue'],
    [removed.ambiguous.length, 'ambiguous'],
  ].filter(([count]) => (count as number) > 0);
  const parts = dropped.map(([count, why]) => `${count} ${why}`);
  return [
    ...(parts.length > 0 ? [`, dropped: ${parts.join(', ')}`] : []),
    ...(reruns > 0 ? [`, the tool ran again ${times(reruns)}`] : []),
  ].join('');
}

function moved(before: CandidateSet | undefined, id: string, at: number): string {
  if (!before) return '';
  const was = before.items.findIndex((item) => item.id === id);
  if (was < 0) return 'new';
  return was === at ? '=' : was > at ? `▲ ${was - at}` : `▼ ${at - was}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function duration(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`;
}
