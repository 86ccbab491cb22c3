import fs from 'node:fs/promises';
import path from 'node:path';
import { SessionStore } from '../agent/log-store.ts';
import { domainOf, PromptLibrary } from '../agent/prompts/library.ts';
import { checkDemonstrations, readDemonstrations } from '../agent/prompts/language/demonstration-file.ts';
import { checkPrompt } from '../agent/prompts/language/diagnose.ts';
import { readPrompt } from '../agent/prompts/language/document.ts';
import { tokensByMessage } from '../agent/prompts/language/sections.ts';
import type { LineIndex, PromptDiagnostic } from '../agent/prompts/language/spans.ts';
import { type PromptState, requireInside } from '../agent/prompts/origins.ts';
import { renderPrompt, sampleValues } from '../agent/prompts/render.ts';
import { promptSuffix, type PromptTemplate } from '../agent/prompts/template.ts';
import { foldAll } from '../agent/state.ts';
import { standardSignatures } from '../agent/tools/registry.ts';
import { openNamedDataset } from '../data/library.ts';
import { knownAttributes, knownItems, promptFiles } from '../experiments/prompt-context.ts';
import { type PromptValues, recordedValues, userValues } from '../experiments/prompt-values.ts';
import { promptLibrary } from '../experiments/session-parts.ts';
import { asStorageError } from '../shared/atomic-file.ts';
import { UsageError } from '../shared/errors.ts';
import { resourcePath } from '../shared/resources.ts';
import type { Run } from './cli.ts';
import type { CheckOptions, RenderOptions } from './commands/prompt.ts';
import { exitCodes } from './exit-codes.ts';
import { plainText, table } from './terminal.ts';

const stateWords: Readonly<Record<PromptState, string>> = {
  shipped: 'shipped',
  unchanged: 'copy, not edited',
  edited: 'edited',
  outdated: 'copy of an earlier version, not edited',
  diverged: 'edited; a newer version is shipped',
  own: 'your own',
};

export async function listPrompts(run: Run): Promise<undefined> {
  const files = await promptFiles(run.workspace).list();
  const prompts = files.map(({ name, kind, state, file, shipped }) => ({
    name,
    kind,
    state,
    file: state === 'shipped' ? shipped : file,
  }));
  await run.result({ prompts }, (style) =>
    table(
      prompts.map(({ name, state }) => [
        style.bold(plainText(name)),
        state === 'shipped' ? style.dim(stateWords[state]) : stateWords[state],
      ]),
    ),
  );
  return undefined;
}

interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly code: string;
  readonly severity: PromptDiagnostic['severity'];
  readonly message: string;
  readonly fixes: readonly string[];
}

