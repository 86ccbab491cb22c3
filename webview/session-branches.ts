import { html, nothing, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { number, t } from './language.ts';
import type { SessionBranch } from './protocol.ts';
import type { SessionActions, SessionHead } from './session-model.ts';

/** Chooses which branch is shown. */
function branchSelector(head: SessionHead, actions: SessionActions): TemplateResult {
  return html`<label class="branch">
    <i class="codicon codicon-git-branch" aria-hidden="true"></i>
    <span class="visually-hidden">${t('Branch')}</span>
    <select
      id="branch"
      .value=${head.branch}
      @change=${(event: Event) => actions.show((event.target as HTMLSelectElement).value)}
    >
      ${ordered(head).map(({ branch }) => html`<option value=${branch.key} ?selected=${branch.key === head.branch}>${branchName(branch)}</option>`)}
    </select>
  </label>`;
}

function branchName(branch: SessionBranch): string {
  const rounds = branch.rounds === 1 ? t('1 round') : t('{0} rounds', branch.rounds);
  switch (branch.kind) {
    case 'line':
      return t('this session · {0}', rounds);
    case 'left':
      return t('before the change at round {0} · {1}', branch.name, rounds);
    case 'session':
      return branch.parent < 0
        ? t('{0} · {1}', branch.name, rounds)
        : t('{0}, forked after round {1} · {2}', branch.name, branch.from, rounds);
  }
}

/** The branches with the one that each leaves before it, and the row of that one; −1 where it is not there. */
function ordered({ branches }: SessionHead): { branch: SessionBranch; parentRow: number }[] {
  const rows: { branch: SessionBranch; parentRow: number }[] = [];
  const place = (index: number, parentRow: number) => {
    const row = rows.push({ branch: branches[index]!, parentRow }) - 1;
    branches.forEach((other, i) => {
      if (other.parent === index && i !== index && rows.length <= branches.length) place(i, row);
    });
  };
  branches.forEach((branch, i) => {
    if (branch.parent < 0) place(i, -1);
  });
  // A parent that was deleted, or a circle in damaged logs: shown all the same.
  for (const branch of branches)
    if (!rows.some((row) => row.branch === branch)) rows.push({ branch, parentRow: -1 });
  return rows;
}

const column = 16;
const line = 16;
const most = 60;

/** The branches of a session that has several, and a small map of them: a row a branch, a dot a round, each row hanging from the round where it leaves. */
export function branchMap(head: SessionHead, actions: SessionActions): TemplateResult | typeof nothing {
  if (head.branches.length < 2) return nothing;
  const rows = ordered(head);
  const x = (round: number) => 8 + Math.min(round, most) * column;
  const y = (row: number) => 8 + row * line;
  const wide = Math.max(...rows.map(({ branch }) => Math.min(most, branch.rounds))) + 1;
  return html`<div class="scroll map">
    <div class="map-choice">
      ${branchSelector(head, actions)}
      ${
        head.olderLines > 0
          ? html`<button class="link" id="older" @click=${actions.showOlder}>
              ${t('{0} older lines', number(head.olderLines))}
            </button>`
          : nothing
      }
    </div>
    <svg width=${wide * column + 16} height=${rows.length * line} aria-hidden="true">
      ${rows.map(({ branch, parentRow }, row) => {
        const from = parentRow < 0 ? 0 : branch.from;
        const to = Math.max(from, Math.min(most, branch.rounds));
        const shown = branch.key === head.branch;
        const kind = `${branch.kind === 'left' ? 'left' : 'live'} ${shown ? 'shown' : ''}`;
        const first = parentRow < 0 ? 0 : from + 1;
        return svg`<g class="map-branch ${kind}" @click=${() => actions.show(branch.key)}>
          <title .textContent=${branchName(branch)}></title>
          <path d=${parentRow < 0 ? `M${x(0)} ${y(row)}H${x(to)}` : `M${x(from)} ${y(parentRow)}V${y(row) - 4}q0 4 4 4H${x(Math.max(to, from + 0.5))}`}></path>
          ${Array.from({ length: Math.max(0, to - first + 1) }, (_, i) => svg`<circle cx=${x(first + i)} cy=${y(row)} r=${first + i === 0 ? 2 : 4}></circle>`)}
        </g>`;
      })}
    </svg>
  </div>`;
}
