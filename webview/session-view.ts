import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import { failedCallout } from './callout.ts';
import { number, t } from './language.ts';
import { branchMap } from './session-branches.ts';
import { historyStrip } from './session-history.ts';
import { itemTable } from './session-items.ts';
import { wholeRounds } from './protocol.ts';
import type { SessionActions, SessionHead, SessionModel, SessionRound } from './session-model.ts';
import { promptSection } from './session-prompt.ts';
import { button, problemLine, roundCell } from './session-round.ts';
import { duration, money, tokens } from './session-text.ts';

export function sessionView(model: SessionModel, actions: SessionActions): TemplateResult {
  const { state } = model;
  switch (state?.kind) {
    case undefined:
      return html``;
    case 'preparing':
      return html`<header class="head"><h1>${state.title}</h1></header>
        <div class="working" role="status">
          <vscode-progress-ring></vscode-progress-ring>
          <span>${state.message === '' ? t('Opening…') : t('{0}…', state.message)}</span>
        </div>`;
    case 'failed':
      return html`<header class="head"><h1>${state.title}</h1></header>
        ${failedCallout(state.failure, { again: actions.tryAgain, log: actions.showLog })}`;
    case 'full':
      return full(state.head, model, actions);
  }
}

function full(head: SessionHead, model: SessionModel, actions: SessionActions): TemplateResult {
  return html`
    ${top(head, actions)} ${notices(head, actions)}
    ${guard([head.history, head.taste, head.years, head.profile, model.history, head.columns], () => historyStrip(head, model.history, actions))}
    <section class="rounds" aria-label=${t('Rounds')}>
      ${model.rounds.length === 0 && !head.activity ? empty(head, actions) : nothing}
      <ol>
        ${repeat(
          model.rounds.length > model.most ? model.rounds.slice(0, model.most) : model.rounds,
          (round) => round.number,
          (round) =>
            html`<li data-item=${round.number}>
              ${guard(dependencies(round, head, model), () => roundCell(round, head, model, actions, isNear(round, model)))}
            </li>`,
        )}
        ${pending(head, model)}
      </ol>
    </section>
    ${
      // Below rounds that are still to come they would only move.
      model.rounds.length > model.most
        ? nothing
        : html`${result(head, model, actions)} ${promptSection(head, model, actions)}`
    }
  `;
}

function isNear({ number, outline }: SessionRound, { rounds, near }: SessionModel): boolean {
  return !outline && (rounds.length <= wholeRounds || near.has(number));
}

/** What a cell is drawn from; a cell whose dependencies are the same is left alone. */
function dependencies(round: SessionRound, head: SessionHead, model: SessionModel): unknown[] {
  const { number } = round;
  return [
    round,
    isNear(round, model),
    head.activity === null,
    head.activity?.round === number ? head.activity.phase : '',
    head.branch,
    head.columns.join(),
    head.failure?.round === number,
    head.breakpoints.includes(`round ${number}`),
    model.editing?.round === number ? model.editing : undefined,
    model.unfolded.has(number),
    model.trail?.round === number ? model.trail : undefined,
  ];
}

