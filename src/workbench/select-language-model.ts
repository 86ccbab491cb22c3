import * as vscode from 'vscode';
import type { ProtocolName } from '../agent/prompts/values.ts';
import { isLoopback } from '../llm/base-url.ts';
import { showFailure } from './failures.ts';
import { vscodeTexts } from './language.ts';
import {
  choiceSentence,
  choiceText,
  offlineChoice,
  protocolSentence,
  protocolText,
  sameChoice,
} from './model-choice.ts';
import type { LanguageModelChoice } from './model-choice.ts';
import { commands } from './names.ts';
import { ServerDialogue } from './server-dialogue.ts';
import { readSetting } from './settings.ts';
import { labelText, noticeText } from './untrusted-text.ts';
import type { Workbench } from './workbench.ts';

interface Row extends vscode.QuickPickItem {
  /** Absent for rows that only say something. */
  readonly run?: () => Promise<unknown>;
}

/** “ToolRec: Select Language Model”. */
export async function selectLanguageModel(workbench: Workbench): Promise<void> {
  const pick = vscode.window.createQuickPick<Row>();
  pick.title = vscode.l10n.t('Language model of sessions');
  pick.placeholder = vscode.l10n.t('Who decides and ranks in a session?');
  pick.matchOnDescription = true;
  pick.busy = true;
  pick.show();
  const chosen = new Promise<Row | undefined>((resolve) => {
    // Enter does nothing while the list is still being made.
    pick.onDidAccept(() => pick.selectedItems[0] && resolve(pick.selectedItems[0]));
    pick.onDidHide(() => resolve(undefined));
  });
  try {
    // Extensions may take long to tell their models: the rest can be chosen meanwhile.
    const models = modelsOfExtensions(workbench);
    const early = await Promise.race([models, delay(patience)]);
    const fill = async (own: OwnModels | undefined) => {
      const { rows, active } = await mainRows(workbench, own);
      const standing = pick.activeItems[0]?.label;
      const moved = standing !== pick.items[0]?.label; // by the person, who keeps the place
      pick.keepScrollPosition = true;
      pick.items = rows;
      const start = (moved && rows.find(({ label }) => label === standing)) || active;
      if (start) pick.activeItems = [start];
    };
    await fill(early);
    const late = early ? undefined : models.then(fill);
    const done = () => (pick.busy = false);
    if (late) late.then(done, (error: unknown) => showFailure(error, workbench.log));
    else done();
    const row = await chosen;
    pick.dispose();
    await row?.run?.();
  } finally {
    pick.dispose();
  }
}

type OwnModels = readonly vscode.LanguageModelChat[];

/** So long, in milliseconds, the list waits for models of extensions before it is shown without them. */
const patience = 300;

const delay = (milliseconds: number) =>
  new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), milliseconds));

/** None where an extension fails to tell its models: that must not keep anyone from the others. */
async function modelsOfExtensions({ languageModels, log }: Workbench): Promise<OwnModels> {
  try {
    return await languageModels.inVscode();
  } catch (error) {
    log.warn(`VS Code did not list its language models: ${String(error)}`);
    return [];
  }
}

