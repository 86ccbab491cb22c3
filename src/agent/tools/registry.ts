import * as z from 'zod';
import { UsageError } from '../../shared/errors.ts';
import type { ToolDefinition } from '../../llm/chat-model.ts';
import { type ActionSignature, finishSignature, foldName } from '../grammar/action.ts';
import { lookupTool } from './lookup.ts';
import { neighboursTool } from './neighbours.ts';
import { type Ranker, rankTool } from './rank.ts';
import { retrieveTool } from './retrieve.ts';
import { searchTool } from './search.ts';
import { signatureOf, type Tool, type ToolSetting } from './tool.ts';

/** The tools of a session, by name. */
export class ToolRegistry {
  private readonly tools: readonly Tool[];
  readonly signatures: readonly ActionSignature[];

  /** @throws UsageError `duplicate-tool` when two share a name or alias, or one takes Finish's. */
  constructor(tools: readonly Tool[]) {
    const taken = new Set([finishSignature.name, ...finishSignature.aliases].map(foldName));
    for (const tool of tools) {
      const names = new Set([tool.name, ...tool.aliases].map(foldName));
      for (const name of names)
        if (taken.has(name))
          throw new UsageError(
            'duplicate-tool',
            `The name “${name}” of the tool ${tool.name} is taken.`,
            'Give it another name.',
          );
      for (const name of names) taken.add(name);
    }
    this.tools = tools;
    this.signatures = tools.map(signatureOf);
  }

  get all(): readonly Tool[] {
    return this.tools;
  }

  get names(): readonly string[] {
    return this.tools.map((tool) => tool.name);
  }

  /** The prompts of all tools. */
  get prompts(): NonNullable<Tool['prompts']> {
    return this.tools.flatMap((tool) => tool.prompts ?? []);
  }

  find(name: string): Tool | undefined {
    return this.tools.find((tool) => tool.name === name);
  }

  describe(setting: ToolSetting): { name: string; form: string; description: string }[] {
    return this.tools.map((tool, i) => ({
      name: tool.name,
      form: `${tool.name}[${this.signatures[i]!.parameters.map((p) => (p.kind === 'count' ? 'K' : p.name)).join(', ')}]`,
      description: tool.describe(setting),
    }));
  }

  /** For native tool calls and JSON-schema replies: the same tools as JSON Schema, Finish included. */
  definitions(setting: ToolSetting): ToolDefinition[] {
    const own = this.tools.map((tool) => ({
      name: tool.name,
      description: tool.describe(setting),
      parameters: plainSchema(tool.args),
    }));
    return [
      ...own,
      { name: finishSignature.name, description: finishDescription, parameters: plainSchema(finishArgs) },
    ];
  }
}

export const finishDescription =
  'Finish[items]: ends the session with the final list, best first, titles separated by semicolons.';
const finishArgs = z.object({
  items: z.array(z.string()).meta({ description: 'Titles or ids, best first.' }),
});

function plainSchema(schema: z.ZodObject): Readonly<Record<string, unknown>> {
  const json = z.toJSONSchema(schema, { io: 'input' }) as Record<string, unknown>;
  delete json['$schema'];
  for (const property of Object.values((json['properties'] ?? {}) as Record<string, Record<string, unknown>>))
    delete property['kind'];
  return json;
}

/** The paper's two tools and the two that every session has besides. */
export function standardTools(ranker: Ranker): ToolRegistry {
  return new ToolRegistry([retrieveTool, rankTool(ranker), searchTool, lookupTool]);
}

/** All tools the workbench ships: the standard ones and neighbours. */
export function extendedTools(ranker: Ranker): ToolRegistry {
  return new ToolRegistry([...standardTools(ranker).all, neighboursTool]);
}

/** How the actions of the four tools are written, where nothing is to be run. */
export function standardSignatures(): readonly ActionSignature[] {
  signatures ??= standardTools({ label: '', rerunnable: false, rank: () => [] }).signatures;
  return signatures;
}
let signatures: readonly ActionSignature[] | undefined;
