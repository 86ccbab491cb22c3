/** Finds the labels of a ReAct reply: `Thought:`, `**Action 2:**`, `### Observation`, `Action Input:`. */

export type LabelKind = 'thought' | 'action' | 'input' | 'observation';

export interface Label {
  readonly kind: LabelKind;
  /** Offset of the line's label. */
  readonly start: number;
  readonly contentStart: number;
  /** Where the next label starts, or the end of the text. */
  readonly contentEnd: number;
}

const pattern =
  /(?:^|\n)[ \t>*_`~#-]{0,12}(?:\d{1,3}[.)][ \t]*)?(?:my |next )?(thought|reasoning|action|act|observation|obs)s?([ \t]*input)?[ \t]*(?:#|no\.?)?[ \t]*\d{0,3}[ \t]*[*_`]{0,4}[ \t]*(?:[:：][ \t*_`]{0,6}|(?=\n))/giu;

/** All labels, in order. A label is one only at the start of a line. */
export function labelsOf(text: string): Label[] {
  const found: { kind: LabelKind; start: number; contentStart: number }[] = [];
  for (const match of text.matchAll(pattern)) {
    const word = match[1]!.toLowerCase();
    const kind: LabelKind =
      word.startsWith('th') || word === 'reasoning'
        ? 'thought'
        : word.startsWith('ob')
          ? 'observation'
          : match[2]
            ? 'input'
            : 'action';
    const start = match.index + (match[0].startsWith('\n') ? 1 : 0);
    found.push({ kind, start, contentStart: match.index + match[0].length });
    if (found.length >= 400) break;
  }
  return found.map((label, i) => ({ ...label, contentEnd: found[i + 1]?.start ?? text.length }));
}
