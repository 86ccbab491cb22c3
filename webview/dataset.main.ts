import './no-eval.ts';
import { render } from 'lit';
import './dataset.css';
import { datasetView } from './dataset-view.ts';
import type { DatasetModel } from './dataset-view.ts';
import { connect, keepView, keptView, remember, takeOver } from './host.ts';
import { KeptScroll } from './kept-scroll.ts';
import { setLanguage } from './language.ts';
import './plot.ts';
import { inspectorContract } from './protocol.ts';
import type { InspectorState } from './protocol.ts';
import { registerComponents } from './toolkit.ts';

/** Entry of the dataset inspector. Keeps what the page shows; all of it comes from the host. */
registerComponents();

let state: InspectorState | undefined;
const { scroll: keptScroll, query, offset, user: keptUser } = keptView();
let catalogue: DatasetModel['catalogue'] = {
  query: typeof query === 'string' ? query : '',
  offset: typeof offset === 'number' ? offset : 0,
};
let history: DatasetModel['history'] = {};
let asked = 0;
let at = typeof keptScroll === 'number' ? keptScroll : 0;
const scroll = new KeptScroll(window, at, (now) => {
  at = now;
  keep();
});

/** For when the tab is hidden, and its page dropped. */
function keep(): void {
  keepView({ scroll: at, query: catalogue.query, offset: catalogue.offset, user: history.shown?.user });
}

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
      const user = history.shown?.user ?? keptUser;
      void showHistory(typeof user === 'number' ? user : null);
    }
  },
});

async function showItems(query: string, offset: number): Promise<void> {
  const mine = ++asked;
  catalogue = { ...catalogue, query, offset };
  draw();
  try {
    const page = await host.request('items', { query, offset });
    // The dataset may have become a smaller one.
    if (mine === asked && page.rows.length === 0 && offset > 0) return showItems(query, 0);
    if (mine === asked) catalogue = { query, offset, page };
  } catch (error) {
    if (mine === asked) catalogue = { query, offset, problem: (error as Error).message };
  }
  draw();
  keep();
}

async function showHistory(user: number | null): Promise<void> {
  try {
    history = { shown: await host.request('history', { user }) };
  } catch (error) {
    // The user who was looked at may be gone from the dataset.
    if (user !== null) return showHistory(null);
    history = { problem: (error as Error).message };
  }
  draw();
  keep();
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
  requestAnimationFrame(() => scroll.drawn()); // the plots have their height by then
}

host.ready();
