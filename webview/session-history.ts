import { html, nothing, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { number, percent, t } from './language.ts';
import type { SessionCard } from './protocol.ts';
import type { SessionActions, SessionHead } from './session-model.ts';
import { splitTitle } from './session-text.ts';

/** Profile and history of the user: typographic cards, taste and years. */
export function historyStrip(
  head: SessionHead,
  all: readonly SessionCard[] | undefined,
  actions: SessionActions,
): TemplateResult {
  const cards = all ?? head.history.cards;
  const { length } = head.history;
  const profile = head.profile.map(({ name, text }) => `${name} ${text}`).join(' · ');
  return html`<section class="history" aria-label=${t('History')}>
    <div class="bar">
      <h2>${t('History')}</h2>
      <span class="dim">
        ${cards.length < length ? t('{0} items, last {1} shown, latest first', number(length), number(cards.length)) : t('{0} items, latest first', number(length))}${profile === '' ? '' : ` · ${profile}`}
      </span>
      <span class="grow"></span>
      ${
        head.history.cards.length < length
          ? html`<button
              class="link"
              aria-expanded=${String(all !== undefined)}
              @click=${actions.showHistory}
            >
              ${all ? t('Show latest only') : t('Show all')}
            </button>`
          : nothing
      }
    </div>
    <ul class="cards ${all ? 'all' : ''}" tabindex="0" aria-label=${t('Items of the history')}>
      ${cards.map(card)}
    </ul>
    <div class="tastes">${taste(head)} ${years(head)}</div>
  </section>`;
}

function card({ title, values, rating }: SessionCard): TemplateResult {
  const { name, year } = splitTitle(title);
  const [first = '', ...others] = values;
  const when = year !== '' ? year : /^\d{4}$/.test(first) ? first : '';
  const details = [...(when === first ? [] : [first]), ...others].filter(
    (value) => value !== '' && value !== when,
  );
  return html`<li class="card">
    <span class="card-title" title=${title}>${name}</span>
    <span class="card-line dim">
      ${when}
      ${rating === null ? nothing : html`<span class="rating" aria-label=${t('rated {0}', rating)}>★ ${rating}</span>`}
    </span>
    ${details.slice(0, 2).map((value) => html`<span class="card-detail dim" title=${value}>${value}</span>`)}
  </li>`;
}

function taste({ taste: shown }: SessionHead): TemplateResult | typeof nothing {
  if (!shown) return nothing;
  const most = shown.values[0]!.share;
  return html`<div class="taste">
    <h3 class="dim">${t('Taste by {0}', shown.name)}</h3>
    <dl>
      ${shown.values.map(
        ({ value, share }) =>
          html`<div>
            <dt title=${value}>${value}</dt>
            <dd>
              <svg class="bar-line" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                <rect class="bar-fill" y="1" width=${(100 * share) / most} height="6"></rect>
              </svg>
              <span class="number">${percent(share, 0)}</span>
            </dd>
          </div>`,
      )}
    </dl>
  </div>`;
}

const bin = 14;
const tall = 36;

function years({ years: shown }: SessionHead): TemplateResult | typeof nothing {
  if (!shown || shown.from === shown.to) return nothing;
  const most = Math.max(...shown.counts);
  const step = (shown.to - shown.from) / shown.counts.length;
  const text = (i: number) =>
    t(
      '{0} to {1}: {2} items',
      Math.round(shown.from + i * step),
      Math.round(shown.from + (i + 1) * step),
      shown.counts[i]!,
    );
  return html`<div class="years">
    <h3 class="dim">${t('By {0}', shown.name)}</h3>
    <svg
      width=${shown.counts.length * bin}
      height=${tall + 1}
      role="img"
      aria-label=${t('{0} from {1} to {2}', shown.name, shown.from, shown.to)}
    >
      ${shown.counts.map((count, i) => {
        const height = count === 0 ? 0 : Math.max(2, (tall * count) / most);
        return svg`<rect class="bar-fill" x=${i * bin} y=${tall - height} width=${bin - 2} height=${height}><title .textContent=${text(i)}></title></rect>`;
      })}
      ${svg`<path class="bar-base" d=${`M0 ${tall + 0.5}H${shown.counts.length * bin - 2}`}></path>`}
    </svg>
    <p class="years-ends dim"><span>${shown.from}</span><span>${shown.to}</span></p>
  </div>`;
}
