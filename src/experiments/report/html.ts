import { createHash } from 'node:crypto';
import type { ExperimentPlan } from '../plan-file.ts';
import { sessionsFolder } from '../places.ts';
import type { Block, Cell, Table } from './document.ts';
import { marked } from './document.ts';
import { usersFileOf } from './markdown.ts';
import type { MethodSummary, Summary } from './summary.ts';
import { escapeXml } from './svg.ts';

/** Users listed on the page for each method; the rest are in the file beside it. */
const listed = 300;

const style = `:root{color-scheme:light dark;--faint:color-mix(in srgb,currentColor 60%,transparent);--rule:color-mix(in srgb,currentColor 18%,transparent);--tint:color-mix(in srgb,currentColor 6%,transparent)}
body{font:15px/1.55 system-ui,sans-serif;max-width:62rem;margin:2.5rem auto;padding:0 1.25rem;background:Canvas;color:CanvasText}
h1{font-size:1.7rem;margin:0 0 1rem}h2{font-size:1.2rem;margin:2.4rem 0 .6rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
.scroll{overflow-x:auto}caption{caption-side:bottom;text-align:left;color:var(--faint);padding:.5rem 0;font-size:.85rem}
th,td{padding:.28rem .7rem;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
thead th{border-bottom:2px solid var(--rule);white-space:nowrap}.number{text-align:right;white-space:nowrap}
a{color:inherit;text-decoration:underline;text-decoration-color:var(--rule);text-underline-offset:.2em}a:hover{text-decoration-color:currentColor}
.note,.warning{border-left:3px solid var(--rule);padding:.4rem .9rem;background:var(--tint)}.warning{border-left-color:#d9822b}
figure{margin:1.5rem 0}figure svg{max-width:100%;height:auto}figcaption{color:var(--faint);font-size:.85rem}
pre{background:var(--tint);padding:.9rem;overflow-x:auto;font-size:.85rem}details{margin:.5rem 0}summary{cursor:pointer}
.miss{color:var(--faint)}`;

/**
 * One page without anything from outside and without a script: its policy allows its own style by hash and nothing
 * else, so that it may be opened anywhere.
 */
export function htmlOf(summary: Summary, blocks: readonly Block[]): string {
  const hash = createHash('sha256').update(style).digest('base64');
  const { plan } = summary;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeXml(plan.title)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    `<h1>${escapeXml(plan.title)}</h1>`,
    ...blocks.map((block) => blockText(block)),
    '<h2>Users</h2>',
    ...summary.methods.map((method) => usersOf(method, plan)),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h2>${escapeXml(block.text)}</h2>`;
    case 'text':
      return `<p${block.tone === undefined ? '' : ` class="${block.tone}"`}>${escapeXml(block.text)}</p>`;
    case 'code':
      return `<pre>${escapeXml(block.text)}</pre>`;
    case 'figure':
      return `<figure>${block.figure.svg}<figcaption>${escapeXml(block.figure.caption)}</figcaption></figure>`;
    case 'table':
      return tableText(block);
  }
}

function tableText({ head, rows, numeric, caption }: Table): string {
  const isNumber = (i: number) => (numeric.includes(i) ? ' class="number"' : '');
  return [
    '<div class="scroll"><table>',
    `<caption>${escapeXml(caption)}</caption>`,
    `<thead><tr>${head.map((text, i) => `<th scope="col"${isNumber(i)}>${escapeXml(text)}</th>`).join('')}</tr></thead>`,
    '<tbody>',
    ...rows.map(
      (cells) =>
        `<tr>${cells
          .map((cell, i) => {
            const tag = i === 0 ? 'th scope="row"' : 'td';
            return `<${tag}${isNumber(i)}>${cellText(cell)}</${i === 0 ? 'th' : 'td'}>`;
          })
          .join('')}</tr>`,
    ),
    '</tbody></table></div>',
  ].join('\n');
}

function cellText({ text, strong, users }: Cell): string {
  const plain = strong ? `<strong>${escapeXml(text)}</strong>` : escapeXml(text);
  return users === undefined ? plain : `<a href="#${anchor(users)}">${plain}</a>`;
}

function anchor(method: string): string {
  return `users-${encodeURIComponent(method)}`;
}

/** The users behind a method's numbers, those that failed and those with a hit first, each with its session. */
function usersOf(method: MethodSummary, plan: ExperimentPlan): string {
  const order = (record: (typeof method.records)[number]) =>
    record.failure ? 0 : record.rank !== null ? 1 : 2;
  const records = [...method.records].sort(
    (a, b) => order(a) - order(b) || (a.rank ?? 0) - (b.rank ?? 0) || a.repeat - b.repeat || a.user - b.user,
  );
  const rows = records.slice(0, listed).map((record) => {
    const result = record.failure
      ? escapeXml(`failed: ${record.failure.code}`)
      : record.rank === null
        ? '<span class="miss">miss</span>'
        : `rank ${record.rank}`;
    const session =
      record.session === null
        ? ''
        : `<a href="${sessionsFolder}/${encodeURIComponent(record.session)}.jsonl">session</a>`;
    const cells = [
      `<th scope="row">${escapeXml(record.userId)}</th>`,
      `<td class="number">${record.repeat + 1}</td>`,
      `<td>${result}</td>`,
      `<td class="number">${record.rounds ?? '–'}</td>`,
      `<td class="number">${record.history}</td>`,
      `<td>${session}</td>`,
    ];
    return `<tr>${cells.join('')}</tr>`;
  });
  const more =
    records.length > listed
      ? `<p>${records.length - listed} more are in <a href="${usersFileOf(encodeURIComponent(method.method.id))}">${escapeXml(usersFileOf(method.method.id))}</a>.</p>`
      : '';
  return [
    `<details id="${anchor(method.method.id)}">`,
    `<summary>${escapeXml(marked(method))}: ${method.hits} hits, ${method.failures.length} failed, of ${method.done} users</summary>`,
    '<div class="scroll"><table>',
    '<thead><tr><th scope="col">User</th><th scope="col" class="number">Sample</th><th scope="col">Held-out item</th><th scope="col" class="number">Rounds</th><th scope="col" class="number">History</th><th scope="col">Session</th></tr></thead>',
    `<tbody>${rows.join('\n')}</tbody>`,
    '</table></div>',
    more,
    plan.methods.length > 0 ? '</details>' : '',
  ].join('\n');
}
