import type { InspectorState } from '../protocol.ts';
import type { SessionHead, SessionRound } from './session.ts';
import type { TrainingState } from './training.ts';

export interface Language {
  /** BCP 47. */
  readonly locale: string;
  /** Texts in the person's language by the English one. */
  readonly texts: Readonly<Record<string, string>>;
}

/** What the host can draw itself (`dist/pictures.cjs`, made of pictures.ts): HTML, with all texts escaped. */
export interface Pictures {
  session(
    page: { readonly head: SessionHead; readonly rounds: readonly SessionRound[] },
    language: Language,
  ): string;
  training(state: TrainingState, language: Language): string;
  dataset(state: InspectorState, language: Language): string;
}
