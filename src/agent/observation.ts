import type { Dataset } from '../data/dataset.ts';
import type { CandidateSet, Observation, RecordedProblem, Removed } from './events.ts';
import { toolMark } from './memory.ts';
import { safeText } from './safe-text.ts';
import { itemLine } from './tools/attributes.ts';

/** What the surrogate user reads after a tool has returned a verified set. */
export function observeSet(dataset: Dataset, set: CandidateSet): Observation {
  const mark = toolMark(set);
  const head =
    set.items.length === 0
      ? `${mark} returned no usable item.`
      : `${mark} returned ${count(set.items.length, 'item')} (id: "title" | attributes | score):`;
  const lines = set.items.map(
    (candidate, i) =>
      `${i + 1}. ${itemLine(dataset, candidate.item, { attribute: set.attribute, score: candidate.score })}`,
  );
  const notes = removedNotes(set.removed);
  const text = [head, ...lines, ...notes].join('\n');
  if (set.items.length > 0) return { status: 'ok', text, set };
  const problem = {
    code: 'empty-set',
    message: `${mark} returned no usable item.`,
    hint: 'Try another attribute or a larger K.',
  };
  return { status: 'problem', text: [text, problem.hint].join('\n'), set, problem };
}

/** What was dropped from a set or a final list and why, a sentence a kind. */
export function removedNotes(removed: Removed): string[] {
  const notes: string[] = [];
  const titles = (items: readonly { title: string }[]) => listed(items.map((item) => item.title));
  if (removed.history.length > 0)
    notes.push(`Dropped, already in the user's history: ${titles(removed.history)}.`);
  if (removed.duplicates.length > 0) notes.push(`Dropped, named twice: ${titles(removed.duplicates)}.`);
  if (removed.outside.length > 0) notes.push(`Dropped, not in the catalogue: ${listed(removed.outside)}.`);
  if (removed.ambiguous.length > 0)
    notes.push(
      `Dropped, could be more than one item (use the id): ${listed(removed.ambiguous.map((entry) => entry.text))}.`,
    );
  return notes;
}

export function observeText(text: string): Observation {
  return { status: 'ok', text };
}

export function observeProblem(problem: RecordedProblem): Observation {
  return { status: 'problem', text: `${problem.message} ${problem.hint}`.trim(), problem };
}

function listed(texts: readonly string[], shown = 5): string {
  const quoted = texts.slice(0, shown).map((text) => `"${safeText(text, 80)}"`);
  return texts.length > shown ? `${quoted.join(', ')} and ${texts.length - shown} more` : quoted.join(', ');
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
