import './no-eval.ts';
import { render } from 'lit';
import './dataset.css';
import { datasetView } from './dataset-view.ts';
import type { DatasetModel } from './dataset-view.ts';
import { connect, remember, takeOver } from './host.ts';
import { setLanguage } from './language.ts';
import './plot.ts';
import { inspectorContract } from './protocol.ts';
import type { InspectorState } from './protocol.ts';
import { registerComponents } from './toolkit.ts';

/** Entry of the dataset inspector. Keeps what the page shows; all of it comes from the host. */
registerComponents();

let state: InspectorState | undefined;
let catalogue: DatasetModel['catalogue'] = { query: '', offset: 0 };
let history: DatasetModel['history'] = {};
let asked = 0;

const host = connect(inspectorContract, {
  language: (language) => {
    setLanguage(language);
    draw();
  },
  remember,
  state: (next) => {
    const fresh = next.kind === 'full' && state?.kind !== 'full';
    state = next;
    draw();
    if (fresh) {
      void showItems(catalogue.query, catalogue.offset);
      void showHistory(history.shown?.user ?? null);
    }
  },
});

async function showItems(query: string, offset: number): Promise<void> {
  const mine = ++asked;
  catalogue = { ...catalogue, query, offset };
  draw();
  try {
    const page = await host.request('items', { query, offset });
    if (mine === asked) catalogue = { query, offset, page };
  } catch (error) {
    if (mine === asked) catalogue = { query, offset, problem: (error as Error).message };
  }
  draw();
}

async function showHistory(user: number | null): Promise<void> {
  try {
    history = { shown: await host.request('history', { user }) };
  } catch (error) {
    history = { problem: (error as Error).message };
  }
  draw();
}

function draw(): void {
  const root = document.querySelector<HTMLElement>('#app');
  if (!root || !state) return;
  takeOver(root);
  render(
    datasetView(
      { state, catalogue, history },
      {
        reload: () => host.tell('reload', {}),
        showLog: () => host.tell('showLog', {}),
        showItems: (query, offset) => void showItems(query, offset),
        showHistory: (user) => void showHistory(user),
      },
    ),
    root,
  );
  root.setAttribute('aria-busy', String(state.kind === 'loading'));
}

host.ready();
