import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { failedCallout } from './callout.ts';
import { drawing } from './drawing.ts';
import type { WebviewEnd } from '../src/shared/message-channel.ts';
import { number, t } from './language.ts';
import type {
  ExperimentBlock,
  ExperimentContract,
  ExperimentFull,
  ExperimentState,
  ExperimentUser,
} from './protocol/experiment.ts';

type Host = Pick<WebviewEnd<ExperimentContract>, 'tell'>;

export function experimentView(state: ExperimentState, host: Host): TemplateResult {
  switch (state.kind) {
    case 'loading':
      return html`<div class="working" role="status">
        <vscode-progress-ring></vscode-progress-ring>
        <span>${state.message}</span>
      </div>`;
    case 'failed':
      return failedCallout(
        state.failure,
        { again: () => host.tell('reload', {}), log: () => host.tell('showLog', {}) },
        html`<vscode-button appearance="secondary" @click=${() => host.tell('openFile', {})}
          >${t('Open File')}</vscode-button
        >`,
      );
    case 'full':
      return full(state, host);
  }
}

function full(state: ExperimentFull, host: Host): TemplateResult {
  return html`
    <header class="head">
      <h1>${state.title}</h1>
      <span class="badge ${state.status}">${statusText(state.status)}</span>
      <span class="grow"></span>
      ${actions(state, host)}
    </header>
    ${progress(state)} ${state.blocks.map((part) => block(part, state, host))}
  `;
}

function actions(state: ExperimentFull, host: Host): TemplateResult {
  const button = (label: string, act: () => void, secondary = true) =>
    html`<vscode-button appearance=${secondary ? 'secondary' : 'primary'} @click=${act}
      >${label}</vscode-button
    >`;
  if (state.status === 'running')
    return html`${button(t('Pause'), () => host.tell('pause', {}))}
    ${button(t('Cancel'), () => host.tell('cancel', {}))}`;
  return html`${
    state.done < state.total ? button(t('Resume'), () => host.tell('resume', {}), false) : nothing
  }
  ${button(t('Report'), () => host.tell('openReport', { format: 'md' }))}
  ${button(t('HTML'), () => host.tell('openReport', { format: 'html' }))}
  ${button(t('File'), () => host.tell('openFile', {}))}`;
}

function statusText(status: ExperimentFull['status']): string {
  switch (status) {
    case 'running':
      return t('running');
    case 'finished':
      return t('finished');
    case 'paused':
      return t('paused');
    case 'cancelled':
      return t('cancelled');
    case 'budget':
      return t('budget spent');
    case 'stopped':
      return t('stopped');
    case 'interrupted':
      return t('interrupted');
  }
}

function progress(state: ExperimentFull): TemplateResult {
  const { done, total, status } = state;
  const text = t('{0} of {1} users', number(done), number(total));
  return html`
    <p class="meta" role="status">${text}${state.effort === '' ? '' : ` · ${state.effort}`}</p>
    ${
      state.problem === ''
        ? nothing
        : html`<div class="callout failed" role="alert">
            <i class="codicon codicon-error" aria-hidden="true"></i>
            <p>${state.problem}</p>
          </div>`
    }
    ${
      status === 'finished'
        ? nothing
        : html`<ul class="progress">
            ${state.methods.map(
              (method) =>
                html`<li>
                  <span class="name">${method.title}</span>
                  <progress
                    max=${method.total}
                    value=${method.done}
                    aria-label=${t('{0}: {1} of {2} users', method.title, method.done, method.total)}
                  ></progress>
                  <span class="dim number">${number(method.done)}</span>
                  ${
                    method.failures > 0
                      ? html`<span class="problem">${t('{0} failed', number(method.failures))}</span>`
                      : html`<span></span>`
                  }
                </li>`,
            )}
          </ul>`
    }
  `;
}

