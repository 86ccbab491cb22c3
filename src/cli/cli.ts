import fs from 'node:fs';
import path from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import * as z from 'zod';
import { connectInProcess } from '../service/in-process.ts';
import type { EngineConnection } from '../service/protocol.ts';
import { DisposableStore } from '../shared/disposable.ts';
import { UsageError } from '../shared/errors.ts';
import { lineLogger, type Logger } from '../shared/log.ts';
import type { LongWork } from '../shared/progress.ts';
import { Workspace } from '../shared/workspace.ts';
import { CommandLineError, ToolRecCommand } from './command.ts';
import { ProgressLine } from './progress-line.ts';
import { styleFor, toJson, type OutputStream, type Style } from './terminal.ts';

/** The world around one call of the CLI; tests give their own. */
export interface CliEnvironment {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** For questions; absent where nobody can be asked. */
  readonly stdin?: (NodeJS.ReadableStream & { readonly isTTY?: boolean }) | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Fires at Ctrl-C. */
  readonly signal: AbortSignal;
}

/** What a command's body is given. */
export interface Run {
  /** `--workspace`, which exists and is a folder. */
  readonly workspace: Workspace;
  /** Signal and progress for long work. */
  readonly work: LongWork & { readonly signal: AbortSignal };
  /** The engine in this process, made when first used. */
  readonly engine: EngineConnection;
  /** Diagnostics, to stderr. */
  readonly log: Logger;
  readonly json: boolean;
  /** A part of the result as soon as there is one, for a person: nothing under `--json`. */
  print(lines: readonly string[]): Promise<void>;
  /** The command's result: `value` as JSON under `--json`, else the lines of `render`. Call it once. */
  result(value: unknown, render: (style: Style) => string | readonly string[]): Promise<void>;
}

/** A command's body; a number is its exit code, `undefined` means 0. */
export type Body<Options, Args extends readonly unknown[]> = (
  run: Run,
  options: Options,
  ...args: Args
) => Promise<number | undefined>;

const globalSchema = z.object({
  workspace: z.string().optional(),
  json: z.boolean().default(false),
  quiet: z.boolean().default(false),
  verbose: z.boolean().default(false),
});

/** Given to each command's `register`; joins commander's parsing to `Run`. */
export class Cli {
  readonly environment: CliEnvironment;
  readonly disposables = new DisposableStore();
  /** Exit code of the body that ran. */
  exitCode = 0;

  constructor(environment: CliEnvironment) {
    this.environment = environment;
  }

  /**
   * For `.action(…)`: checks the command's own options with `schema` (keys as commander camel-cases them; values
   * are strings or true until the schema coerces them) and calls `body` with what came out.
   */
  action<Schema extends z.ZodType, Args extends readonly unknown[]>(
    schema: Schema,
    body: Body<z.output<Schema>, Args>,
  ): (...raw: unknown[]) => Promise<void> {
    return async (...raw) => {
      const command = raw.at(-1) as ToolRecCommand;
      const args = raw.slice(0, -2) as unknown as Args;
      const parsed = schema.safeParse(command.opts());
      if (!parsed.success) throw optionError(command, parsed.error.issues[0]!);
      const run = this.run(globalSchema.parse(root(command).opts()));
      try {
        this.exitCode = (await body(run, parsed.data, ...args)) ?? 0;
      } finally {
        this.disposables.dispose();
      }
    };
  }

  private run(options: z.output<typeof globalSchema>): Run {
    const { stdout, stderr, env, cwd, signal } = this.environment;
    const style = styleFor(stdout, env);
    const progress = new ProgressLine(stderr, styleFor(stderr, env), options.quiet);
    this.disposables.add({ dispose: () => progress.clear() });
    const level = options.verbose ? 'debug' : options.quiet ? 'error' : 'info';
    const log = lineLogger((line) => progress.print(line), level);
    const folder = path.resolve(cwd, options.workspace ?? '.');
    checkFolder(folder, options.workspace);
    let engine: EngineConnection | undefined;
    const connect = () => this.disposables.add(connectInProcess(undefined, log));
    return {
      workspace: new Workspace(folder),
      work: { signal, onProgress: (report) => progress.report(report) },
      get engine() {
        return (engine ??= connect());
      },
      log,
      json: options.json,
      async print(lines) {
        if (options.json || lines.length === 0) return;
        progress.clear(); // on a terminal both are on one screen
        await writeAll(stdout, `${lines.join('\n')}\n`);
      },
      async result(value, render) {
        progress.clear();
        const lines = options.json ? toJson(value) : render(style);
        await writeAll(stdout, `${typeof lines === 'string' ? lines : lines.join('\n')}\n`);
      },
    };
  }
}

/** Examples for the end of a command's help. */
export function examples(...lines: [command: string, meaning: string][]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  const list = lines.map(([command, meaning]) => `  $ ${command.padEnd(width)}  ${meaning}`);
  return `\nExamples:\n${list.join('\n')}`;
}

export function writeAll(stream: OutputStream, text: string): Promise<void> {
  // An error is also an event of the stream, which main.ts handles (a closed pipe ends the program).
  return new Promise((resolve) => stream.write(text, () => resolve()));
}

/** The name among `known` that was probably meant. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const candidate = closest(name.toLowerCase(), known);
  return distance(name.toLowerCase(), candidate) <= Math.max(2, name.length / 2) ? candidate : undefined;
}

function root(command: ToolRecCommand): ToolRecCommand {
  let at = command;
  while (at.parent instanceof ToolRecCommand) at = at.parent;
  return at;
}

function checkFolder(folder: string, given: string | undefined): void {
  const stat = fs.statSync(folder, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return;
  throw new UsageError(
    'no-such-folder',
    `The workspace folder “${folder}” ${stat ? 'is not a folder' : 'does not exist'}.`,
    'Give an existing folder.',
    { place: given === undefined ? undefined : { flag: '--workspace' } },
  );
}

function optionError(command: ToolRecCommand, issue: z.core.$ZodIssue): CommandLineError {
  const key = String(issue.path[0] ?? '');
  const option = command.options.find((candidate) => candidate.attributeName() === key);
  const flag = option?.long ?? option?.short ?? `--${key}`;
  const given = String(command.getOptionValue(key));
  const choices = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  const meant = nearest(given, choices);
  const what = choices.length
    ? `${flag}: “${given.slice(0, 80)}” is not one of ${choices.join(', ')}.`
    : `${flag}: “${given.slice(0, 80)}” does not fit (${issue.message}).`;
  return new CommandLineError(
    'invalid-option-value',
    what,
    meant ? `Did you mean ${meant}?` : `Run “${command.path} --help” to see what it takes.`,
    command.usageLine,
    flag,
  );
}
