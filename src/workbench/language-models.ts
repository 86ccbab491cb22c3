import * as vscode from 'vscode';
import type { ChatModel } from '../llm/chat-model.ts';
import type { RequestGate } from '../llm/gate.ts';
import { DisposableStore } from '../shared/disposable.ts';
import { ConfigurationError, ModelError } from '../shared/errors.ts';
import { vscodeTexts } from './language.ts';
import type { WorkbenchLog } from './log.ts';
import { choiceOf, choiceText, sameChoice, settingsOf } from './model-choice.ts';
import type { ChoiceSettings, LanguageModelChoice } from './model-choice.ts';
import { ModelKeys } from './model-keys.ts';
import { configurationSection } from './names.ts';
import { readSetting } from './settings.ts';

const section = 'languageModel';
/** What a person calls the chosen model of VS Code, of which the settings have the identifier alone. */
const nameKey = 'toolrec.languageModel.name';
const choiceKeys = ['provider', 'baseUrl', 'model', 'protocol'] as const;

/**
 * Which language model sessions use, and how to reach it. The choice is in settings, keys are in SecretStorage. In
 * Restricted Mode VS Code leaves out what a folder's settings say of it (`restrictedConfigurations`).
 */
export class LanguageModels implements vscode.Disposable {
  readonly keys: ModelKeys;
  private readonly changed = new vscode.EventEmitter<LanguageModelChoice>();
  /** The choice, a price or a time-out is another one. */
  readonly onDidChange = this.changed.event;

  private readonly memory: vscode.Memento;
  private readonly log: WorkbenchLog;
  private readonly disposables = new DisposableStore();
  private readonly made = new Map<string, Promise<ChatModel>>();
  private readonly gates = new Map<string, RequestGate>();
  private writing = false;

  constructor(secrets: vscode.SecretStorage, memory: vscode.Memento, log: WorkbenchLog) {
    this.keys = new ModelKeys(secrets, memory);
    this.memory = memory;
    this.log = log;
    this.disposables.add(this.changed);
    this.disposables.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (this.writing || !event.affectsConfiguration(`${configurationSection}.${section}`)) return;
        void this.tell();
      }),
    );
  }

  /** What sessions that start now use, and open ones from their next round on. */
  async current(): Promise<LanguageModelChoice> {
    const [provider, baseUrl, model, protocol] = await Promise.all([
      readSetting('languageModel.provider'),
      readSetting('languageModel.baseUrl'),
      readSetting('languageModel.model'),
      readSetting('languageModel.protocol'),
    ]);
    const choice = choiceOf({ provider, baseUrl, model, protocol });
    const named = this.memory.get<{ readonly id?: unknown; readonly name?: unknown }>(nameKey);
    return choice.kind === 'vscode' && named?.id === choice.id && typeof named.name === 'string'
      ? { ...choice, name: named.name }
      : choice;
  }

  /** Keeps a choice in the settings: the folder's where it says something already, else the person's own. */
  async choose(choice: LanguageModelChoice): Promise<void> {
    if (choice.kind === 'vscode' && choice.name !== undefined)
      await this.memory.update(nameKey, { id: choice.id, name: choice.name });
    const configuration = vscode.workspace.getConfiguration(`${configurationSection}.${section}`);
    const written: Partial<ChoiceSettings> = settingsOf(choice);
    this.writing = true;
    try {
      for (const key of choiceKeys) {
        const value = written[key];
        if (value === undefined || configuration.get(key) === value) continue;
        const inWorkspace = configuration.inspect(key)?.workspaceValue !== undefined;
        await configuration.update(
          key,
          value,
          inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global,
        );
      }
    } finally {
      this.writing = false;
    }
    const now = await this.current();
    // A folder of several may say something of its own, which cannot be written from here.
    if (!sameChoice(now, choice))
      throw new ConfigurationError(
        'choice-overridden',
        'Another setting of this workspace decides which language model is used.',
        'Look at the settings under toolrec.languageModel.',
        { place: { setting: `${configurationSection}.${section}.provider` } },
      );
    await this.tell();
  }

  /**
   * The model of a choice; undefined for offline. The same choice gives the same object until a setting changes.
   * @throws ConfigurationError `bad-base-url`, `secret-in-base-url`, `no-model`; ModelError `model-not-found`.
   */
  async chatModelFor(choice: LanguageModelChoice): Promise<ChatModel | undefined> {
    if (choice.kind === 'offline') return undefined;
    const id = JSON.stringify(settingsOf(choice));
    let model = this.made.get(id);
    if (!model) {
      model = this.make(choice);
      this.made.set(id, model);
      model.catch(() => this.made.delete(id)); // the next attempt looks again
    }
    return model;
  }

  /** Models of VS Code that other extensions bring. Asks nobody for consent: a request does that. */
  async inVscode(): Promise<readonly vscode.LanguageModelChat[]> {
    return vscode.lm.selectChatModels();
  }

  private async make(choice: Exclude<LanguageModelChoice, { kind: 'offline' }>): Promise<ChatModel> {
    const [prices, timeout] = await Promise.all([
      readSetting('languageModel.prices'),
      readSetting('languageModel.timeout'),
    ]);
    const timeoutMs = timeout * 1000;
    if (choice.kind === 'vscode') {
      const [model] = choice.id === '' ? [] : await vscode.lm.selectChatModels({ id: choice.id });
      if (!model)
        throw new ModelError(
          'model-not-found',
          `VS Code has no language model “${choice.id}”.`,
          'Run “ToolRec: Select Language Model” and choose another.',
          { place: { setting: `${configurationSection}.${section}.model` } },
        );
      const { VscodeChatModel } = await import('./vscode-chat-model.ts');
      return new VscodeChatModel({ model, prices, idleTimeoutMs: timeoutMs });
    }
    const [{ OpenAiChatModel }, { RequestGate }, { normaliseBaseUrl }] = await Promise.all([
      import('../llm/openai-chat.ts'),
      import('../llm/gate.ts'),
      import('../llm/base-url.ts'),
    ]);
    try {
      const baseURL = normaliseBaseUrl(choice.baseURL);
      const gate = this.gates.get(baseURL) ?? new RequestGate();
      this.gates.set(baseURL, gate);
      return new OpenAiChatModel({
        baseURL,
        model: choice.model,
        apiKey: () => this.keys.get(baseURL),
        timeoutMs,
        idleTimeoutMs: timeoutMs,
        prices,
        gate,
      });
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      // It was written by hand: the setting is where it can be corrected.
      const key = error.code === 'no-model' ? 'model' : 'baseUrl';
      const place = { setting: `${configurationSection}.${section}.${key}` };
      throw new ConfigurationError(error.code, error.message, error.remedy, { place, cause: error });
    }
  }

  private async tell(): Promise<void> {
    this.made.clear();
    const choice = await this.current();
    this.log.info(`Language model of sessions: ${choiceText(choice, vscodeTexts)}.`);
    this.changed.fire(choice);
  }

  dispose(): void {
    this.disposables.dispose();
  }
}
