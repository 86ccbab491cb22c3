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

/** Some models translate the labels into the language of the titles. */
const words: Readonly<Record<Exclude<LabelKind, 'input'>, readonly string[]>> = {
  thought: ['thought', 'reasoning', '思考', '想法', 'gedanke', 'überlegung', 'pensée', 'pensamiento'],
  action: ['action', 'act', '行动', '行動', '动作', '動作', 'aktion', 'acción'],
  observation: ['observation', 'obs', '观察', '觀察', '観察', 'beobachtung', 'observación'],
};
const kindOf = new Map(
  (Object.keys(words) as (keyof typeof words)[]).flatMap((kind) =>
    words[kind].map((word) => [word, kind] as const),
  ),
);

const pattern = new RegExp(
  String.raw`(?:^|\n)[ \t>*_\x60~#-]{0,12}(?:\d{1,3}[.)][ \t]*)?(?:my |next )?(${[...kindOf.keys()].join('|')})s?` +
    String.raw`([ \t]*input)?[ \t]*(?:#|no\.?)?[ \t]*\d{0,3}[ \t]*[*_\x60]{0,4}[ \t]*(?:[:：][ \t*_\x60]{0,6}|(?=\n))`,
  'giu',
);

/** All labels, in order. A label is one only at the start of a line. */
export function labelsOf(text: string): Label[] {
  const found: { kind: LabelKind; start: number; contentStart: number }[] = [];
  for (const match of text.matchAll(pattern)) {
    const named = kindOf.get(match[1]!.toLowerCase()) ?? 'action';
    const kind: LabelKind = named === 'action' && match[2] ? 'input' : named;
    const start = match.index + (match[0].startsWith('\n') ? 1 : 0);
    found.push({ kind, start, contentStart: match.index + match[0].length });
    if (found.length >= 400) break;
  }
  return found.map((label, i) => ({ ...label, contentEnd: found[i + 1]?.start ?? text.length }));
}
