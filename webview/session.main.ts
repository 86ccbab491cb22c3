import './no-eval.ts';
import { render } from 'lit';
import { demonstrationsActions } from './demonstrations-model.ts';
import { connect, remember, takeOver, wallClock } from './host.ts';
import { setLanguage, t } from './language.ts';
import { sessionContract, wholeRounds } from './protocol.ts';
import type { SessionRound } from './protocol.ts';
import { emptyModel, type Part, type SessionActions } from './session-model.ts';
import { keepTypingHere } from './session-keys.ts';
import { sessionView } from './session-view.ts';
import './session.css';

/** Entry of the session panel. Keeps what is open on the page; all else comes from the host. */

/** The first picture has the rounds that can be in view; the others follow it. A round with a table is no lower. */
const leastRoundHeight = 320;
const model = emptyModel(
  Math.max(
    2,
    Math.ceil(window.innerHeight / leastRoundHeight),
    document.querySelectorAll('#app [data-round]').length, // of the picture that the page came with
  ),
);
let shownSession = '';
let focused = 0;

const host = connect(sessionContract, {
  language: (language) => {
    setLanguage(language);
    draw();
  },
  remember,
  rounds: ({ count, rounds }) => {
    model.rounds = withRounds(model.rounds.slice(0, count), rounds);
  },
  near: ({ rounds }) => {
    model.rounds = withRounds(
      model.rounds,
      rounds.filter(({ number }) => number <= model.rounds.length),
    );
    drawSoon();
  },
  state: ({ revision, state }) => {
    latest = { revision, received: wallClock() };
    model.state = state;
    if (state.kind === 'full') {
      const { head } = state;
      if (head.id !== shownSession) forget(head.id);
      if (!head.activity) model.writing = '';
      if (model.editing && (head.branch !== 'line' || model.editing.round > model.rounds.length))
        model.editing = undefined;
      if (model.trail && model.trail.round > model.rounds.length) model.trail = undefined;
      void askTrail(); // what has changed may be on it
    }
    showState();
  },
  demonstrations: (examples) => {
    model.examples = examples;
    draw();
  },
  writing: ({ text }) => {
    if (text === model.writing) return;
    model.writing = text;
    draw();
  },
  perform: ({ move }) => {
    switch (move) {
      case 'next':
        focusRound(focused + 1);
        return;
      case 'previous':
        focusRound(focused === 0 ? model.rounds.length : focused - 1);
        return;
      case 'edit':
        if (focused > 0) actions.edit(focused, 'action');
        return;
      case 'rerun':
        if (focused > 0) actions.rerun(focused);
        return;
      case 'fork':
        actions.fork(focused > 0 ? focused : model.rounds.length);
    }
  },
});

