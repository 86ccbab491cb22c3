/** Where a step leads: on, back, past itself (it had nothing to ask), or out of the whole dialogue. */
export type Move = 'next' | 'back' | 'skip' | 'stop';

/** One question. Keeps what was answered in the state it was made with, so that going back loses nothing. */
export type Step = (position: { readonly canGoBack: boolean }) => Promise<Move>;

/** Asks the steps one after the other, back and forth. Returns false when the person left. */
export async function walkSteps(steps: readonly Step[], from = 0): Promise<boolean> {
  let at = from;
  let direction = 1;
  while (at < steps.length) {
    if (at < 0) return false;
    const move = await steps[at]!({ canGoBack: at > 0 });
    if (move === 'stop') return false;
    if (move !== 'skip') direction = move === 'back' ? -1 : 1;
    at += direction;
  }
  return true;
}
