import './no-eval.ts';
import { render } from 'lit';
import './prompt-preview.css';
import { connect, remember } from './host.ts';
import { setLanguage } from './language.ts';
import { previewView } from './prompt-preview-view.ts';
import { previewContract } from './protocol.ts';
import type { PreviewState } from './protocol.ts';
import { registerComponents } from './toolkit.ts';

/** Entry of the prompt preview. */
registerComponents();

let state: PreviewState | undefined;

const host = connect(previewContract, {
  language: (language) => {
    setLanguage(language);
    draw();
  },
  remember,
  state: (next) => {
    state = next;
    draw();
    const { sequence } = next;
    requestAnimationFrame(() => host.tell('painted', { sequence }));
  },
});

function draw(): void {
  const root = document.querySelector<HTMLElement>('#app');
  if (!root || !state) return;
  render(
    previewView(state, {
      choose: (choice) => host.tell('choose', choice),
      goTo: (line, column) => host.tell('goTo', { line, column }),
    }),
    root,
  );
}

host.ready();
