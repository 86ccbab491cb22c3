import { finishSignature, formatAction } from './grammar/action.ts';
import { outsideSuggestions } from './memory.ts';
import type { Round, SessionState } from './state.ts';

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
    round.durationMs >= 1000
      ? `${(round.durationMs / 1000).toFixed(1)} s`
      : `${Math.round(round.durationMs)} ms`,
    ...(tokens > 0 ? [`${estimated}${tokens.toLocaleString('en')} tokens`] : []),
    ...(cost > 0 ? [`$${cost.toFixed(4)}`] : []),
  ].join(' · ');
}

/** A session as Markdown that reads well in a pull request. */
export function sessionMarkdown(state: SessionState): string {
  const { started, rounds, outcome, totals } = state;
  const { dataset, subject } = started;
  const who = subject.user ? `user ${cell(subject.user.id)}` : 'a history written by hand';
  const lines = [
    `# Session ${started.session}`,
    '',
    `${cell(dataset.name)}${dataset.simulated ? ' (simulated data)' : ''}, ${who}. Policy: ${cell(started.policy.label)}. Retrieval: ${cell(started.retrieval)}.`,
    '',
    `History of ${subject.history.length} items, the last ${subject.recent.length}: ${subject.recent.map((item) => cell(item.title)).join('; ')}.`,
  ];
  if (started.parent)
    lines.push('', `Forked from session ${started.parent.session} after round ${started.parent.round}.`);
  for (const round of rounds) {
    const edited = round.edited.length > 0 ? ` (edited: ${round.edited.join(', ')})` : '';
    lines.push('', `## Round ${round.number}${edited}`, '', `**Thought.** ${cell(round.thought) || '–'}`, '');
    lines.push(`**Action.** ${code(describeAction(round))} ${describeEffort(round)}`);
    for (const repair of round.repairs) lines.push('', `> ${cell(repair.message)}`);
    const { observation } = round;
    if (!observation) continue;
    if (observation.set && observation.set.items.length > 0) {
      lines.push(
        '',
        `**Observation.** ${observation.set.items.length} items.`,
        '',
        '| # | id | title | score |',
        '| -: | :- | :- | -: |',
      );
      observation.set.items.forEach((item, i) =>
        lines.push(`| ${i + 1} | ${cell(item.id)} | ${cell(item.title)} | ${item.score?.toFixed(3) ?? ''} |`),
      );
    } else lines.push('', `**Observation.** ${cell(observation.text)}`);
  }
  if (outcome) {
    lines.push(
      '',
      '## Result',
      '',
      `${outcome.reason.message} ${outcome.result.completed} of ${outcome.result.items.length} items were completed.`,
      '',
    );
    lines.push('| # | id | title | from |', '| -: | :- | :- | :- |');
    outcome.result.items.forEach((item, i) =>
      lines.push(`| ${i + 1} | ${cell(item.id)} | ${cell(item.title)} | ${item.source} |`),
    );
  } else lines.push('', '_The session has not ended._');
  const outside = outsideSuggestions(state);
  if (outside.length > 0)
    lines.push('', `Suggested, but not in the catalogue: ${outside.map(cell).join('; ')}.`);
  if (totals.calls > 0)
    lines.push(
      '',
      `${totals.calls} model calls, ${totals.tokens.toLocaleString('en')} tokens${totals.cost > 0 ? `, $${totals.cost.toFixed(4)}` : ''}.`,
    );
  return `${lines.join('\n')}\n`;
}

/** Text of datasets and models as one harmless piece of Markdown. */
function cell(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}]/gu, '')
    .replace(/[\\`*_{}[\]<>|#~]/g, '\\$&')
    .trim();
}

function code(text: string): string {
  const inner = text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  const fence = inner.includes('`') ? '``' : '`';
  return `${fence}${inner.startsWith('`') || inner.endsWith('`') ? ` ${inner} ` : inner}${fence}`;
}