function block(part: ExperimentBlock, state: ExperimentFull, host: Host): TemplateResult {
  switch (part.kind) {
    case 'heading':
      return html`<h2>${part.text}</h2>`;
    case 'text':
      return html`<p class=${part.tone ?? 'prose'}>${part.text}</p>`;
    case 'figure':
      return html`<figure>
        ${drawing(part.svg)}
        <figcaption>${part.caption}</figcaption>
      </figure>`;
    case 'table':
      return html`${table(part, host)} ${part.name === 'results' ? usersOf(state, host) : nothing}`;
  }
}

function table(part: Extract<ExperimentBlock, { kind: 'table' }>, host: Host): TemplateResult {
  const align = (i: number) => (part.numeric.includes(i) ? 'number' : '');
  return html`<div class="scroll">
    <table class=${part.name}>
      <caption>
        ${part.caption}
      </caption>
      <thead>
        <tr>
          ${part.head.map((text, i) => html`<th scope="col" class=${align(i)}>${text}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${part.rows.map(
          (cells) =>
            html`<tr>
              ${cells.map((cell, i) => {
                const text = cell.strong ? html`<strong>${cell.text}</strong>` : cell.text;
                const content =
                  cell.users === undefined
                    ? text
                    : html`<button
                        class="link"
                        title=${t('Show the users behind this number')}
                        @click=${() => host.tell('showUsers', { method: cell.users!, show: 'all' })}
                      >
                        ${text}
                      </button>`;
                return i === 0
                  ? html`<th scope="row">${content}</th>`
                  : html`<td class=${align(i)}>${content}</td>`;
              })}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function usersOf({ users }: ExperimentFull, host: Host): TemplateResult | typeof nothing {
  if (!users) return nothing;
  const { method, title, show, rows, total } = users;
  const filter = (kind: typeof show, label: string) =>
    html`<vscode-button
      appearance=${kind === show ? 'primary' : 'secondary'}
      aria-pressed=${kind === show ? 'true' : 'false'}
      @click=${() => host.tell('showUsers', { method, show: kind })}
      >${label}</vscode-button
    >`;
  return html`<section id="users" tabindex="-1" aria-label=${t('Users of {0}', title)}>
    <div class="bar">
      <h3>${t('Users of {0}', title)}</h3>
      <span class="grow"></span>
      ${filter('all', t('All'))} ${filter('hit', t('Hits'))} ${filter('failed', t('Failed'))}
      <vscode-button appearance="icon" aria-label=${t('Close')} @click=${() => host.tell('hideUsers', {})}
        ><span class="codicon codicon-close"></span
      ></vscode-button>
    </div>
    ${
      rows.length === 0
        ? html`<p class="empty">${t('There is none.')}</p>`
        : html`<div class="scroll list">
            <table>
              <thead>
                <tr>
                  <th scope="col">${t('User')}</th>
                  <th scope="col" class="number">${t('Sample')}</th>
                  <th scope="col">${t('Held-out item')}</th>
                  <th scope="col" class="number">${t('Rounds')}</th>
                  <th scope="col" class="number">${t('History')}</th>
                  <th scope="col">${t('Session')}</th>
                </tr>
              </thead>
              <tbody>
                ${rows.map((row) => userRow(row, host))}
              </tbody>
            </table>
          </div>`
    }
    ${
      total > rows.length
        ? html`<p class="meta">
            ${t('{0} more are in the list of users beside the report.', number(total - rows.length))}
          </p>`
        : nothing
    }
  </section>`;
}

function userRow(row: ExperimentUser, host: Host): TemplateResult {
  return html`<tr class=${row.kind}>
    <th scope="row">${row.user}</th>
    <td class="number">${row.sample}</td>
    <td>${row.result}</td>
    <td class="number">${row.rounds}</td>
    <td class="number">${number(row.history)}</td>
    <td>
      ${
        row.session === null
          ? '–'
          : html`<button
              class="link"
              aria-label=${t('Open the session of user {0}', row.user)}
              @click=${() => host.tell('openSession', { session: row.session! })}
            >
              ${t('Open')}
            </button>`
      }
    </td>
  </tr>`;
}
