/** One report of long work. `done` and `total` are in `unit`; `total` is absent while it is unknown. */
export interface Progress {
  /** What is being done now, a short phrase: "Reading ratings.dat". */
  readonly message: string;
  readonly done?: number;
  readonly total?: number;
  readonly unit?: 'rows' | 'bytes' | 'users' | 'steps' | 'items';
  /** Rows read so far, where `done` counts something else. */
  readonly rows?: number;
}

export type ReportProgress = (progress: Progress) => void;

/**
 * Reason of a signal that fires because the program ends, not because anyone stopped the work: what can go on later
 * keeps where it stands.
 */
export const shutdownReason = 'shutdown';

/** What every long operation takes: how to stop it and where to say how far it is. */
export interface LongWork {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ReportProgress | undefined;
}
