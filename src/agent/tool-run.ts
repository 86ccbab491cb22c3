import { CancelledError } from '../shared/errors.ts';
import { checkItems } from './checking.ts';
import type { CandidateSet, Observation } from './events.ts';
import type { Action } from './grammar/action.ts';
import { observeProblem, observeSet, observeText } from './observation.ts';
import type { ToolRegistry } from './tools/registry.ts';
import type { ToolContext } from './tools/tool.ts';

/**
 * Runs an action's tool and puts what it returns through memory's check. A tool that named items outside the
 * catalogue runs again with the wrong ones named, a bounded number of times (paper 3.4); the best run is kept.
 */
export async function runAction(
  action: Action,
  tools: ToolRegistry,
  base: Omit<ToolContext, 'wrongItems'>,
): Promise<Observation> {
  const tool = tools.find(action.name);
  if (!tool)
    return observeProblem({
      code: 'unknown-action',
      message: `There is no tool “${action.name}” in this session.`,
      hint: `Tools: ${tools.names.join(', ')}.`,
    });
  const args = tool.args.safeParse(action.args);
  if (!args.success) {
    const issue = args.error.issues[0]!;
    return observeProblem({
      code: 'bad-arguments',
      message: `${tool.name} cannot take these arguments: ${issue.path.join('.')} ${issue.message}`,
      hint: `Write it as ${tools.signatures
        .find((s) => s.name === tool.name)!
        .parameters.map((p) => p.name)
        .join(', ')} between the brackets.`,
    });
  }

  const shown = new Set(base.sets.flatMap((set) => set.items.map((candidate) => candidate.item)));
  let best: CandidateSet | undefined;
  let wrongItems: string[] = [];
  const outside = new Set<string>();
  for (let run = 0; ; run++) {
    const outcome = await tool.run(args.data as Action['args'], { ...base, wrongItems });
    if (base.signal?.aborted) throw new CancelledError('The round');
    if (outcome.kind === 'text') return observeText(outcome.text);
    if (outcome.kind === 'problem') {
      if (best) break; // a re-run that fails does not undo the run before
      const { code, message, hint } = outcome;
      return observeProblem({ code, message, hint });
    }
    const checked = checkItems(outcome.items, {
      dataset: base.dataset,
      catalogue: base.catalogue,
      history: base.historySet,
      shown,
    });
    for (const suggestion of checked.removed.outside) outside.add(suggestion);
    const set: CandidateSet = {
      tool: tool.name,
      ...(outcome.attribute === undefined ? {} : { attribute: outcome.attribute }),
      ...(outcome.text === undefined ? {} : { text: outcome.text }),
      k: outcome.k,
      items: checked.items.slice(0, outcome.k),
      removed: checked.removed,
      reruns: run,
    };
    if (!best || set.items.length >= best.items.length) best = set;
    else best = { ...best, reruns: run };
    const wrong = checked.removed.outside;
    if (wrong.length === 0 || !tool.rerunnable || run >= base.settings.toolReruns) break;
    wrongItems = [...new Set([...wrongItems, ...wrong])];
  }
  return observeSet(base.dataset, { ...best, removed: { ...best.removed, outside: [...outside] } });
}
