import './no-eval.ts';
import { render } from 'lit';
import './training.css';
import './curve-plot.ts';
import { connect, keepView, keptView, remember, takeOver } from './host.ts';
import { KeptScroll } from './kept-scroll.ts';
import { setLanguage } from './language.ts';
import { trainingContract } from './protocol.ts';
import type { SelectedCurve, TrainingState } from './protocol.ts';
import { registerComponents } from './toolkit.ts';
import { trainingView } from './training-view.ts';

/** Entry of the training panel. Keeps only where the person has scrolled: what is shown comes from the host. */
registerComponents();

let state: TrainingState | undefined;
let curves: readonly SelectedCurve[] = [];
const scroll = new KeptScroll(window, keptView()['scroll'], (at) => keepView({ scroll: at }));

const host = connect(trainingContract, {
  language: (language) => {
    setLanguage(language);
    draw();
  },
  remember,
  state: (next) => {
    state = next;
    draw();
  },
  curves: (next) => {
    ({ curves } = next);
    draw();
  },
});

function draw(): void {
  const root = document.querySelector<HTMLElement>('#app');
  if (!root || !state) return;
  takeOver(root);
  render(
    trainingView(state, curves, {
      select: (ids) => host.tell('select', { ids: [...ids] }),
      options: (options) => host.tell('options', options),
      train: () => host.tell('train', {}),
      createSample: () => host.tell('createSample', {}),
      act: (action, id) => host.tell(action, { id }),
      compare: (ids) => host.tell('compare', { ids: [...ids] }),
      showLog: () => host.tell('showLog', {}),
      reload: () => host.tell('reload', {}),
    }),
    root,
  );
  root.setAttribute('aria-busy', String(state.kind === 'loading'));
  requestAnimationFrame(() => scroll.drawn()); // the charts have their height by then
}

host.ready();
