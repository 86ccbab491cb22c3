import path from 'node:path';
import { writeFileAtomic } from '../../shared/atomic-file.ts';
import type { Workspace } from '../../shared/workspace.ts';
import { experimentDirectory, recordsFile } from '../places.ts';
import { readPlan } from '../plan-file.ts';
import { readRecords } from '../records.ts';
import { csvOf, usersCsv } from './csv.ts';
import { documentOf } from './document.ts';
import { figuresOf } from './figures.ts';
import { htmlOf } from './html.ts';
import { latexOf } from './latex.ts';
import { figureFileOf, markdownOf, usersFileOf } from './markdown.ts';
import { summarise, type Summary } from './summary.ts';
import { standalone } from './svg.ts';

/** The files of a report by name, from the summary alone. */
export function reportFiles(summary: Summary): Map<string, string> {
  const figures = figuresOf(summary);
  const blocks = documentOf(summary, figures);
  const { title } = summary.plan;
  const files = new Map([
    ['report.md', markdownOf(title, blocks)],
    ['report.html', htmlOf(summary, blocks)],
    ['report.csv', csvOf(summary)],
    ['report.tex', latexOf(title, blocks)],
  ]);
  for (const figure of figures) files.set(figureFileOf(figure.name), standalone(figure.svg));
  for (const method of summary.methods) files.set(usersFileOf(method.method.id), usersCsv(method, summary));
  return files;
}

/** The summary of an experiment as it stands. @throws StorageError `no-experiment`, `damaged-plan`, `damaged-records`. */
export async function summaryOfExperiment(workspace: Workspace, id: string): Promise<Summary> {
  const directory = experimentDirectory(workspace, id);
  const plan = await readPlan(directory);
  const { records } = await readRecords(path.join(directory, recordsFile));
  return summarise(plan, records);
}

/** Writes the report beside the records, finished or partial. Gives the summary and the paths. */
export async function writeReport(
  workspace: Workspace,
  id: string,
): Promise<{ summary: Summary; directory: string; files: string[] }> {
  const directory = experimentDirectory(workspace, id);
  const summary = await summaryOfExperiment(workspace, id);
  const files = reportFiles(summary);
  for (const [name, content] of files) await writeFileAtomic(path.join(directory, name), content);
  return { summary, directory, files: [...files.keys()] };
}