/** @param own undefined while VS Code has not answered */
async function mainRows(
  workbench: Workbench,
  own: OwnModels | undefined,
): Promise<{ rows: Row[]; active: Row | undefined }> {
  const { languageModels } = workbench;
  const [current, protocol] = await Promise.all([
    languageModels.current(),
    readSetting('languageModel.protocol'),
  ]);
  const row = (
    choice: LanguageModelChoice,
    icon: string,
    label: string,
    description: string,
    detail: string,
  ): Row => ({
    label: `$(${icon}) ${labelText(label)}`,
    description: sameChoice(choice, current)
      ? [vscode.l10n.t('in use'), description].filter((text) => text !== '').join(' · ')
      : description,
    detail,
    run: () => use(workbench, choice),
  });
  const offline = row(
    offlineChoice,
    'circuit-board',
    vscode.l10n.t('Offline'),
    vscode.l10n.t('default'),
    choiceSentence(offlineChoice, vscodeTexts),
  );
  const rows: Row[] = [offline, separator(vscode.l10n.t('In VS Code'))];
  for (const model of own ?? []) {
    const choice: LanguageModelChoice = { kind: 'vscode', id: model.id, name: model.name, protocol };
    const context = vscode.l10n.t(
      'up to {0} tokens',
      model.maxInputTokens.toLocaleString(vscodeTexts.locale),
    );
    rows.push(
      row(
        choice,
        'comment-discussion',
        model.name,
        `${labelText(model.vendor)} · ${context}`,
        choiceSentence(choice, vscodeTexts),
      ),
    );
  }
  // A choice whose extension is gone is still the choice: the list says so.
  if (own && current.kind === 'vscode' && !own.some(({ id }) => id === current.id))
    rows.push({
      label: `$(warning) ${labelText(choiceText(current, vscodeTexts))}`,
      description: vscode.l10n.t('in use'),
      detail: vscode.l10n.t(
        'VS Code does not have it now. Turn on the extension that brings it, or choose another.',
      ),
    });
  if (!own) rows.push({ label: `$(loading~spin) ${vscode.l10n.t('Asking extensions for their models…')}` });
  else if (own.length === 0)
    rows.push({
      label: `$(extensions) ${vscode.l10n.t('None yet: find an extension that brings some…')}`,
      run: async () => vscode.commands.executeCommand('workbench.extensions.search', '@category:"ai"'),
    });
  rows.push(separator(vscode.l10n.t('Servers that speak OpenAI’s protocol')));
  const servers = new Set(languageModels.keys.servers());
  if (current.kind === 'openai' && current.baseURL !== '') {
    servers.delete(current.baseURL);
    rows.push(
      row(
        current,
        'server',
        choiceText(current, vscodeTexts),
        protocolText(protocol, vscodeTexts),
        choiceSentence(current, vscodeTexts),
      ),
    );
    rows.push(
      serverRow(workbench, current.baseURL, protocol, vscode.l10n.t('another model, key or protocol')),
    );
  }
  for (const server of servers)
    rows.push(serverRow(workbench, server, protocol, vscode.l10n.t('key is kept')));
  rows.push({
    label: `$(add) ${vscode.l10n.t('Add a Server…')}`,
    detail: vscode.l10n.t('OpenAI, a gateway, your own: address, key, model.'),
    run: () => new ServerDialogue(workbench, protocol).ask(),
  });
  rows.push({
    label: `$(search) ${vscode.l10n.t('Find Servers on This Machine…')}`,
    detail: vscode.l10n.t('Asks the usual ports of Ollama, LM Studio, llama.cpp and vLLM, once, now.'),
    run: () => findServers(workbench, protocol),
  });
  rows.push(separator(''));
  if (current.kind !== 'offline') {
    rows.push({
      label: `$(plug) ${vscode.l10n.t('Test Connection')}`,
      description: choiceText(current, vscodeTexts),
      run: async () => vscode.commands.executeCommand(commands.testLanguageModel),
    });
    rows.push({
      label: `$(arrow-swap) ${vscode.l10n.t('Change Wire Protocol…')}`,
      description: protocolText(current.protocol, vscodeTexts),
      run: () => changeProtocol(workbench, current),
    });
  }
  if (languageModels.keys.servers().length > 0)
    rows.push({
      label: `$(trash) ${vscode.l10n.t('Forget an API Key…')}`,
      run: async () => vscode.commands.executeCommand(commands.forgetApiKey),
    });
  rows.push({
    label: `$(gear) ${vscode.l10n.t('Settings: Prices, Time-out…')}`,
    run: async () => vscode.commands.executeCommand('workbench.action.openSettings', 'toolrec.languageModel'),
  });
  const active = rows.find(({ description }) => description?.startsWith(vscode.l10n.t('in use')));
  return { rows, active };
}

function serverRow(workbench: Workbench, baseURL: string, protocol: ProtocolName, note: string): Row {
  return {
    label: `$(server) ${labelText(baseURL)}…`,
    description: note,
    run: () => new ServerDialogue(workbench, protocol, { baseURL }).ask(),
  };
}

