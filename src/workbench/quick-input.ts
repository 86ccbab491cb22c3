import * as vscode from 'vscode';
import { DisposableStore } from '../shared/disposable.ts';

/** What every question of a dialogue shows: `Import Dataset (2/5)` and, from the second on, a way back. */
export interface Heading {
  readonly title: string;
  readonly step: number;
  readonly total: number;
  readonly canGoBack: boolean;
}

/** What came of a question: an answer, the wish to go back, or that the person left. */
export type Answer<T> = { readonly kind: 'answer'; readonly value: T } | { readonly kind: 'back' | 'stop' };

interface PickOptions<T extends vscode.QuickPickItem> extends Heading {
  readonly placeholder: string;
  /** May arrive later: until then the pick shows that it is busy. */
  readonly items: Promise<readonly T[]>;
  /** The one to start on. */
  readonly active?: (item: T) => boolean;
  /** Shown until `items` arrive; they may be chosen already. */
  readonly early?: readonly T[];
  /** Called for the item that is accepted; false keeps the list open. */
  readonly allows?: (item: T) => boolean;
}

/** One choice from a list. @throws what `items` throws, after the list is closed */
export function askPick<T extends vscode.QuickPickItem>(options: PickOptions<T>): Promise<Answer<T>> {
  const pick = vscode.window.createQuickPick<T>();
  pick.placeholder = options.placeholder;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  return ask(pick, options, async (settle) => {
    pick.onDidAccept(() => {
      const [chosen] = pick.selectedItems;
      if (chosen && (options.allows?.(chosen) ?? true)) settle({ kind: 'answer', value: chosen });
    });
    const fill = (items: readonly T[]) => {
      pick.items = items;
      const choices = items.filter(({ kind }) => kind !== vscode.QuickPickItemKind.Separator);
      const first = choices.find((item) => options.active?.(item) ?? false) ?? choices[0];
      if (first) pick.activeItems = [first];
    };
    pick.busy = true;
    if (options.early) fill(options.early);
    pick.show();
    fill(await options.items);
    pick.busy = false;
  });
}

interface ManyOptions<T extends vscode.QuickPickItem> extends Heading {
  readonly placeholder: string;
  readonly items: readonly T[];
  /** Ticked at first. */
  readonly picked: (item: T) => boolean;
}

/** One choice or more from a list. Nothing ticked cannot be confirmed. */
export function askMany<T extends vscode.QuickPickItem>(
  options: ManyOptions<T>,
): Promise<Answer<readonly T[]>> {
  const pick = vscode.window.createQuickPick<T>();
  pick.canSelectMany = true;
  pick.placeholder = options.placeholder;
  pick.matchOnDescription = true;
  return ask(pick, options, (settle) => {
    pick.items = options.items;
    pick.selectedItems = options.items.filter(options.picked);
    pick.onDidAccept(() => {
      if (pick.selectedItems.length > 0) settle({ kind: 'answer', value: [...pick.selectedItems] });
    });
    pick.show();
    return Promise.resolve();
  });
}

interface TextOptions extends Heading {
  readonly prompt: string;
  readonly value: string;
  readonly placeholder?: string;
  /** Shown as dots. */
  readonly secret?: boolean;
  /** What is wrong with a text, or what to know about it; undefined when nothing is. */
  readonly check: (text: string) => { readonly message: string; readonly wrong: boolean } | undefined;
}

/** One line of text. A text that is wrong cannot be confirmed. */
export function askText(options: TextOptions): Promise<Answer<string>> {
  const box = vscode.window.createInputBox();
  box.value = options.value;
  box.prompt = options.prompt;
  box.placeholder = options.placeholder;
  box.password = options.secret ?? false;
  const look = () => {
    const found = options.check(box.value);
    box.validationMessage = found && {
      message: found.message,
      severity: found.wrong
        ? vscode.InputBoxValidationSeverity.Error
        : vscode.InputBoxValidationSeverity.Warning,
    };
    return !found?.wrong;
  };
  return ask(box, options, (settle) => {
    box.onDidChangeValue(look);
    box.onDidAccept(() => {
      if (look()) settle({ kind: 'answer', value: box.value });
    });
    if (options.value !== '') look(); // an empty box is not wrong before anything was typed
    box.show();
    return Promise.resolve();
  });
}

function ask<T>(
  input: vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox,
  { title, step, total, canGoBack }: Heading,
  start: (settle: (answer: Answer<T>) => void) => Promise<void>,
): Promise<Answer<T>> {
  const owned = new DisposableStore();
  owned.add(input);
  input.title = title;
  input.step = step;
  input.totalSteps = total;
  input.ignoreFocusOut = true;
  if (canGoBack) input.buttons = [vscode.QuickInputButtons.Back];
  return new Promise<Answer<T>>((resolve, reject) => {
    owned.add(
      input.onDidTriggerButton((button) => {
        if (button === vscode.QuickInputButtons.Back) resolve({ kind: 'back' });
      }),
    );
    owned.add(input.onDidHide(() => resolve({ kind: 'stop' })));
    start(resolve).catch(reject);
  }).finally(() => owned.dispose());
}
