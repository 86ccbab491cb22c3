import './no-eval.ts';
import { render } from 'lit';
import './demonstrations.css';
import { demonstrationsActions, type OpenEntry } from './demonstrations-model.ts';
import { demonstrationsView } from './demonstrations-view.ts';
import { connect } from './host.ts';
import { setLanguage } from './language.ts';
import { demonstrationsContract } from './protocol.ts';
import type { DemonstrationsState } from './protocol.ts';
import { registerComponents } from './toolkit.ts';

/** Entry of the list of demonstrations. Keeps only what is being written; all else comes from the host. */
registerComponents();

let state: DemonstrationsState | undefined;
let entry: OpenEntry = {};

const host = connect(demonstrationsContract, {
  language: (language) => {
    setLanguage(language);
    draw();
  },
  state: (next) => {
    state = next;
    draw();
  },
});

const actions = demonstrationsActions(
  {
    move: (from, to) => host.tell('move', { from, to }),
    enable: (index, enabled) => host.tell('enable', { index, enabled }),
    remove: (index) => host.tell('remove', { index }),
    save: (index, demonstration) => host.request('edit', { index, demonstration }),
    addFromSession: () => host.tell('addFromSession', {}),
    showText: (line) => host.tell('showText', { line }),
  },
  () => entry,
  (next) => {
    entry = next;
    draw();
  },
);

function draw(): void {
  const root = document.querySelector<HTMLElement>('#app');
  if (!root || !state) return;
  render(demonstrationsView({ state, ...entry }, actions), root);
}

host.ready();