const actions: SessionActions = {
  step: () => host.tell('step', {}),
  run: () => host.tell('run', {}),
  stop: () => host.tell('stop', {}),
  back: () => host.tell('back', {}),
  restart: () => host.tell('restart', {}),
  replay: () => host.tell('replay', {}),
  reveal: (on) => host.tell('reveal', { on }),
  fork: (round) => host.tell('fork', { round }),
  rerun: (round) => host.tell('rerun', { round }),
  show: (key) => host.tell('show', { key }),
  showOlder: () => host.tell('showOlder', {}),
  openCall: (round, call, what) => host.tell('openCall', { round, call, what }),
  openPrompt: () => host.tell('openPrompt', {}),
  breakpoints: () => host.tell('breakpoints', {}),
  breakAfter: (round) => host.tell('breakAfter', { round }),
  chooseModel: () => host.tell('chooseModel', {}),
  chooseRetrieval: () => host.tell('chooseRetrieval', {}),
  tryAgain: () => host.tell('tryAgain', {}),
  dismiss: () => host.tell('dismiss', {}),
  newSession: () => host.tell('newSession', {}),
  more: () => host.tell('more', {}),
  showLog: () => host.tell('showLog', {}),
  edit: (round, part) => {
    const shown = model.rounds[round - 1];
    if (!shown || !mayEdit(shown)) return;
    model.editing = { round, part, text: editText(shown, part) };
    draw();
    const field = document.querySelector<HTMLTextAreaElement>('#editor');
    field?.focus();
    field?.setSelectionRange(field.value.length, field.value.length);
  },
  write: (text) => {
    if (model.editing) model.editing = { ...model.editing, text };
  },
  commit: () => void commit(),
  putBack: () => {
    const round = model.editing?.round;
    model.editing = undefined;
    draw();
    if (round !== undefined) focusRound(round);
  },
  unfold: (round) => {
    if (!model.unfolded.delete(round)) model.unfolded.add(round);
    draw();
  },
  openTrail: (round, item) => void openTrail(round, item),
  showHistory: () => void showHistory(),
  togglePrompt: () => void togglePrompt(),
  choosePrompt: (which) => {
    const { prompt } = model;
    if (!prompt || prompt.which === which) return;
    model.prompt = { ...prompt, which };
    watchExamples(which === 'demonstrations');
    draw();
  },
  writePrompt: (text) => {
    if (!model.prompt) return;
    const { shown, which } = model.prompt;
    model.prompt = { shown, which, text };
    draw();
  },
  addExample: () => host.tell('addToDemonstrations', {}),
  savePrompt: () => void savePrompt(),
};

model.examplesActions = demonstrationsActions(
  {
    move: (from, to) => host.tell('changeDemonstrations', { what: 'move', from, to }),
    enable: (index, enabled) => host.tell('changeDemonstrations', { what: 'enable', index, enabled }),
    remove: (index) => host.tell('changeDemonstrations', { what: 'remove', index }),
    save: (index, demonstration) => host.request('editDemonstration', { index, demonstration }),
    addFromSession: () => actions.addExample(),
    showText: (line) => host.tell('showDemonstrations', { line }),
  },
  () => model.example,
  (next) => {
    model.example = next;
    draw();
  },
);

/** The host watches the file while the list is in view. */
function watchExamples(on: boolean): void {
  if (!on) {
    model.examples = undefined;
    model.example = {};
  }
  host.tell('watchDemonstrations', { on });
}

function withRounds(rounds: readonly SessionRound[], changed: readonly SessionRound[]): SessionRound[] {
  const all = [...rounds];
  for (const round of changed) all[round.number - 1] = round;
  return all;
}

/** Another session in this panel: what was open belonged to the one before. */
function forget(id: string): void {
  if (shownSession !== '') model.most = wholeRounds; // whoever looks at the end of one session stays there
  shownSession = id;
  model.editing = undefined;
  model.trail = undefined;
  model.history = undefined;
  model.prompt = undefined;
  model.examples = undefined;
  model.example = {};
  model.unfolded.clear();
  focused = 0;
}

function mayEdit(round: SessionRound): boolean {
  return (
    model.state?.kind === 'full' &&
    !model.state.head.activity &&
    model.state.head.branch === 'line' &&
    round.stale !== 'left'
  );
}

function editText(round: SessionRound, part: Part): string {
  if (part === 'thought') return round.thought;
  if (part === 'action') return round.action ?? '';
  return round.observation?.items.map(({ title }) => title).join('\n') ?? '';
}

async function commit(): Promise<void> {
  const { editing } = model;
  if (!editing || editing.busy) return;
  const { round, part, text } = editing;
  model.editing = { round, part, text, busy: true };
  draw();
  try {
    await host.request('edit', { round, part, text });
    model.editing = undefined;
    draw();
    focusRound(round);
  } catch (error) {
    const { message, remedy } = error as Error & { remedy?: string };
    model.editing = { round, part, text, problem: `${message} ${remedy ?? ''}`.trim() };
    draw();
    document.querySelector<HTMLTextAreaElement>('#editor')?.focus();
  }
}