export async function checkPrompts(
  run: Run,
  options: CheckOptions,
  named: readonly string[],
  cwd: string,
): Promise<number> {
  const dataset =
    options.dataset === undefined ? undefined : await openNamedDataset(run.workspace, options.dataset);
  const items = dataset && knownItems(dataset);
  const signatures = standardSignatures();
  const files = named.length > 0 ? named.map((file) => path.resolve(cwd, file)) : await defaultFiles(run);
  const findings: Finding[] = [];
  for (const file of files) {
    if (named.length > 0) await requireInside(run.workspace.folder, file);
    const text = await readText(file);
    if (file.endsWith(promptSuffix)) {
      const document = readPrompt(text);
      const values =
        document.front.kind && [...document.inputs.values()].map(({ name, sample }) => [name, sample]);
      const { diagnostics } = checkPrompt(document, {
        file,
        signatures,
        attributes: knownAttributes(document, dataset),
        contextTokens: options.context,
        values: values && (Object.fromEntries(values) as Record<string, unknown>),
      });
      findings.push(...diagnostics.map((one) => asFinding(file, document.lines, one)));
    } else if (/\.ya?ml$/.test(file)) {
      const document = readDemonstrations(text);
      const found = checkDemonstrations(document, { signatures, items });
      findings.push(...found.map((one) => asFinding(file, document.lines, one)));
    } else
      throw new UsageError(
        'not-a-prompt',
        `“${path.basename(file).slice(0, 80)}” is neither a template nor a file of demonstrations.`,
        `Templates end in ${promptSuffix}, demonstrations in .yaml.`,
        { place: { file } },
      );
  }
  const count = (severity: string) => findings.filter((one) => one.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const failed = errors > 0 || (options.strict === true && warnings > 0);
  const shown = (file: string) => path.relative(cwd, file) || file;
  await run.result({ files, findings, errors, warnings, ok: !failed }, (style) => [
    ...findings.map(
      ({ file, line, column, severity, code, message }) =>
        `${plainText(shown(file))}:${line}:${column}: ${severity === 'error' ? style.bad('error') : severity === 'warning' ? style.caution('warning') : 'note'} ${plainText(message)} ${style.dim(`[${code}]`)}`,
    ),
    findings.length === 0
      ? style.good(`${files.length} files, nothing found.`)
      : `${files.length} files: ${errors} errors, ${warnings} warnings.`,
  ]);
  return failed ? exitCodes.failure.code : exitCodes.ok.code;
}

/** The workspace's own; where it has none, what is shipped. */
async function defaultFiles(run: Run): Promise<string[]> {
  const all = await promptFiles(run.workspace).list();
  const own = all.filter(({ state }) => state !== 'shipped').map(({ file }) => file);
  if (own.length === 0) return all.flatMap(({ shipped }) => shipped ?? []);
  for (const file of own) await requireInside(run.workspace.folder, file);
  return own;
}

function asFinding(file: string, lines: LineIndex, found: PromptDiagnostic): Finding {
  const start = lines.position(found.start);
  const end = lines.position(found.end);
  return {
    file,
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
    code: found.code,
    severity: found.severity,
    message: found.message,
    fixes: found.fixes.map(({ title }) => title),
  };
}

export async function renderNamed(
  run: Run,
  options: RenderOptions,
  name: string,
  cwd: string,
): Promise<undefined> {
  const library = promptLibrary(run.workspace);
  const template = name.endsWith(promptSuffix)
    ? await new PromptLibrary([], [run.workspace.folder, resourcePath()]).read(path.resolve(cwd, name))
    : await library.named(name);
  const values = await valuesFor(run, options, template, library);
  const prompt = renderPrompt(template, values.values);
  const sections = tokensByMessage(prompt.messages);
  await run.result(
    {
      prompt: template.name,
      hash: template.hash,
      subject: values.subject,
      note: values.note ?? null,
      tokens: prompt.tokens,
      messages: prompt.messages.map((message, i) => ({ ...message, tokens: sections[i]!.tokens })),
      sections,
    },
    (style) => [
      style.bold(`${template.name} · ${plainText(values.subject)}`) +
        style.dim(` · about ${prompt.tokens} tokens (estimate)${values.note ? ` · ${values.note}` : ''}`),
      ...prompt.messages.flatMap(({ role, content }, i) => [
        '',
        style.bold(role) + style.dim(` · ${sections[i]!.tokens} tokens`),
        ...content.split('\n').map((line) => plainText(line)),
      ]),
    ],
  );
  return undefined;
}

async function valuesFor(
  run: Run,
  options: RenderOptions,
  template: PromptTemplate,
  library: PromptLibrary,
): Promise<PromptValues> {
  if (options.session !== undefined) {
    const store = new SessionStore(run.workspace.directory('sessions'));
    const state = foldAll((await store.read(options.session)).events);
    const dataset = await openNamedDataset(run.workspace, state.started.dataset.name);
    const file = await library.demonstrations(domainOf(dataset));
    return recordedValues(template.kind, {
      dataset,
      state,
      round: options.round ?? 1,
      demonstrations: file?.demonstrations ?? [],
    });
  }
  if (options.dataset === undefined) {
    if (options.user !== undefined || options.round !== undefined)
      throw new UsageError(
        'no-dataset-named',
        'A user and a round need a dataset.',
        'Give --dataset or --session.',
        {
          place: { flag: '--dataset' },
        },
      );
    return { values: sampleValues(template), subject: 'sample values', note: undefined, round: 1, rounds: 1 };
  }
  const dataset = await openNamedDataset(run.workspace, options.dataset);
  const user = options.user === undefined ? 0 : dataset.userCode(options.user);
  if (user === undefined)
    throw new UsageError(
      'unknown-user',
      `The dataset has no user “${options.user!.slice(0, 60)}”.`,
      `Users are named like ${dataset.user(0).id}.`,
      { place: { flag: '--user' } },
    );
  const file = await library.demonstrations(domainOf(dataset));
  return userValues(template.kind, {
    dataset,
    user,
    ...(options.round === undefined ? {} : { round: options.round }),
    demonstrations: file?.demonstrations ?? [],
    signal: run.work.signal,
  });
}

async function readText(file: string): Promise<string> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    throw asStorageError(error, file);
  }
}
