import type { Pieces } from '../../../webview/protocol.ts';

/** Longer texts are compared as a whole: the table below grows with the product of the lengths. */
const mostWords = 400;

/** Two texts in pieces, word by word: what one of them has and the other lacks is `changed`. */
export function wordDiff(first: string, second: string): readonly [first: Pieces, second: Pieces] {
  if (first === second) return [whole(first, false), whole(second, false)];
  const [a, b] = [words(first), words(second)];
  if (a.length > mostWords || b.length > mostWords) return [whole(first, true), whole(second, true)];
  const common = longestCommon(a, b);
  return [pieces(a, common.first), pieces(b, common.second)];
}

/** Words, each with the space after it, so that joined they give the text again. */
function words(text: string): string[] {
  return text.match(/\S+\s*|^\s+/g) ?? [];
}

/** Which words of each side belong to a longest common subsequence. */
function longestCommon(
  a: readonly string[],
  b: readonly string[],
): { readonly first: readonly boolean[]; readonly second: readonly boolean[] } {
  const width = b.length + 1;
  const length = new Uint16Array((a.length + 1) * width);
  const same = (i: number, j: number) => a[i]!.trim() === b[j]!.trim();
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i * width + j] = same(i, j)
        ? length[(i + 1) * width + j + 1]! + 1
        : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!);
  const first = a.map(() => false);
  const second = b.map(() => false);
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (same(i, j)) {
      first[i++] = true;
      second[j++] = true;
    } else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) i++;
    else j++;
  }
  return { first, second };
}

function pieces(all: readonly string[], common: readonly boolean[]): Pieces {
  const merged: Pieces = [];
  all.forEach((text, i) => {
    const changed = !common[i];
    const last = merged.at(-1);
    if (last?.changed === changed) last.text += text;
    else merged.push({ text, changed });
  });
  return merged;
}

function whole(text: string, changed: boolean): Pieces {
  return text === '' ? [] : [{ text, changed }];
}
