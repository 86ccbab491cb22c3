import './no-eval.ts';
import { render } from 'lit';
import './experiment.css';
import { experimentView } from './experiment-view.ts';
import { connect, remember } from './host.ts';
import { setLanguage } from './language.ts';
import { experimentContract, type ExperimentState } from './protocol/experiment.ts';
import { registerComponents } from './toolkit.ts';

/** Entry of the experiment panel. Keeps nothing: all of it comes from the host. */
registerComponents();

let state: ExperimentState | undefined;

const host = connect(experimentContract, {
  language: (language) => {
    setLanguage(language);
    draw();
  },
  remember,
  state: (next) => {
    const opened = next.kind === 'full' && next.users !== null;
    const before = state?.kind === 'full' ? state.users?.method : undefined;
    state = next;
    draw();
    // A list that was just asked for comes into view and takes the focus.
    if (opened && before !== next.users!.method) {
      const list = document.querySelector<HTMLElement>('#users');
      list?.scrollIntoView({ block: 'nearest' });
      list?.focus({ preventScroll: true });
    }
  },
});

function draw(): void {
  const root = document.querySelector<HTMLElement>('#app');
  if (!root || !state) return;
  render(experimentView(state, host), root);
  root.setAttribute('aria-busy', String(state.kind === 'loading'));
}

host.ready();
