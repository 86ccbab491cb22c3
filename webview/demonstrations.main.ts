import './no-eval.ts';
import { render } from 'lit';
import './demonstrations.css';
import { demonstrationsView, type DemonstrationsModel } from './demonstrations-view.ts';
import { connect } from './host.ts';
import { setLanguage } from './language.ts';
import { demonstrationsContract } from './protocol.ts';
import type { DemonstrationsState, EditedDemonstration } from './protocol.ts';
import { registerComponents } from './toolkit.ts';

/** Entry of the list of demonstrations. Keeps only what is being written; all else comes from the host. */
registerComponents();

let state: DemonstrationsState | undefined;
let model: Pick<DemonstrationsModel, 'open' | 'editing' | 'problem'> = {};

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

async function save(index: number, demonstration: EditedDemonstration): Promise<void> {
  try {
    await host.request('edit', { index, demonstration });
    model = { open: index };
  } catch (error) {
    model = { ...model, problem: (error as Error).message };
  }
  draw();
}

function draw(): void {
  const root = document.querySelector<HTMLElement>('#app');
  if (!root || !state) return;
  render(
    demonstrationsView(
      { state, ...model },
      {
        toggle: (index) => {
          model = model.open === index ? {} : { open: index };
          draw();
        },
        move: (from, to) => {
          model = {};
          host.tell('move', { from, to });
        },
        enable: (index, enabled) => host.tell('enable', { index, enabled }),
        remove: (index) => {
          model = {};
          host.tell('remove', { index });
        },
        edit: (index) => {
          model = { open: index, editing: index };
          draw();
        },
        cancel: () => {
          model = model.open === undefined ? {} : { open: model.open };
          draw();
        },
        save: (index, demonstration) => void save(index, demonstration),
        addFromSession: () => host.tell('addFromSession', {}),
        showText: (line) => host.tell('showText', { line }),
      },
    ),
    root,
  );
}

host.ready();
