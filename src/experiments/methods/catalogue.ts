import type { MethodDefinition } from './definition.ts';
import { frozenTool, fullTool } from './attribute-tools.ts';
import { cooccurrence, popularity } from './floor.ts';
import { chatRec, llmRank, withMulti, withSingle } from './one-shot.ts';
import { own } from './own.ts';
import { p5 } from './p5.ts';
import { toolrec, toolrecB } from './toolrec.ts';
import { anyModel, bert4rec, bert4recBert, sasrec, sasrecBert } from './trained.ts';
import { withPlan } from './with-plan.ts';

/** Every method an experiment may name, in the order of the paper's tables. A new one is a file and a line here. */
// prettier-ignore
export const methodDefinitions: readonly MethodDefinition[] = [
  popularity, cooccurrence,
  sasrec, bert4rec, p5, sasrecBert, bert4recBert, chatRec, llmRank,
  toolrec, toolrecB,
  withSingle, withMulti, withPlan, frozenTool, fullTool,
  anyModel, own,
];

/** By the name in a file; spaces, case and `_` do not matter (`w/ Plan`, `ToolRec_B`). */
export function findMethod(name: string): MethodDefinition | undefined {
  const folded = fold(name);
  return methodDefinitions.find((definition) => fold(definition.name) === folded);
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll('_', '-').replace(/\s+/g, '');
}