async function openTrail(round: number, item: number): Promise<void> {
  if (model.trail?.round === round && model.trail.item === item) {
    model.trail = undefined;
    trailsAsked++;
    draw();
    return;
  }
  model.trail = { round, item };
  draw();
  await askTrail();
}

let trailsAsked = 0;

/** The trail of the item that is open, by the line that is shown now. */
async function askTrail(): Promise<void> {
  const { trail: open } = model;
  if (!open) return;
  const { round, item } = open;
  const asked = ++trailsAsked;
  const answer = await host.request('trail', { item }).then(
    (trail) => ({ trail }),
    (error: unknown) => ({ problem: (error as Error).message }),
  );
  if (asked !== trailsAsked || !model.trail) return; // another has been asked for meanwhile, or none is open
  model.trail = { round, item, ...answer };
  draw();
}

async function showHistory(): Promise<void> {
  model.history = model.history ? undefined : (await host.request('history', {})).cards;
  draw();
}

async function togglePrompt(): Promise<void> {
  if (model.prompt) {
    model.prompt = undefined;
    watchExamples(false);
  } else {
    const shown = await host.request('prompt', {});
    model.prompt = { shown, which: 'prompt', text: shown.text };
  }
  draw();
}

async function savePrompt(): Promise<void> {
  const { prompt } = model;
  if (!prompt) return;
  const { which, text } = prompt;
  try {
    model.prompt = { shown: await host.request('savePrompt', { text }), which, text };
  } catch (error) {
    const { message, remedy } = error as Error & { remedy?: string };
    model.prompt = { ...prompt, problem: `${message} ${remedy ?? ''}`.trim() };
  }
  draw();
}

function focusRound(round: number): void {
  if (round > model.most) drawRest();
  const wanted = Math.max(1, Math.min(round, model.rounds.length));
  const cell = document.querySelector<HTMLElement>(`[data-round="${wanted}"]`);
  if (!cell) return;
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: 'nearest' });
}

document.addEventListener('focusin', (event) => {
  const cell = (event.target as Element).closest<HTMLElement>('[data-round]');
  const round = Number(cell?.dataset['round'] ?? 0);
  if (round === focused || round === 0) return;
  focused = round;
  host.tell('focused', { round });
});
keepTypingHere(document);

/** Whether the last round is in view, so that the next one should be too. */
function nearEnd(): boolean {
  const last = document.querySelector('.rounds ol > li:last-child');
  return !!last && last.getBoundingClientRect().top < window.innerHeight;
}

let announced = '';

/** Says to a screen reader what a sighted person sees happen. */
function announce(): void {
  const { state } = model;
  if (state?.kind !== 'full') return;
  const { head } = state;
  const last = model.rounds.at(-1);
  const text = head.result
    ? t('The session has ended: {0}', head.result.reason)
    : head.failure && !head.activity
      ? t('Round {0} failed: {1}', head.failure.round, head.failure.failure.message)
      : last?.observation
        ? t('Round {0}: {1}, {2} items', last.number, last.action ?? '', last.observation.items.length)
        : '';
  if (text === announced) return;
  announced = text;
  const live = document.querySelector('#live');
  if (live) live.textContent = text;
}

function drawRest(): void {
  const more = model.rounds.length > model.most;
  model.most = Infinity;
  if (more) draw();
}

/** What the host has told last, and when it came. */
let latest = { revision: 0, received: 0 };
/** The frame that will show what has been drawn. */
let frame: number | undefined;
/** Something has come that is not drawn yet. */
let behind = false;
let followable = false;

/** A page that has drawn so recently is busy: it draws once a frame. */
const busyMs = 50;
let drawnAt = -Infinity;

/**
 * A page that has been idle draws as soon as what has come is read, for messages come in bursts; what comes after that
 * and before the frame is drawn once, in the frame.
 */
