import type { SessionEvent, SessionStarted } from '../agent/events.ts';
import { removedNotes } from '../agent/observation.ts';
import type { Round, SessionState } from '../agent/state.ts';
import { describeAction, describeEffort } from '../agent/transcript.ts';
import type { SessionMetrics } from '../experiments/session-parts.ts';
import { plainText, type Style, table, widthOf } from './terminal.ts';

/** Items of an observation that the terminal shows; the log has all. */
const shownItems = 5;
const indent = 16;

/** A session as a person reads it in a terminal, a part at a time. */
export class SessionView {
  private readonly style: Style;
  private readonly columns: number;

  constructor(style: Style, columns = 100) {
    this.style = style;
    this.columns = Math.max(40, Math.min(columns, 110));
  }

  head(started: SessionStarted): string[] {
    const { style } = this;
    const { subject, dataset } = started;
    const who = subject.user ? `user ${plainText(subject.user.id)}` : 'a history of your own';
    const simulated = dataset.simulated ? style.caution(' · simulated data') : '';
    const fork = started.parent
      ? [style.dim(`Forked from ${started.parent.session} after round ${started.parent.round}`)]
      : [];
    return [
      `${style.bold(`Session ${started.session}`)} · ${plainText(dataset.name)} · ${who}${simulated}`,
      style.dim(`Policy: ${plainText(started.policy.label)}`),
      style.dim(`Retrieval: ${plainText(started.retrieval)}`),
      ...fork,
      ...this.wrap(
        `History of ${subject.history.length}, the latest first: ${[...subject.recent]
          .reverse()
          .map((item) => plainText(item.title))
          .join(' · ')}`,
        0,
      ),
    ];
  }

  /** Thought and action, as soon as they are decided. */
  decision(round: Round): string[] {
    const { style } = this;
    const number = style.bold(String(round.number).padStart(2));
    const [first = '–', ...rest] = this.wrap(plainText(round.thought) || '–', indent);
    const action = this.wrap(plainText(describeAction(round)), indent);
    const edited = round.edited.length > 0 ? style.caution(`   edited: ${round.edited.join(', ')}`) : '';
    const repairs = round.repairs.map(
      (repair) => `${' '.repeat(indent)}${style.caution(`⚠ ${plainText(repair.message)}`)}`,
    );
    return [
      '',
      `${number}  ${style.dim('Thought     ')}${first.trimStart()}${edited}`,
      ...rest,
      `    ${style.dim('Action      ')}${style.accent(action[0]!.trimStart())}`,
      ...action.slice(1).map((line) => style.accent(line)),
      ...repairs,
    ];
  }

  observation(round: Round): string[] {
    const { style } = this;
    const { observation } = round;
    if (!observation) return [];
    const effort = style.dim(describeEffort(round));
    const label = `    ${style.dim('Observation ')}`;
    if (!observation.set || observation.status === 'problem') {
      const lines = this.wrap(plainText(observation.text), indent);
      const paint = observation.status === 'problem' ? style.caution : (text: string) => text;
      return [
        `${label}${paint(lines[0]!.trimStart())}`,
        ...lines.slice(1).map(paint),
        `${' '.repeat(indent)}${effort}`,
      ];
    }
    const { items, removed } = observation.set;
    const dropped = [
      [removed.history.length, 'seen'],
      [removed.duplicates.length, 'named twice'],
      [removed.outside.length, 'not in the catalogue'],
      [removed.ambiguous.length, 'ambiguous'],
    ].filter(([count]) => (count as number) > 0);
    const notes =
      dropped.length > 0
        ? style.caution(` · dropped: ${dropped.map(([n, why]) => `${n} ${why}`).join(', ')}`)
        : '';
    const rows = items
      .slice(0, shownItems)
      .map((item, i) => [
        String(i + 1),
        plainText(item.title),
        item.score === undefined ? '' : style.dim(item.score.toPrecision(4)),
      ]);
    const more =
      items.length > shownItems
        ? [`${' '.repeat(indent)}${style.dim(`… ${items.length - shownItems} more`)}`]
        : [];
    return [
      `${label}${items.length} items${notes}  ${effort}`,
      ...table(rows, [0]).map((line) => `${' '.repeat(indent)}${line}`),
      ...more,
    ];
  }

  result(state: SessionState, metrics: SessionMetrics | undefined): string[] {
    const { style } = this;
    const { outcome, totals } = state;
    if (!outcome) return ['', ...this.unfinished(state)];
    const { result, reason } = outcome;
    const completed = result.completed > 0 ? `, ${result.completed} completed by rule` : '';
    const rows = result.items.map((item, i) => [
      String(i + 1),
      plainText(item.title),
      style.dim(plainText(item.id)),
      style.dim(item.source),
    ]);
    const lines = [
      '',
      `${style.bold(`Result · top ${result.items.length}`)}${completed}`,
      ...table(rows, [0]).map((line) => `  ${line}`),
    ];
    lines.push(...removedNotes(result.removed).map((note) => style.caution(plainText(note))));
    lines.push(style.dim(`Ended: ${plainText(reason.message)}`));
    if (metrics) {
      const found = metrics.rank === null ? style.dim('not in the list') : style.good(`rank ${metrics.rank}`);
      const numbers = Object.entries(metrics).filter(([name]) => name !== 'rank');
      lines.push(
        `Held-out item: ${found} · ${numbers.map(([name, value]) => `${name} ${value!.toFixed(3)}`).join(' · ')}`,
      );
    }
    if (totals.calls > 0)
      lines.push(
        style.dim(
          `${totals.calls} model calls · ${totals.tokens.toLocaleString('en')} tokens` +
            (totals.cost > 0 ? ` · $${totals.cost.toFixed(4)}` : '') +
            (totals.unpriced > 0 && totals.cost > 0
              ? ` (${totals.unpriced} calls without a known price)`
              : ''),
        ),
      );
    return lines;
  }

  private unfinished({ interrupted, failure }: SessionState): string[] {
    const { style } = this;
    const lines = [style.caution('The session has not ended.')];
    if (interrupted) {
      const partial = plainText(interrupted.partial).slice(0, 300);
      lines.push(
        style.dim(`Stopped in round ${interrupted.round}${partial === '' ? '.' : `, after: ${partial}`}`),
      );
    }
    if (failure)
      lines.push(
        style.bad(
          `Round ${failure.round} failed: ${plainText(failure.error.message)} ${plainText(failure.error.remedy)}`,
        ),
      );
    return lines;
  }

  /** A whole stored session. */
  whole(state: SessionState, metrics?: SessionMetrics): string[] {
    return [
      ...this.head(state.started),
      ...state.rounds.flatMap((round) => [...this.decision(round), ...this.observation(round)]),
      ...this.result(state, metrics),
    ];
  }

  /** What one event adds to a live view. */
  live(event: SessionEvent, state: SessionState): string[] {
    const round = state.rounds.at(-1);
    if (event.type === 'decided' && round) return this.decision(round);
    if (event.type === 'observed' && round) return this.observation(round);
    if (event.type === 'failed')
      return [`    ${this.style.bad(plainText(event.error.message))} ${plainText(event.error.remedy)}`];
    if (event.type === 'interrupted') return [`    ${this.style.caution('Stopped in the middle.')}`];
    return [];
  }

  private wrap(text: string, left: number): string[] {
    const lines: string[] = [];
    let line = '';
    for (const word of text.split(' ')) {
      if (line !== '' && widthOf(line) + 1 + widthOf(word) > this.columns - left) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
    return lines.map((entry) => ' '.repeat(left) + entry);
  }
}
