import type { ModelRow } from './protocol.ts';

/** One line of the side-by-side table. Plain data, tested without the DOM. */
export interface ComparedLine {
  readonly name: string;
  readonly values: readonly (string | number | undefined)[];
  /** True where the runs are not all the same. */
  readonly differs: boolean;
  /** Index of the best value of a metric. */
  readonly best: number | undefined;
}

/** Settings of runs side by side; those that differ first. */
export function comparedSettings(rows: readonly ModelRow[]): ComparedLine[] {
  const keys = [...new Set(rows.flatMap(({ config }) => Object.keys(config)))];
  const lines = keys.map((name) =>
    line(
      name,
      rows.map(({ config }) => {
        const value = config[name];
        return value === undefined ? undefined : String(value);
      }),
    ),
  );
  return [...lines.filter(({ differs }) => differs), ...lines.filter(({ differs }) => !differs)];
}

/** Figures of runs side by side; the best of each is marked. */
export function comparedFigures(rows: readonly ModelRow[]): ComparedLine[] {
  const of = (part: string, values: (row: ModelRow) => Readonly<Record<string, number>> | undefined) => {
    const names = [...new Set(rows.flatMap((row) => Object.keys(values(row) ?? {})))];
    return names.map((name) =>
      marked(
        `${part} ${name}`,
        rows.map((row) => values(row)?.[name]),
      ),
    );
  };
  return [
    ...of('validation', ({ validation }) => validation),
    ...of('test', ({ evaluations }) => evaluations?.['test']),
  ];
}

function line(name: string, values: ComparedLine['values']): ComparedLine {
  return { name, values, differs: new Set(values).size > 1, best: undefined };
}

function marked(name: string, values: readonly (number | undefined)[]): ComparedLine {
  const known = values.filter((value) => value !== undefined);
  const most = Math.max(...known);
  const differs = known.length > 1 && new Set(known).size > 1;
  return { name, values, differs, best: differs ? values.indexOf(most) : undefined };
}