function top(head: SessionHead, actions: SessionActions): TemplateResult {
  const busy = head.activity !== null;
  const ended = head.result !== null;
  const onLine = head.branch === 'line';
  const going = !busy && !ended && onLine;
  const who = head.user === null ? t('Own history') : t('User {0}', head.user);
  const rounds = head.roundCount;
  return html`<header class="top">
      <div class="head">
        <h1>${who}</h1>
        <span class="dim">${head.dataset}</span>
        ${head.simulated ? html`<span class="badge" title=${t('The users of this dataset are simulated. Numbers that come from it say nothing about people.')}>${t('simulated data')}</span>` : nothing}
        <span class="grow"></span>
        <button
          class="choice"
          id="policy"
          title=${t('Who decides the next round: {0}', head.policy)}
          @click=${actions.chooseModel}
        >
          <i
            class="codicon codicon-${head.offline ? 'circle-slash' : 'comment-discussion'}"
            aria-hidden="true"
          ></i>
          <span>${head.offline ? t('offline policy') : head.policy}</span>
          <i class="codicon codicon-chevron-down" aria-hidden="true"></i>
        </button>
        <button
          class="choice"
          id="retrieval"
          title=${t('What answers retrievals: {0}', head.retrieval)}
          ?disabled=${busy}
          @click=${actions.chooseRetrieval}
        >
          <i class="codicon codicon-layers" aria-hidden="true"></i>
          <span>${head.retrieval}</span>
          <i class="codicon codicon-chevron-down" aria-hidden="true"></i>
        </button>
        ${button('ellipsis', t('More Actions'), actions.more, false, 'more')}
      </div>
      <div class="tools" role="toolbar" aria-label=${t('Session')}>
        ${tool('step', 'debug-step-over', t('Step'), t('Step: one round (S)'), actions.step, !going)}
        ${tool('continue', 'debug-continue', t('Continue'), t('Continue to the end or a breakpoint (C)'), actions.run, !going)}
        ${tool('stop', 'debug-stop', t('Stop'), t('Stop, in the middle of a reply too (.)'), actions.stop, !busy)}
        <span class="rule"></span>
        ${tool('back', 'debug-step-back', t('Back'), t('Back: take the last round off the line (B)'), actions.back, busy || rounds === 0 || !onLine)}
        ${tool('fork', 'repo-forked', t('Fork'), t('Fork: a session of its own from here (F)'), () => actions.fork(rounds), busy || rounds === 0 || !onLine)}
        ${tool('restart', 'debug-restart', t('Restart'), t('Restart: begin again, keep what there is as an earlier line'), actions.restart, busy || rounds === 0 || !onLine)}
        ${tool('replay', 'debug-rerun', t('Replay'), t('Replay the recorded rounds without a model, and look for differences'), actions.replay, busy || rounds === 0 || !onLine)}
        <span class="rule"></span>
        ${
          head.canReveal
            ? html`<button
                class="tool"
                id="reveal"
                aria-pressed=${String(head.revealed)}
                title=${head.revealed ? t('Hide the held-out item again') : t('Show the held-out item and the metrics')}
                @click=${() => actions.reveal(!head.revealed)}
              >
                <i class="codicon codicon-${head.revealed ? 'eye' : 'eye-closed'}" aria-hidden="true"></i>
                <span>${head.revealed ? t('Revealed') : t('Reveal')}</span>
              </button>`
            : nothing
        }
        <button
          class="tool"
          id="breakpoints"
          title=${t('Where Continue holds')}
          @click=${actions.breakpoints}
        >
          <i class="codicon codicon-debug-breakpoint" aria-hidden="true"></i>
          <span
            >${head.breakpoints.length === 0 ? t('Breakpoints') : t('Holds at {0}', head.breakpoints.join(', '))}</span
          >
        </button>
        <span class="counts number">
          <span title=${t('Rounds used of those allowed')}
            >${t('{0} of {1} rounds', rounds, head.maxRounds)}</span
          >
          <span id="totals">${totals(head)}</span>
        </span>
      </div>
    </header>
    ${guard([JSON.stringify(head.branches), head.branch, head.olderLines], () => branchMap(head, actions))}`;
}

function tool(
  id: string,
  icon: string,
  label: string,
  title: string,
  run: () => void,
  disabled: boolean,
): TemplateResult {
  return html`<button class="tool" id=${id} title=${title} ?disabled=${disabled} @click=${run}>
    <i class="codicon codicon-${icon}" aria-hidden="true"></i>
    <span>${label}</span>
  </button>`;
}

function totals({ totals: sum }: SessionHead): string {
  return [
    ...(sum.calls > 0 ? [tokens(sum.tokens)] : []),
    ...(sum.cost > 0 ? [sum.unpriced > 0 ? t('at least {0}', money(sum.cost)) : money(sum.cost)] : []),
    duration(sum.milliseconds),
  ].join(' · ');
}

