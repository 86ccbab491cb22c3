import { render } from '@lit-labs/ssr/lib/render.js';
import { collectResultSync } from '@lit-labs/ssr/lib/render-result.js';
import type { TemplateResult } from 'lit';
import { datasetView, type DatasetActions } from './dataset-view.ts';
import { useLanguage } from './language.ts';
import type { Pictures } from './protocol.ts';
import { emptyModel, type SessionActions, type SessionModel } from './session-model.ts';
import { sessionView } from './session-view.ts';
import { trainingView, type TrainingActions } from './training-view.ts';

/**
 * First pictures of panels, drawn in the extension host by the views of the pages themselves while VS Code still makes
 * the frame: a person sees the panel before the page's script has come. That one draws the same anew and answers.
 */
export const pictures: Pictures = {
  session: ({ head, rounds }, language) => {
    useLanguage(language);
    const model: SessionModel = {
      ...emptyModel(mostRounds),
      state: { kind: 'full', head },
      rounds: [...rounds],
    };
    return drawn(sessionView(model, noActions as SessionActions));
  },
  training: (state, language) => {
    useLanguage(language);
    return drawn(trainingView(state, [], noActions as TrainingActions));
  },
  dataset: (state, language) => {
    useLanguage(language);
    const catalogue = { query: '', offset: 0 };
    return drawn(datasetView({ state, catalogue, history: {} }, noActions as DatasetActions));
  },
};

/** What lit leaves for a page that would take its picture over piece by piece. Text of others has no “<” left. */
const marks = /<!--\/?lit-[^>]*-->|<\?>/g;

/** lit writes what an element is told as an attribute. Of these HTML asks only whether it is there, not what it says. */
const notSo = /\s(?:checked|disabled|open|selected)="false"/g;

function drawn(view: TemplateResult): string {
  return collectResultSync(render(view)).replace(marks, '').replace(notSo, '');
}

/** Rounds in the picture: as many as most windows show. */
const mostRounds = 2;
/** Nobody can press anything in a picture. */
const noActions = {};
