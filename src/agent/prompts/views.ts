import type { Dataset } from '../../data/dataset.ts';
import { estimateTokens } from '../../llm/tokens.ts';
import { finishSignature, formatAction } from '../grammar/action.ts';
import { type MemoryCandidate, type MemorySet, rankedCandidates, toolMark } from '../memory.ts';
import { safeText } from '../safe-text.ts';
import type { Round, SessionState } from '../state.ts';
import { itemLine } from '../tools/attributes.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import { TrustedText } from './engine.ts';

/**
 * The best candidates so far as lines, within a token budget: whole lines only, and a last line that says how many are
 * left out. Each line names the tools that found the item.
 */
export function memoryView(dataset: Dataset, sets: readonly MemorySet[], budget: number): string {
  const candidates = rankedCandidates(sets);
  const lines: string[] = [];
  let left = budget - 12; // room for the closing line
  for (const [i, candidate] of candidates.entries()) {
    const line = `${i + 1}. ${itemLine(dataset, candidate.item)} | found by ${foundBy(candidate)}`;
    left -= estimateTokens(line) + 1;
    if (left < 0) {
      lines.push(`(and ${candidates.length - i} more candidates)`);
      break;
    }
    lines.push(line);
  }
  return lines.join('\n');
}

function foundBy(candidate: MemoryCandidate): string {
  const marks = candidate.provenance.map(
    ({ tool, attribute, rank }) =>
      `${tool}${attribute === undefined ? '' : ` ${attribute ?? 'None'}`} #${rank}`,
  );
  return safeText([...new Set(marks)].slice(-4).join(', '), 120);
}

export interface RoundView {
  readonly number: number;
  readonly thought: string;
  readonly action: TrustedText;
  readonly observation: TrustedText;
}

/**
 * The rounds so far for a prompt. Observations are given in full from the latest back until the budget is used; an
 * older one becomes one line with its best items. No line is ever cut.
 */
export function roundViews(state: SessionState, tools: ToolRegistry, budget: number): RoundView[] {
  let left = budget;
  return [...state.rounds]
    .reverse()
    .map((round): RoundView => {
      const full = round.observation?.text ?? '';
      const cost = estimateTokens(full);
      const text = cost <= left ? full : summary(round);
      left -= cost <= left ? cost : estimateTokens(text);
      return {
        number: round.number,
        thought: round.thought,
        action: new TrustedText(actionText(round, tools)),
        observation: new TrustedText(text),
      };
    })
    .reverse();
}

/** The action as the model should have written it; what it wrote when that was none. */
export function actionText(round: Pick<Round, 'action'>, tools: ToolRegistry): string {
  const { action } = round;
  if (!action) return '(no action)';
  const signature = [...tools.signatures, finishSignature].find((s) => s.name === action.name);
  // One line, whatever a model put into its arguments.
  return safeQuotes(formatAction(action, signature));
}

function safeQuotes(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}]/gu, '')
    .replace(/<\|/g, '‹|');
}

function summary(round: Round): string {
  const set = round.observation?.set;
  if (!set) return safeText(round.observation?.text ?? '', 200);
  const best = set.items.slice(0, 3).map((item) => `"${safeText(item.title, 80)}"`);
  return `${safeText(toolMark(set))} returned ${set.items.length} items, first ${best.join(', ')} (shortened).`;
}
