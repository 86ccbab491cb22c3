import * as z from 'zod';
import { promptDomains } from '../../agent/prompts/kinds.ts';
import { parsePrice } from '../../llm/prices.ts';
import { examples, type Cli } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import { diffStored, exportSession, listSessions, showSession } from '../session-files.ts';
import { replaySession, runSession } from '../session-run.ts';

const runSchema = z.strictObject({
  dataset: z.string().optional(),
  user: z.string().optional(),
  history: z.string().optional(),
  policy: z.enum(['offline', 'llm']).default('offline'),
  baseUrl: z.string().default('https://api.openai.com/v1'),
  model: z.string().optional(),
  protocol: z.enum(['react', 'tools', 'json']).default('react'),
  domain: z.enum(promptDomains).optional(),
  demonstrations: z.boolean().default(true),
  retrieval: z.string().optional(),
  before: z.enum(['validation', 'test', 'end']).optional(),
  top: z.coerce.number().int().min(1).max(1000).optional(),
  rounds: z.coerce.number().int().min(1).max(100).optional(),
  maxTokens: z.coerce.number().int().min(1).optional(),
  maxCost: z.coerce.number().positive().optional(),
  maxTime: z.coerce.number().positive().optional(),
  price: z
    .string()
    .transform((text, context) => {
      const price = parsePrice(text);
      if (!price)
        context.addIssue({ code: 'custom', message: 'write it as 0.15/0.6, dollars a million tokens' });
      return price ?? z.NEVER;
    })
    .optional(),
  seed: z.coerce.number().int().min(0).optional(),
  fit: z.literal(true).optional(),
  fork: z.string().optional(),
  replay: z.string().optional(),
  record: z.string().optional(),
  playback: z.string().optional(),
});
/** Options of `toolrec session run`. */
export type RunOptions = z.output<typeof runSchema>;

export function register(program: ToolRecCommand, cli: Cli): void {
  const group = program
    .command('session')
    .summary('run, show, compare and export surrogate-user sessions')
    .description(
      'A surrogate user finds items for a user in rounds of thought, action and observation (paper 3.2).',
    );
  registerRun(group, cli);
  registerList(group, cli);
  registerShow(group, cli);
  registerDiff(group, cli);
  registerExport(group, cli);
}

function registerRun(group: ToolRecCommand, cli: Cli): void {
  group
    .command('run')
    .summary('run a session to its end')
    .description(
      'Runs a surrogate user and prints the rounds as they come. Without a language model by default. The session is ' +
        'kept in .toolrec/sessions. An API key is taken from the environment: TOOLREC_API_KEY for the server that is named, ' +
        'OPENAI_API_KEY for OpenAI only.',
    )
    .option('-d, --dataset <name>', 'dataset of the workspace (default: sample)')
    .option('-u, --user <id>', 'user, named as in the dataset’s source (default: the first)')
    .option('--history <ids>', 'instead of a user: item ids, oldest first, separated by commas')
    .option('-p, --policy <policy>', 'offline or llm (default: offline)')
    .option('--base-url <url>', 'OpenAI-compatible server (default: OpenAI’s)')
    .option(
      '-m, --model <name>',
      'with -p llm the language model, as the server names it; otherwise the trained model that retrieves',
    )
    .option('--protocol <name>', 'react, tools or json (default: react)')
    .option('--domain <name>', 'whose prompts: movies, books, businesses or generic (default: guessed)')
    .option('--no-demonstrations', 'leave the worked examples out of the prompt')
    .option(
      '--retrieval <model>',
      'trained backbone whose tools retrieve, or cooccurrence, popularity (default: the best trained one)',
    )
    .option('--before <part>', 'what is predicted: test, validation, or end (all is seen) (default: test)')
    .option('-n, --top <count>', 'items in the final list (default: 10)')
    .option('--rounds <count>', 'rounds at most (default: 8)')
    .option('--max-tokens <count>', 'stop after so many tokens')
    .option('--max-cost <dollars>', 'stop after so much money; needs --price')
    .option('--max-time <seconds>', 'stop after so much time in models and tools')
    .option(
      '--price <prompt/reply>',
      'dollars a million tokens of prompt and reply, such as 0.15/0.6, and of cached prompts: 0.15/0.6/0.075',
    )
    .option('--seed <number>', 'seed of whatever is random (default: 0)')
    .option('--fit', 'first fit the offline policy’s weights on the validation split')
    .option(
      '--fork <session>',
      'go on from a session, or from one of its rounds: id@round; limits may be new',
    )
    .option('--replay <session>', 'run a stored session again without any model and compare')
    .option('--record <file>', 'keep the model’s answers in a file')
    .option('--playback <file>', 'take the model’s answers from such a file')
    .addHelpText(
      'after',
      examples(
        ['toolrec session run --user simulated-1', 'no language model, no key'],
        ['toolrec session run -d ml-1m -u 1024 --model sasrec', 'with the tools of a trained backbone'],
        ['toolrec session run -p llm --base-url http://localhost:11434/v1 -m llama3.1', 'a model of Ollama'],
        ['toolrec session run --fork s-20260501-101500-ab12@2', 'another way on from round 2'],
        ['toolrec session run --replay s-20260501-101500-ab12', 'the same result, no model called'],
      ),
    )
    .action(
      cli.action(runSchema, async (run, options) => {
        return options.replay === undefined
          ? runSession(run, options, cli)
          : replaySession(run, options.replay);
      }),
    );
}

