import './no-eval.ts';
import { render } from 'lit';
import './compare.css';
import { compareView, moveToChange } from './compare-view.ts';
import { connect, remember } from './host.ts';
import { setLanguage } from './language.ts';
import { compareContract } from './protocol/compare.ts';
import type { CompareState } from './protocol/compare.ts';
import { registerComponents } from './toolkit.ts';

/** Entry of “Compare Sessions”. Keeps nothing: all of it comes from the host. */
registerComponents();

let state: CompareState | undefined;

const host = connect(compareContract, {
  language: (language) => {
    setLanguage(language);
    draw();
  },
  remember,
  state: (next) => {
    state = next;
    draw();
  },
});

function draw(): void {
  const root = document.querySelector<HTMLElement>('#app');
  if (!root || !state) return;
  render(
    compareView(state, {
      onlyChanged: (on) => host.tell('onlyChanged', { on }),
      swap: () => host.tell('swap', {}),
      open: (side) => host.tell('open', { side }),
      reload: () => host.tell('reload', {}),
      showLog: () => host.tell('showLog', {}),
    }),
    root,
  );
  root.setAttribute('aria-busy', String(state.kind === 'loading'));
}

// J and K, as in the session panel; F7 as in VS Code's own comparisons.
window.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'j' || (event.key === 'F7' && !event.shiftKey)) moveToChange(1);
  else if (event.key === 'k' || (event.key === 'F7' && event.shiftKey)) moveToChange(-1);
  else return;
  event.preventDefault();
});

host.ready();