/** What a person should know now: one line each, the most urgent first. */
function notices(head: SessionHead, actions: SessionActions): TemplateResult {
  const { preparation } = head;
  const left = head.branch !== 'line';
  return html`<div class="notices">
    ${preparation.kind === 'failed' ? failedCallout(preparation.failure, { again: actions.tryAgain, log: actions.showLog }) : nothing}
    ${
      head.problem && preparation.kind !== 'failed'
        ? html`<div class="callout failed" role="alert">
            <i class="codicon codicon-error" aria-hidden="true"></i>
            <div>
              <p>${head.problem.message}</p>
              <p>${head.problem.remedy}</p>
            </div>
            <span class="grow"></span>
            ${button('close', t('Dismiss'), actions.dismiss, false)}
          </div>`
        : nothing
    }
    ${
      left
        ? notice(
            'history',
            t(
              'These rounds left the line when an earlier one was changed or taken back. They stay as they were.',
            ),
            html`
              <vscode-button
                @click=${() => actions.fork(head.branches.find(({ key }) => key === head.branch)?.rounds ?? 0)}
                >${t('Fork to Go On from Here')}</vscode-button
              >
              <vscode-button appearance="secondary" @click=${() => actions.show('line')}
                >${t('Back to the Present Line')}</vscode-button
              >
            `,
          )
        : nothing
    }
    ${head.held === null ? nothing : notice('debug-breakpoint', t('Held at a breakpoint: {0}. Step or Continue goes on.', head.held))}
    ${
      head.staleRounds > 0 && !left
        ? notice(
            'history',
            t(
              'The language model, a prompt or retrieval has changed: {0} of {1} rounds are stale. New rounds use what is set now; decide one anew to bring it up to date.',
              head.staleRounds,
              head.roundCount,
            ),
          )
        : nothing
    }
    ${head.replayed ? replayed(head.replayed, actions) : nothing}
  </div>`;
}

function notice(icon: string, text: string, more?: TemplateResult): TemplateResult {
  return html`<div class="callout" role="status">
    <i class="codicon codicon-${icon}" aria-hidden="true"></i>
    <div>
      <p>${text}</p>
      ${more ? html`<p class="actions">${more}</p>` : nothing}
    </div>
  </div>`;
}

function replayed(
  differences: NonNullable<SessionHead['replayed']>,
  actions: SessionActions,
): TemplateResult {
  if (differences.length === 0)
    return html`<div class="callout" role="status" id="replayed">
      <i class="codicon codicon-pass" aria-hidden="true"></i>
      <p>${t('Replayed without a model or an engine: everything came out the same.')}</p>
      <span class="grow"></span>
    </div>`;
  return html`<div class="callout failed" role="status" id="replayed">
    <i class="codicon codicon-diff" aria-hidden="true"></i>
    <div>
      <p>${t('Replayed, and {0} things came out differently:', differences.length)}</p>
      <ul class="differences">
        ${differences.map(
          ({ round, what, recorded, replayed: after }) =>
            html`<li>
              ${round === 0 ? t('result') : t('round {0}', round)}, ${what}:
              <code>${recorded.slice(0, 200)}</code> → <code>${after.slice(0, 200)}</code>
            </li>`,
        )}
      </ul>
      <p class="actions">
        <vscode-button appearance="secondary" @click=${actions.showLog}>${t('Show Log')}</vscode-button>
      </p>
    </div>
  </div>`;
}

function empty(head: SessionHead, actions: SessionActions): TemplateResult {
  return html`<div class="empty-rounds">
    <p>
      ${t('No round yet. In each one the surrogate user thinks, calls a tool, and looks at what it found; after {0} at most it has a list of {1}.', head.maxRounds, head.n)}
    </p>
    <p class="actions">
      <vscode-button ?disabled=${head.preparation.kind === 'failed'} @click=${actions.step}
        >${t('Step')}</vscode-button
      >
      <vscode-button
        appearance="secondary"
        ?disabled=${head.preparation.kind === 'failed'}
        @click=${actions.run}
        >${t('Continue to the End')}</vscode-button
      >
    </p>
  </div>`;
}

