import type { ExperimentBlock, ExperimentFull, ExperimentUser } from '../../../webview/protocol.ts';
import type { Block } from '../../experiments/report/document.ts';
import type { MethodRecords } from '../../experiments/report/report-job.ts';
import type { ExperimentStatus } from '../../experiments/run-state.ts';
import type { Texts } from '../texts.ts';

/** Users sent to the page at once; the whole list is in the file beside the report. */
const shownUsers = 500;

/** Which list of users is open. */
export interface ShownUsers {
  readonly method: string;
  readonly show: 'all' | 'hit' | 'failed';
}

/** Tables and figures as the page takes them. */
export function blocksOf(blocks: readonly Block[]): ExperimentBlock[] {
  return blocks.flatMap((block): ExperimentBlock[] => {
    switch (block.kind) {
      case 'code':
        return []; // the file itself is one click away
      case 'figure':
        return [{ kind: 'figure', ...block.figure }];
      case 'table':
        return [
          {
            ...block,
            head: [...block.head],
            rows: block.rows.map((row) => row.map((cell) => ({ ...cell }))),
            numeric: [...block.numeric],
          },
        ];
      case 'heading':
      case 'text':
        return [{ ...block }];
    }
  });
}

/** How far it is, for the head of the panel. */
export function headOf(
  { plan, state, error }: Pick<ExperimentStatus, 'plan' | 'state' | 'error'>,
  texts: Texts,
): Omit<ExperimentFull, 'blocks' | 'users'> {
  const effort: string[] = [];
  if (state.status === 'running' && state.pace > 0)
    effort.push(texts.t('{0} users a second', state.pace.toFixed(state.pace < 10 ? 1 : 0)));
  if (state.tokens > 0) effort.push(texts.t('{0} tokens', state.tokens.toLocaleString('en')));
  if (state.cost !== null && state.cost > 0) effort.push(`$${state.cost.toFixed(4)}`);
  return {
    kind: 'full',
    id: plan.id,
    title: plan.title,
    status: state.status,
    problem: error && state.status === 'stopped' ? `${error.message} ${error.remedy}`.trim() : '',
    done: state.done,
    total: state.total,
    effort: effort.join(' · '),
    methods: state.methods.map(({ id, title, standIn, done, total, failures }) => ({
      id,
      title: standIn === null ? title : `${title} †`,
      done,
      total,
      failures,
    })),
  };
}

/** The users behind a method's numbers: failures first, then hits by rank. */
export function usersOf(
  { id, title, records }: MethodRecords,
  { show }: ShownUsers,
  texts: Texts,
): NonNullable<ExperimentFull['users']> {
  const rows = records.map((record): ExperimentUser & { rank: number } => ({
    user: record.userId,
    sample: record.repeat + 1,
    kind: record.failure ? 'failed' : record.rank === null ? 'miss' : 'hit',
    result: record.failure
      ? texts.t('failed: {0}', record.failure.message.slice(0, 160))
      : record.rank === null
        ? texts.t('not in the list')
        : texts.t('rank {0}', record.rank),
    rounds: record.rounds === null ? '–' : String(record.rounds),
    history: record.history,
    session: record.session,
    rank: record.failure ? 0 : (record.rank ?? 1e9),
  }));
  const wanted = rows
    .filter(({ kind }) => show === 'all' || kind === show)
    .sort((a, b) => a.rank - b.rank || a.sample - b.sample || (a.user < b.user ? -1 : 1));
  return {
    method: id,
    title,
    show,
    rows: wanted.slice(0, shownUsers).map(({ rank: _rank, ...row }) => row),
    total: wanted.length,
  };
}
