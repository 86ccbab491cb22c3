import type { ProtocolName } from '../agent/prompts/values.ts';
import type { Texts } from './texts.ts';

/** Who decides and ranks in a session: statistics alone, a model that VS Code has, or a model behind a server. */
export type LanguageModelChoice =
  | { readonly kind: 'offline' }
  /** `id` as `vscode.lm` knows it; `name` is what a person calls it, where that is known. */
  | { readonly kind: 'vscode'; readonly id: string; readonly name?: string; readonly protocol: ProtocolName }
  | {
      readonly kind: 'openai';
      /** Normalised (src/llm/base-url.ts) when it comes from a person's choice; as written when from settings. */
      readonly baseURL: string;
      readonly model: string;
      readonly protocol: ProtocolName;
    };

export const offlineChoice: LanguageModelChoice = { kind: 'offline' };

/** The settings that a choice is kept in. */
export interface ChoiceSettings {
  readonly provider: 'offline' | 'vscode' | 'openai';
  readonly baseUrl: string;
  readonly model: string;
  readonly protocol: ProtocolName;
}

export function choiceOf({ provider, baseUrl, model, protocol }: ChoiceSettings): LanguageModelChoice {
  switch (provider) {
    case 'offline':
      return offlineChoice;
    case 'vscode':
      return { kind: 'vscode', id: model, protocol };
    case 'openai':
      return { kind: 'openai', baseURL: baseUrl, model, protocol };
  }
}

/** The settings to write for a choice. What the choice does not say stays as it is. */
export function settingsOf(choice: LanguageModelChoice): Partial<ChoiceSettings> {
  switch (choice.kind) {
    case 'offline':
      return { provider: 'offline' };
    case 'vscode':
      return { provider: 'vscode', model: choice.id, protocol: choice.protocol };
    case 'openai':
      return {
        provider: 'openai',
        baseUrl: choice.baseURL,
        model: choice.model,
        protocol: choice.protocol,
      };
  }
}

export function sameChoice(a: LanguageModelChoice, b: LanguageModelChoice): boolean {
  return JSON.stringify(settingsOf(a)) === JSON.stringify(settingsOf(b));
}

/** Short: “offline”, “llama3.1 at 127.0.0.1:11434”, “GPT-4o in VS Code”. */
export function choiceText(choice: LanguageModelChoice, texts: Texts): string {
  switch (choice.kind) {
    case 'offline':
      return texts.t('offline');
    case 'vscode':
      return texts.t('{0} in VS Code', choice.name ?? (choice.id || '?'));
    case 'openai':
      return texts.t('{0} at {1}', choice.model || '?', hostOf(choice.baseURL));
  }
}

/** A sentence of what the choice means for a session. */
export function choiceSentence(choice: LanguageModelChoice, texts: Texts): string {
  switch (choice.kind) {
    case 'offline':
      return texts.t('No language model: statistics of the catalogue decide. No network, no key, no cost.');
    case 'vscode':
      return texts.t('A language model that another extension brings to VS Code decides and ranks.');
    case 'openai':
      return texts.t(
        'Prompts with titles of the history go to {0}, whose model decides and ranks.',
        hostOf(choice.baseURL),
      );
  }
}

export function protocolText(protocol: ProtocolName, texts: Texts): string {
  switch (protocol) {
    case 'react':
      return texts.t('ReAct text');
    case 'tools':
      return texts.t('tool calls');
    case 'json':
      return texts.t('JSON');
  }
}

export function protocolSentence(protocol: ProtocolName, texts: Texts): string {
  switch (protocol) {
    case 'react':
      return texts.t('Thought and action as text, as in the paper. Works with every model.');
    case 'tools':
      return texts.t('The model calls Retrieve, Rank and Finish as tools. For models trained to call tools.');
    case 'json':
      return texts.t('The model writes JSON of a schema. For servers that hold a model to a schema.');
  }
}

function hostOf(baseURL: string): string {
  return URL.canParse(baseURL) ? new URL(baseURL).host : baseURL.slice(0, 60) || '?';
}
