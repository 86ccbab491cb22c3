import path from 'node:path';
import { Workspace } from '../../shared/workspace.ts';
import { experimentDirectory, recordsFile } from '../places.ts';
import { type ExperimentPlan, readPlan } from '../plan-file.ts';
import { type ExperimentRecord, readRecords } from '../records.ts';
import { type Block, documentOf, marked } from './document.ts';
import { figuresOf } from './figures.ts';
import { summarise } from './summary.ts';
import { summaryOfExperiment, writeReport } from './write.ts';

/** What a thread computes from an experiment's records: bootstrap and randomisation tests take seconds. */
export type ReportJob =
  /** The report's files beside the records. */
  | { readonly kind: 'write'; readonly folder: string; readonly id: string }
  /** Tables and figures, and the records of one method, for a panel. */
  | { readonly kind: 'view'; readonly folder: string; readonly id: string; readonly method: string | null }
  /** Means and intervals of every method, without the tests between methods. */
  | { readonly kind: 'figures'; readonly folder: string; readonly id: string };

export interface ReportWritten {
  readonly directory: string;
  readonly files: readonly string[];
}

export interface MethodRecords {
  readonly id: string;
  /** As in the tables. */
  readonly title: string;
  readonly records: readonly ExperimentRecord[];
}

export interface ReportView {
  readonly plan: ExperimentPlan;
  /** None before the first user. */
  readonly blocks: readonly Block[];
  readonly users: MethodRecords | null;
}

/** What a method of an experiment reached. */
export interface MethodFigures {
  readonly id: string;
  readonly label: string;
  readonly standIn: boolean;
  readonly metrics: readonly {
    readonly name: string;
    readonly mean: number;
    /** Over repeats; undefined for a single one. */
    readonly deviation: number | undefined;
    /** 95 % interval of the mean. */
    readonly interval: readonly [number, number] | undefined;
  }[];
}

export interface ReportAnswers {
  readonly write: ReportWritten;
  readonly view: ReportView;
  readonly figures: readonly MethodFigures[];
}

/** @throws StorageError `no-experiment`, `damaged-plan`, `damaged-records` */
export async function doReportJob(job: ReportJob): Promise<ReportAnswers[ReportJob['kind']]> {
  const workspace = new Workspace(job.folder);
  switch (job.kind) {
    case 'write': {
      const { directory, files } = await writeReport(workspace, job.id);
      return { directory, files };
    }
    case 'view': {
      const summary = await summaryOfExperiment(workspace, job.id);
      const method = summary.methods.find(({ method: { id } }) => id === job.method);
      return {
        plan: summary.plan,
        blocks: summary.done === 0 ? [] : documentOf(summary, figuresOf(summary)),
        users: method ? { id: method.method.id, title: marked(method), records: method.records } : null,
      };
    }
    case 'figures': {
      const directory = experimentDirectory(workspace, job.id);
      const plan = await readPlan(directory);
      const { records } = await readRecords(path.join(directory, recordsFile));
      return figuresOfMethods(plan, records);
    }
  }
}

function figuresOfMethods(plan: ExperimentPlan, records: readonly ExperimentRecord[]): MethodFigures[] {
  // Without a reference there are no paired tests, which take long; the report has them.
  return summarise({ ...plan, reference: null }, records).methods.map(({ method, metrics }) => ({
    id: method.id,
    label: method.title,
    standIn: method.standIn !== null,
    metrics: metrics
      .filter(({ mean }) => !Number.isNaN(mean))
      .map(({ name, mean, deviation, interval }) => ({
        name,
        mean,
        deviation: Number.isNaN(deviation) ? undefined : deviation,
        interval: Number.isNaN(interval.low) ? undefined : [interval.low, interval.high],
      })),
  }));
}