/** The round that is being decided, or that could not be. */
function pending(head: SessionHead, model: SessionModel): TemplateResult | typeof nothing {
  const { activity, failure, interrupted } = head;
  if (head.branch !== 'line') return nothing;
  if (activity?.kind === 'replay') return nothing;
  const deciding = activity && activity.phase === 'decide' ? activity : undefined;
  const writing = activity && model.writing !== '' ? model.writing : undefined;
  if (!activity && !failure && !interrupted) return nothing;
  if (activity && !deciding && activity.retries.length === 0 && writing === undefined) return nothing;
  const round = activity?.round ?? failure?.round ?? interrupted?.round ?? 0;
  const preparing = head.preparation.kind === 'working' ? head.preparation.message : '';
  return html`<li>
    <article
      class="round pending ${failure && !activity ? 'wrong' : ''}"
      data-pending
      aria-label=${t('Round {0}', round)}
    >
      <div class="gutter"><span class="ordinal">${round}</span></div>
      <div class="cell">
        ${
          activity
            ? html`<p class="dim">
                <i class="codicon codicon-loading codicon-modifier-spin" aria-hidden="true"></i>
                ${preparing !== '' ? t('{0}…', preparing) : deciding ? t('Deciding…') : t('Running…')}
              </p>`
            : nothing
        }
        ${activity?.retries.map(({ attempt, milliseconds, message }) => html`<p class="repair"><i class="codicon codicon-sync" aria-hidden="true"></i> ${t('Retry {0} in {1}: {2}', attempt, duration(milliseconds), message)}</p>`)}
        ${writing === undefined ? nothing : html`<pre class="writing" .textContent=${writing}></pre>`}
        ${!activity && failure ? html`<div id="failure" role="alert">${problemLine(failure.failure.message, failure.failure.remedy)}</div>` : nothing}
        ${
          !activity && interrupted
            ? html`<p class="dim" id="interrupted">
                  <i class="codicon codicon-debug-stop" aria-hidden="true"></i>
                  ${t('Stopped in the middle. Step tries the round again.')}
                </p>
                ${interrupted.partial === '' ? nothing : html`<pre class="writing" .textContent=${interrupted.partial}></pre>`}`
            : nothing
        }
      </div>
    </article>
  </li>`;
}

function result(
  head: SessionHead,
  model: SessionModel,
  actions: SessionActions,
): TemplateResult | typeof nothing {
  const { result: shown } = head;
  if (!shown || head.branch !== 'line') return nothing;
  const metrics = shown.metrics;
  return html`<section class="result" aria-label=${t('Result')} id="result" tabindex="-1">
    <div class="bar">
      <h2>${t('Result · top {0}', shown.items.length)}</h2>
      <span class="dim"
        >${shown.reason}${shown.completed > 0 ? ` ${t('{0} were completed by rule.', shown.completed)}` : ''}</span
      >
    </div>
    ${
      head.revealed && head.canReveal
        ? html`<dl class="metrics">
            <div>
              <dt>${t('Held-out item')}</dt>
              <dd>
                ${head.heldOut.join(', ')}
                <small
                  >${metrics?.rank === null || metrics === null ? t('not in the list') : t('rank {0}', metrics.rank)}</small
                >
              </dd>
            </div>
            ${metrics?.values.map(
              ({ name, value }) =>
                html`<div>
                  <dt>${metricName(name)}</dt>
                  <dd class="number">${number(value, 3)}</dd>
                </div>`,
            )}
          </dl>`
        : nothing
    }
    ${itemTable(shown.items, head.columns, 0, model, actions)}
    <p class="sources dim">
      ${head.offline ? t('Decided by the offline policy, no language model.') : t('Decided by {0}.', head.policy)}
      ${head.floor ? t('Retrieval: {0}. Nothing is trained on this dataset.', head.retrieval) : t('Retrieval: {0}.', head.retrieval)}
      ${head.simulated ? t('Simulated data: these numbers say nothing about people.') : ''}
    </p>
  </section>`;
}

function metricName(name: string): string {
  return name.replace(/^recall/, 'Recall').replace(/^ndcg/, 'NDCG');
}
