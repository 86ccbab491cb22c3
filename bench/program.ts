/**
 * What a program in `bench/` is. `bench/<name>.bench.ts` default-exports a `BenchProgram` of that name;
 * `npm run bench -- <name>` runs it (bench/runner.ts) and adds the machine and the command.
 *
 * Importing a program must be cheap, since the list imports them all: load what is heavy inside `run`.
 */

/** A number, with its unit at the end of its name (`loadMilliseconds`, `peakMegabytes`), or what explains numbers. */
export type Figure =
  number | string | boolean | null | readonly Figure[] | { readonly [name: string]: Figure };
export type Figures = Readonly<Record<string, Figure>>;

/** The same job done by something else on this machine, or as published: what the figures are read against. */
export interface Peer {
  /** Who: package and version, or the publication. */
  readonly name: string;
  readonly figures: Figures;
  /** Where the figures come from if they were not measured in this run. */
  readonly source?: string;
}

export interface BenchContext {
  /** What followed the second `--`: `npm run bench -- training -- --epochs 3` gives `['--epochs', '3']`. */
  readonly args: readonly string[];
  /** The root of the project. */
  readonly root: string;
  /** An empty folder of this run's own; it is deleted afterwards. */
  readonly temporaryFolder: string;
  /** The shared data folder (`$TOOLREC_SHARED`, else `../shared` beside the project), where there is one. */
  readonly shared: string | undefined;
  /** True when the result is to be stored in bench/results; the runner stores `BenchResult` itself. */
  readonly keep: boolean;
  /** As the result will name them. */
  readonly machine: Machine;
  readonly command: string;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Tells the person on stderr how far it is. Never write to stdout: the result stands there alone. */
  readonly log: (message: string) => void;
}

export interface BenchOutcome {
  readonly figures: Figures;
  readonly peer?: Peer | readonly Peer[];
}

export interface BenchProgram {
  /** The file's name without `.bench.ts`. */
  readonly name: string;
  /** One line for the list: what is measured, and what it is compared with. */
  readonly description: string;
  run(context: BenchContext): Promise<BenchOutcome>;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly node: string;
  readonly platform: string;
  /** Mean number of busy tasks in the minute before the run: well above zero, the machine was not quiet. */
  readonly loadBefore: number;
}

/** What is printed, and what `--keep` stores in `bench/results/<name>.json`. */
export interface BenchResult extends BenchOutcome {
  readonly name: string;
  readonly machine: Machine;
  readonly command: string;
}
