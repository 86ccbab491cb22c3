import type { Dataset } from '../../data/dataset.ts';
import type { MemorySet } from '../memory.ts';
import type { SessionState } from '../state.ts';
import { attributeText, itemLine } from '../tools/attributes.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import type { ToolSetting } from '../tools/tool.ts';
import { type Demonstration, demonstrationText } from './demonstrations.ts';
import { TrustedText } from './engine.ts';
import { memoryView, roundViews } from './views.ts';

/** How a reply is to be written; see `protocols/`. */
export type ProtocolName = 'react' | 'tools' | 'json';

interface Subject {
  readonly dataset: Dataset;
  /** Item codes, oldest first. */
  readonly history: readonly number[];
  readonly profile: Readonly<Record<string, string | number>>;
  readonly n: number;
  readonly historyShown: number;
}

/** An item as templates see it. `line` is one safe line. */
export interface ItemValue {
  readonly id: string;
  readonly title: string;
  readonly line: TrustedText;
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
}

export function itemValue(dataset: Dataset, item: number): ItemValue {
  const { id, title } = dataset.item(item);
  return {
    id,
    title,
    line: new TrustedText(itemLine(dataset, item)),
    attributes: dataset.attributes
      .map(({ name }) => ({ name, value: attributeText(dataset, item, name) }))
      .filter(({ value }) => value !== ''),
  };
}

/** What every kind of prompt is given. */
export function subjectValues({
  dataset,
  history,
  profile,
  n,
  historyShown,
}: Subject): Record<string, unknown> {
  return {
    n,
    profile: Object.entries(profile).map(([name, value]) => ({ name, value: String(value) })),
    history: history.slice(-historyShown).map((item) => itemValue(dataset, item)),
    history_total: history.length,
    attributes: dataset.attributes.map((attribute) => attribute.name),
  };
}

/** Values of a `surrogate` prompt. With the `tools` protocol the rounds travel as messages of their own. */
export function surrogateValues(input: {
  readonly subject: Subject;
  readonly setting: ToolSetting;
  readonly tools: ToolRegistry;
  readonly demonstrations: readonly Demonstration[];
  readonly state: SessionState;
  readonly sets: readonly MemorySet[];
  readonly round: number;
  readonly protocol: ProtocolName;
  readonly givenThought: string | undefined;
  readonly memoryTokens: number;
}): Record<string, unknown> {
  const { maxRounds } = input.state.started.settings;
  return {
    ...subjectValues(input.subject),
    ...toolValues(input.tools, input.setting, input.demonstrations),
    max_rounds: maxRounds,
    round: input.round,
    protocol: input.protocol,
    rounds: input.protocol === 'tools' ? [] : roundViews(input.state, input.tools, input.memoryTokens),
    memory: new TrustedText(memoryView(input.subject.dataset, input.sets, input.memoryTokens)),
    given_thought: input.givenThought ?? '',
  };
}

export function toolValues(
  tools: ToolRegistry,
  setting: ToolSetting,
  demonstrations: readonly Demonstration[],
): Record<string, unknown> {
  return {
    tools: tools.describe(setting),
    demonstrations: demonstrations
      .filter((demonstration) => demonstration.enabled)
      .map((demonstration) => ({
        title: demonstration.title,
        text: new TrustedText(demonstrationText(demonstration)),
      })),
  };
}

/** Values of a `rank` prompt (paper 3.3.1). */
export function rankValues(
  subject: Subject,
  candidates: readonly number[],
  attribute: string | null,
  k: number,
  wrongItems: readonly string[],
): Record<string, unknown> {
  return {
    ...subjectValues(subject),
    candidates: candidates.map((item) => itemValue(subject.dataset, item)),
    attribute: attribute ?? '',
    k,
    wrong_items: wrongItems,
  };
}