function showState(): void {
  behind = true;
  if (frame !== undefined) return;
  if (performance.now() - drawnAt > busyMs) setTimeout(drawState, 0);
  frame = requestAnimationFrame(() => {
    frame = undefined;
    drawState();
    const { revision, received } = latest;
    // Runs after the picture that this frame makes.
    setTimeout(() => {
      drawnAt = performance.now();
      host.tell('drawn', { revision, received, drawn: wallClock() });
      if (model.state?.kind === 'full' && model.most !== Infinity) drawRest();
      loadComponents();
    }, 0);
  });
}

function drawState(): void {
  if (!behind) return;
  behind = false;
  const activity = model.state?.kind === 'full' && model.state.head.activity !== null;
  const follow = followable && activity && nearEnd();
  draw();
  announce();
  showOnMap();
  if (follow) document.querySelector('.rounds ol > li:last-child')?.scrollIntoView({ block: 'nearest' });
  followable = model.state?.kind === 'full';
}

let mapped = 'line';

/** Brings the line that is shown into view where the map is of many. */
function showOnMap(): void {
  const branch = model.state?.kind === 'full' ? model.state.head.branch : mapped;
  if (branch === mapped) return;
  mapped = branch;
  const map = document.querySelector('.map');
  const row = map?.querySelector('.map-branch.shown');
  if (!map || !row) return;
  // A branch reaches down to its own row from that of the branch that it leaves.
  const { bottom } = row.getBoundingClientRect();
  const view = map.getBoundingClientRect();
  if (bottom > view.bottom) map.scrollTop += bottom - view.bottom + 4;
  else if (bottom < view.top + 16) map.scrollTop -= view.top + 16 - bottom;
}

let components: Promise<void> | undefined;

/** Few of them are in the first picture, and base.css shows those much as they will be: they come after it. */
function loadComponents(): void {
  components ??= import('./toolkit.js').then(
    ({ registerComponents }) => registerComponents(),
    (error: unknown) => {
      components = undefined; // the next picture tries again
      throw error;
    },
  );
}

let drawing: number | undefined;

/** What comes in one frame becomes one picture. */
function drawSoon(): void {
  drawing ??= requestAnimationFrame(() => {
    drawing = undefined;
    draw();
  });
}

function draw(): void {
  const root = document.querySelector<HTMLElement>('#app');
  if (!root || !model.state) return;
  takeOver(root);
  render(sessionView(model, actions), root);
  root.setAttribute('aria-busy', String(model.state.kind === 'preparing'));
  if (model.rounds.length > wholeRounds) watchRounds(root);
}

/** Faster than this, in px a ms, nobody reads: outlines pass by, and the rounds are drawn whole where it ends. */
const fastest = 2;
const settleMs = 80;
let speed = 0;
let settling: ReturnType<typeof setTimeout> | undefined;
let scrolled = { top: 0, time: 0 };

document.addEventListener(
  'scroll',
  ({ timeStamp: time }) => {
    const { scrollTop: top } = document.scrollingElement ?? document.documentElement;
    speed = Math.abs(top - scrolled.top) / Math.max(1, time - scrolled.time);
    scrolled = { top, time };
  },
  { passive: true },
);

function tellNear(): void {
  host.tell('near', { rounds: [...model.near] });
  drawSoon();
}

/** Finds out which rounds are close to the view; the others of a long session are outlines. */
const nearby = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const round = Number((target as HTMLElement).dataset['item']);
      if (isIntersecting) model.near.add(round);
      else model.near.delete(round);
    }
    clearTimeout(settling);
    if (speed > fastest) settling = setTimeout(tellNear, settleMs);
    else tellNear();
  },
  { rootMargin: '1200px 0px' },
);
const watched = new WeakSet<Element>();

function watchRounds(root: HTMLElement): void {
  for (const item of root.querySelectorAll('.rounds > ol > li[data-item]'))
    if (!watched.has(item)) {
      watched.add(item);
      nearby.observe(item);
    }
}

const live = document.createElement('div');
live.id = 'live';
live.className = 'visually-hidden';
live.setAttribute('role', 'status');
document.body.append(live);
host.ready();
