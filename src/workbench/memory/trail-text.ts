import { markdownCode, markdownText } from '../../agent/markdown.ts';
import type { ItemTrail, TrailStep } from '../../agent/trail.ts';
import type { Texts } from '../texts.ts';

/** Where an item came from, as Markdown: for a tooltip and for a page. */
export function trailMarkdown(trail: ItemTrail, texts: Texts): string {
  const { final, standing } = trail;
  const lines = [`**${markdownText(trail.title)}** ${markdownCode(trail.id)}`];
  if (trail.inHistory) lines.push(texts.t('In the user’s history: never part of a list.'));
  if (final) lines.push(texts.t('Rank {0} of the final list ({1}).', final.rank, final.source));
  if (standing) lines.push(texts.t('Place {0} of {1} candidates by evidence.', standing.rank, standing.of));
  if (trail.steps.length === 0 && !trail.inHistory)
    lines.push(texts.t('No tool of this session brought it.'));
  if (trail.steps.length > 0)
    lines.push(
      [
        `| ${texts.t('Round')} | ${texts.t('Tool')} | ${texts.t('Rank')} | Δ | ${texts.t('Score')} | |`,
        '| -: | :- | -: | :- | -: | :- |',
        ...trail.steps.map((step) => stepRow(step, texts)),
      ].join('\n'),
    );
  return lines.join('\n\n');
}

function stepRow({ round, mark, what }: TrailStep, texts: Texts): string {
  const tool = markdownText(mark);
  if (what.kind === 'dropped') {
    const why = what.why === 'history' ? texts.t('dropped: seen before') : texts.t('dropped: named twice');
    return `| ${round} | ${tool} | | | | ${why} |`;
  }
  const score = what.score === undefined ? '' : what.score.toPrecision(4);
  return `| ${round} | ${tool} | ${what.rank}/${what.of} | ${movedText(what.moved, texts)} | ${score} | ${
    what.match === 'fuzzy' ? texts.t('title misspelt') : ''
  } |`;
}

/** `new`, `▲ 3`, `▼ 1`, `=`. */
export function movedText(moved: number | undefined, texts: Texts): string {
  if (moved === undefined) return texts.t('new');
  if (moved === 0) return '=';
  return moved > 0 ? `▲ ${moved}` : `▼ ${-moved}`;
}
