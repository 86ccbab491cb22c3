import * as vscode from 'vscode';
import type { ProtocolName } from '../agent/prompts/values.ts';
import { isReadableOnTheWay, normaliseBaseUrl } from '../llm/base-url.ts';
import { listModels } from '../llm/list-models.ts';
import { ToolRecError } from '../shared/errors.ts';
import { vscodeTexts } from './language.ts';
import { protocolSentence, protocolText } from './model-choice.ts';
import { askPick, askText } from './quick-input.ts';
import type { Heading } from './quick-input.ts';
import { use } from './select-language-model.ts';
import { walkSteps } from './steps.ts';
import type { Step } from './steps.ts';
import { labelText } from './untrusted-text.ts';
import type { Workbench } from './workbench.ts';

/** The questions of a server: address, key, model, protocol. Keeps every answer, so that going back loses nothing. */
export class ServerDialogue {
  private readonly workbench: Workbench;
  private baseURL: string;
  private readonly addressIsKnown: boolean;
  /** What was typed; undefined: the kept key, if any, stays. */
  private key: string | undefined;
  private model: string;
  private protocol: ProtocolName;

  constructor(
    workbench: Workbench,
    protocol: ProtocolName,
    known: { readonly baseURL?: string; readonly model?: string } = {},
  ) {
    this.workbench = workbench;
    this.protocol = protocol;
    this.addressIsKnown = known.baseURL !== undefined;
    this.baseURL = known.baseURL ?? 'https://api.openai.com/v1';
    this.model = known.model ?? '';
  }

  /** Asks everything, keeps the key and makes the model the choice. */
  async ask(): Promise<void> {
    const steps: readonly Step[] = [
      ...(this.addressIsKnown ? [] : [this.askAddress]),
      this.askKey,
      this.askModel,
      this.askProtocol,
    ];
    if (!(await walkSteps(steps))) return;
    const { keys } = this.workbench.languageModels;
    if (this.key !== undefined && this.key !== '') await keys.store(this.baseURL, this.key);
    await use(this.workbench, {
      kind: 'openai',
      baseURL: this.baseURL,
      model: this.model,
      protocol: this.protocol,
    });
  }

  private heading(step: number, canGoBack: boolean): Heading {
    const offset = this.addressIsKnown ? 1 : 0;
    return {
      title: vscode.l10n.t('Language Model Server'),
      step: step - offset,
      total: 4 - offset,
      canGoBack,
    };
  }

  private readonly askAddress: Step = async ({ canGoBack }) => {
    const answer = await askText({
      ...this.heading(1, canGoBack),
      prompt: vscode.l10n.t('Base URL of the server; most end in /v1'),
      value: this.baseURL,
      check: (text) => {
        try {
          normaliseBaseUrl(text);
          return undefined;
        } catch (error) {
          return { message: (error as ToolRecError).describe(), wrong: true };
        }
      },
    });
    if (answer.kind !== 'answer') return answer.kind;
    const baseURL = normaliseBaseUrl(answer.value);
    if (baseURL !== this.baseURL) this.key = undefined; // a key belongs to one address
    this.baseURL = baseURL;
    return 'next';
  };

  private readonly askKey: Step = async ({ canGoBack }) => {
    const kept = (await this.workbench.languageModels.keys.get(this.baseURL)) !== undefined;
    const { host } = new URL(this.baseURL);
    const answer = await askText({
      ...this.heading(2, canGoBack),
      prompt: kept
        ? vscode.l10n.t('API key for {0}; leave it empty to use the one that is kept', host)
        : vscode.l10n.t('API key for {0}; leave it empty where the server wants none', host),
      placeholder: vscode.l10n.t('Kept in this computer’s secret storage, sent to this server only'),
      value: this.key ?? '',
      secret: true,
      check: (text) =>
        /\s/.test(text.trim())
          ? { message: vscode.l10n.t('A key has no spaces.'), wrong: true }
          : text !== '' && isReadableOnTheWay(this.baseURL)
            ? {
                message: vscode.l10n.t(
                  'This address is not encrypted (http): others on the way can read the key.',
                ),
                wrong: false,
              }
            : undefined,
    });
    if (answer.kind !== 'answer') return answer.kind;
    this.key = answer.value.trim() === '' ? undefined : answer.value.trim();
    return 'next';
  };

  private readonly askModel: Step = async ({ canGoBack }) => {
    const other = { label: `$(edit) ${vscode.l10n.t('Another Name…')}`, id: undefined };
    let problem: ToolRecError | undefined;
    const items = this.listed().then(
      (models) => [
        ...models.map(({ id, contextTokens }) => ({
          label: labelText(id, 300),
          id: id as string | undefined,
          ...(contextTokens !== undefined && {
            description: vscode.l10n.t('{0} tokens', contextTokens.toLocaleString(vscodeTexts.locale)),
          }),
        })),
        other,
      ],
      (error: unknown) => {
        if (!(error instanceof ToolRecError)) throw error;
        problem = error;
        this.workbench.log.warn(`${error.code}: ${error.describe()}`);
        return [
          {
            label: `$(warning) ${labelText(error.message, 300)}`,
            detail:
              error.code === 'unauthorised' && canGoBack
                ? vscode.l10n.t('{0} Choose this to enter another.', error.remedy)
                : vscode.l10n.t('{0} Choose this to try again.', error.remedy),
            id: undefined as string | undefined,
            again: true,
          },
          other,
        ];
      },
    );
    const answer = await askPick<
      { label: string; id: string | undefined; again?: boolean } & vscode.QuickPickItem
    >({
      ...this.heading(3, canGoBack),
      placeholder: vscode.l10n.t('Which model? These are the ones that the server lists.'),
      items,
      active: ({ id }) => id !== undefined && id === this.model,
    });
    if (answer.kind !== 'answer') return answer.kind;
    if (answer.value.again)
      return canGoBack && problem?.code === 'unauthorised' ? 'back' : this.askModel({ canGoBack });
    if (answer.value.id !== undefined) {
      this.model = answer.value.id;
      return 'next';
    }
    const typed = await askText({
      ...this.heading(3, true),
      prompt: vscode.l10n.t('Name of the model, as the server calls it'),
      value: this.model,
      check: (text) =>
        text.trim() === '' ? { message: vscode.l10n.t('Name a model.'), wrong: true } : undefined,
    });
    if (typed.kind === 'back') return this.askModel({ canGoBack });
    if (typed.kind !== 'answer') return typed.kind;
    this.model = typed.value.trim();
    return 'next';
  };

  private async listed(): ReturnType<typeof listModels> {
    const apiKey = this.key ?? (await this.workbench.languageModels.keys.get(this.baseURL));
    return listModels({ baseURL: this.baseURL, apiKey });
  }

  private readonly askProtocol: Step = async ({ canGoBack }) => {
    const names = ['react', 'tools', 'json'] as const;
    const answer = await askPick({
      ...this.heading(4, canGoBack),
      placeholder: vscode.l10n.t('How should the model write thought and action?'),
      items: Promise.resolve(
        names.map((name) => ({
          label: protocolText(name, vscodeTexts),
          detail: protocolSentence(name, vscodeTexts),
          name,
        })),
      ),
      active: ({ name }) => name === this.protocol,
    });
    if (answer.kind !== 'answer') return answer.kind;
    this.protocol = answer.value.name;
    return 'next';
  };
}
