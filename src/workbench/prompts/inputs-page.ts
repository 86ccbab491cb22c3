import { inputsOf, type PromptKind } from '../../agent/prompts/kinds.ts';
import { showValue } from '../../agent/prompts/language/values.ts';

/** What a kind of prompt is given, as a page; and the 0-based line of each input, for “Go to Definition”. */
export function inputsPage(kind: PromptKind): { text: string; lines: ReadonlyMap<string, number> } {
  const out: string[] = [
    `# Inputs of ${kind} prompts`,
    '',
    'ToolRec gives each of these to the template.',
    '',
  ];
  const lines = new Map<string, number>();
  for (const input of inputsOf(kind)) {
    lines.set(input.name, out.length);
    out.push(
      `## ${input.name}`,
      '',
      `${input.type}${input.required ? ', should be used' : ''}`,
      '',
      input.description,
    );
    if (input.fields) out.push('', `Each entry has: ${input.fields.join(', ')}.`);
    out.push('', `Sample: ${showValue(input.sample)}`, '');
  }
  return { text: `${out.join('\n')}\n`, lines };
}
