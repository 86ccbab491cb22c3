import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { number, t } from './language.ts';
import type { ItemTrail, SessionItemRow } from './protocol.ts';
import type { SessionActions, SessionModel } from './session-model.ts';
import { sourceText } from './session-text.ts';

/** A longer list shows its first rows until it is unfolded; one of ten is shown whole. */
const wholeRows = 10;
const firstRows = 8;

type Row = SessionItemRow & { readonly source?: string };

/** A ranked list of items; a click on a title opens where the item came from. */
export function itemTable(
  rows: readonly Row[],
  columns: readonly string[],
  round: number,
  model: SessionModel,
  actions: SessionActions,
): TemplateResult {
  const unfolded = model.unfolded.has(round);
  const folds = rows.length > wholeRows;
  const shown = unfolded || !folds ? rows : rows.slice(0, firstRows);
  const numeric = columns.map((_, at) => rows.every(({ values }) => /^-?[\d.]*$/.test(values[at] ?? '')));
  const scored = rows.some(({ score }) => score !== null);
  const sourced = rows.some(({ source }) => source !== undefined);
  const width = 4 + columns.length + (scored ? 1 : 0) + (sourced ? 1 : 0);
  return html`<div class="scroll">
      <table class="items" aria-label=${round === 0 ? t('Result') : t('Items of round {0}', round)}>
        <thead>
          <tr>
            <th scope="col" class="number" aria-label=${t('rank')}>${t('#')}</th>
            <th scope="col" class="moved" aria-label=${t('Places moved since a tool last named it')}>
              <abbr title=${t('Places moved since a tool last named it')}>${t('Δ')}</abbr>
            </th>
            <th scope="col">${t('title')}</th>
            ${columns.map((name, at) => html`<th scope="col" class="value ${numeric[at] ? 'number' : ''}">${name}</th>`)}
            ${scored ? html`<th scope="col" class="number">${t('score')}</th>` : nothing}
            <th scope="col" class="found">${t('found by')}</th>
            ${sourced ? html`<th scope="col" class="found">${t('from')}</th>` : nothing}
          </tr>
        </thead>
        <tbody>
          ${repeat(
            shown,
            (row) => row.item,
            (row, i) => {
              const open = model.trail?.round === round && model.trail.item === row.item;
              return html`<tr class=${row.heldOut ? 'held-out' : ''}>
                  <td class="number dim">${i + 1}</td>
                  <td class="moved">${moved(row.moved)}</td>
                  <th scope="row">
                    <button
                      class="title"
                      aria-expanded=${String(open)}
                      title=${t('Where it came from')}
                      @click=${() => actions.openTrail(round, row.item)}
                    >
                      ${row.title}
                    </button>
                    ${row.heldOut ? html`<span class="mark"><i class="codicon codicon-target" aria-hidden="true"></i>${t('held out')}</span>` : nothing}
                    ${under(row)}
                  </th>
                  ${row.values.map((value, at) => html`<td class="value ${numeric[at] ? 'number short' : 'clip'}" title=${value}>${value}</td>`)}
                  ${scored ? html`<td class="number">${row.score === null ? '' : number(row.score, 3)}</td>` : nothing}
                  <td class="found dim">${row.foundBy.join(' · ')}</td>
                  ${sourced ? html`<td class="found dim">${sourceText(row.source ?? '')}</td>` : nothing}
                </tr>
                ${
                  open
                    ? html`<tr class="trail-row">
                        <td colspan=${width}>${trailView(model.trail!)}</td>
                      </tr>`
                    : nothing
                }`;
            },
          )}
        </tbody>
      </table>
    </div>
    ${
      folds
        ? html`<button class="link" aria-expanded=${String(unfolded)} @click=${() => actions.unfold(round)}>
            ${unfolded ? t('Show fewer') : t('Show {0} more', number(rows.length - firstRows))}
          </button>`
        : nothing
    }`;
}

/** What a narrow page has no columns for (session.css): one of the two is in view. */
function under({ values, foundBy, source }: Row): TemplateResult {
  const found = [
    ...(foundBy.length > 0 ? [t('found by {0}', foundBy.join(' · '))] : []),
    ...(source === undefined ? [] : [sourceText(source)]),
  ];
  return html`<div class="under">
    <span class="under-value">${values.filter((value) => value !== '').join(' · ')}</span>
    <span>${found.join(', ')}</span>
  </div>`;
}

function moved(places: number | null): TemplateResult {
  if (places === null) return html`<span class="new">${t('new')}</span>`;
  if (places === 0) return html`<span class="dim" role="img" aria-label=${t('not moved')}>=</span>`;
  return places > 0
    ? html`<span class="up" role="img" aria-label=${t('up {0}', places)}>▲${places}</span>`
    : html`<span class="down" role="img" aria-label=${t('down {0}', -places)}>▼${-places}</span>`;
}

function trailView({ trail, problem }: { trail?: ItemTrail; problem?: string }): TemplateResult {
  if (problem !== undefined) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!trail) return html`<p class="dim" role="status">${t('Looking it up…')}</p>`;
  return html`<div class="trail" role="group" aria-label=${t('Trail of {0}', trail.title)}>
    <p class="dim">
      ${t('id {0}', trail.id)}${trail.attributes.map(({ name, text }) => html` · ${name} <span class="value">${text}</span>`)}
    </p>
    <ol>
      ${trail.steps.map(
        (step, i) =>
          html`<li>
            <span class="where">${t('Round {0}', step.round)}</span>
            <code>${step.mark}</code>
            <span>
              ${i === 0 ? t('found it at rank {0} of {1}', step.rank, step.of) : t('put it at rank {0} of {1}', step.rank, step.of)}${step.score === null ? '' : t(', score {0}', number(step.score, 3))}
            </span>
            ${i > 0 ? moved(step.moved) : nothing}
          </li>`,
      )}
      ${trail.steps.length === 0 ? html`<li class="dim">${t('No tool of this line has found it.')}</li>` : nothing}
      ${
        trail.result
          ? html`<li>
              <span class="where">${t('Result')}</span>
              <span>${t('rank {0}, {1}', trail.result.rank, sourceText(trail.result.source))}</span>
            </li>`
          : nothing
      }
    </ol>
  </div>`;
}