function registerList(group: ToolRecCommand, cli: Cli): void {
  group
    .command('list')
    .summary('sessions of the workspace')
    .description('Lists the sessions of the workspace with how they ended.')
    .addHelpText(
      'after',
      examples(['toolrec session list --json | jq -r ".sessions[].id"', 'ids, for a script']),
    )
    .action(
      cli.action(z.strictObject({}), async (run) => {
        return listSessions(run);
      }),
    );
}

function registerShow(group: ToolRecCommand, cli: Cli): void {
  group
    .command('show')
    .argument('<session>', 'id of the session')
    .summary('a stored session, round by round')
    .description('Shows a stored session; the dataset need not be there.')
    .addHelpText('after', examples(['toolrec session show s-20260501-101500-ab12 --json', 'with every item']))
    .action(
      cli.action<z.ZodObject, [string]>(z.strictObject({}), async (run, _options, id) => {
        return showSession(run, id);
      }),
    );
}

function registerDiff(group: ToolRecCommand, cli: Cli): void {
  group
    .command('diff')
    .argument('<first>', 'id of a session')
    .argument('<second>', 'id of another')
    .summary('two sessions compared round by round')
    .description('Compares two sessions: thoughts, actions, what the tools returned, and the final lists.')
    .addHelpText(
      'after',
      examples(['toolrec session diff s-20260501-101500-ab12 s-20260501-102000-cd34', 'what changed']),
    )
    .action(
      cli.action<z.ZodObject, [string, string]>(z.strictObject({}), async (run, _options, first, second) => {
        return diffStored(run, first, second);
      }),
    );
}

function registerExport(group: ToolRecCommand, cli: Cli): void {
  group
    .command('export')
    .argument('<session>', 'id of the session')
    .summary('a session as JSON lines or Markdown')
    .description('Writes a session to stdout or a file: jsonl is the log itself, md a transcript for people.')
    .option('-f, --format <format>', 'jsonl or md (default: md)')
    .option('-o, --out <file>', 'file to write (default: stdout)')
    .addHelpText(
      'after',
      examples(['toolrec session export s-20260501-101500-ab12 -o session.md', 'for a pull request']),
    )
    .action(
      cli.action<z.ZodObject, [string]>(
        z.strictObject({ format: z.enum(['jsonl', 'md']).default('md'), out: z.string().optional() }),
        async (run, options, id) => {
          return exportSession(run, id, options, cli.environment.cwd);
        },
      ),
    );
}