/** Makes it the choice and says so, with a way to try it. */
export async function use(workbench: Workbench, choice: LanguageModelChoice): Promise<void> {
  await workbench.languageModels.choose(choice);
  if (choice.kind === 'offline') {
    vscode.window.setStatusBarMessage(
      vscode.l10n.t('$(check) ToolRec sessions use no language model from now on.'),
      4000,
    );
    return;
  }
  const test = vscode.l10n.t('Test Connection');
  const remote = choice.kind === 'openai' && !isLoopback(choice.baseURL);
  const text = noticeText(vscode.l10n.t('Sessions use {0} from now on.', choiceText(choice, vscodeTexts)));
  const message = remote ? `${text} ${choiceSentence(choice, vscodeTexts)}` : text;
  // Not awaited: the command is done, whether the person answers or not.
  void vscode.window
    .showInformationMessage(message, test)
    .then((answer) => answer && vscode.commands.executeCommand(commands.testLanguageModel));
}

async function changeProtocol(
  workbench: Workbench,
  current: Exclude<LanguageModelChoice, { kind: 'offline' }>,
): Promise<void> {
  const names = ['react', 'tools', 'json'] as const;
  const picked = await vscode.window.showQuickPick(
    names.map((name) => ({
      label: protocolText(name, vscodeTexts),
      description: name === current.protocol ? vscode.l10n.t('in use') : '',
      detail: protocolSentence(name, vscodeTexts),
      name,
    })),
    { placeHolder: vscode.l10n.t('How should the model write thought and action?') },
  );
  if (picked) await use(workbench, { ...current, protocol: picked.name });
}

/** Asks the usual ports, on this action only. */
async function findServers(workbench: Workbench, protocol: ProtocolName): Promise<void> {
  const { probeLocalServers } = await import('../llm/local-servers.ts');
  const found = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Looking for model servers on this machine'),
      cancellable: true,
    },
    (_, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      return probeLocalServers({ signal: abort.signal });
    },
  );
  const rows = found.flatMap((server): Row[] => {
    if (server.state === 'absent') return [];
    const open = (model?: string) =>
      new ServerDialogue(workbench, protocol, {
        baseURL: server.baseURL,
        ...(model !== undefined && { model }),
      }).ask();
    const head = separator(`${server.name} · ${new URL(server.baseURL).host}`);
    if (server.state === 'locked')
      return [head, { label: `$(key) ${vscode.l10n.t('It wants a key…')}`, run: () => open() }];
    if (server.models.length === 0)
      return [
        head,
        {
          label: `$(info) ${vscode.l10n.t('It runs, but has no model. Pull or load one there, then look again.')}`,
        },
      ];
    return [
      head,
      ...server.models.map(({ id }) => ({
        label: `$(server) ${labelText(id)}`,
        run: () => use(workbench, { kind: 'openai', baseURL: server.baseURL, model: id, protocol }),
      })),
    ];
  });
  if (rows.length === 0) {
    const add = vscode.l10n.t('Add a Server…');
    const asked = found.map(({ name, baseURL }) => `${name} (${new URL(baseURL).port})`).join(', ');
    void vscode.window
      .showInformationMessage(
        vscode.l10n.t(
          'No model server answers on this machine. Asked: {0}. Start one, or give its address.',
          asked,
        ),
        add,
      )
      .then((answer) => (answer === undefined ? undefined : new ServerDialogue(workbench, protocol).ask()))
      .then(undefined, (error: unknown) => showFailure(error, workbench.log));
    return;
  }
  const picked = await vscode.window.showQuickPick(rows, {
    title: vscode.l10n.t('Models on This Machine'),
    placeHolder: vscode.l10n.t('Which model should sessions use?'),
    // It comes a moment after the action that asked for it: a focus that moves meanwhile must not close it.
    ignoreFocusOut: true,
  });
  await picked?.run?.();
}

function separator(label: string): Row {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
