import * as vscode from 'vscode';
import { catalogueOf } from '../../agent/catalogue.ts';
import { partOf, type Dataset } from '../../data/dataset.ts';
import { DisposableStore } from '../../shared/disposable.ts';

/** Whom a session is for, as a person chose it. */
export type ChosenSubject = { readonly user: number } | { readonly history: readonly number[] };

const shownMatches = 40;

type Choice = vscode.QuickPickItem & { readonly take?: () => ChosenSubject | 'write' };

/** Asks for a user: by id, at random among those with something held out, or a history to be written. */
export async function askSubject(dataset: Dataset): Promise<ChosenSubject | undefined> {
  const chosen = await pickUser(dataset);
  return chosen === 'write' ? writeHistory(dataset) : chosen;
}

function pickUser(dataset: Dataset): Promise<ChosenSubject | 'write' | undefined> {
  const owned = new DisposableStore();
  const pick = owned.add(vscode.window.createQuickPick<Choice>());
  pick.title = vscode.l10n.t('Start Session on {0}', dataset.name);
  pick.placeholder = vscode.l10n.t('Id of a user, for example {0}', dataset.user(0).id);
  pick.ignoreFocusOut = true;
  const random: Choice = {
    label: vscode.l10n.t('Random Test User'),
    iconPath: new vscode.ThemeIcon('refresh'),
    description: vscode.l10n.t('someone with a held-out item'),
    alwaysShow: true,
    take: () => ({ user: randomUser(dataset) }),
  };
  const write: Choice = {
    label: vscode.l10n.t('Write a History by Hand…'),
    iconPath: new vscode.ThemeIcon('edit'),
    description: vscode.l10n.t('titles are completed as you type'),
    alwaysShow: true,
    take: () => 'write',
  };
  const show = () => {
    const users = usersLike(dataset, pick.value.trim());
    pick.items = [
      random,
      write,
      {
        label: users.length === 0 ? vscode.l10n.t('no such user') : vscode.l10n.t('users'),
        kind: vscode.QuickPickItemKind.Separator,
      },
      ...users.map((user): Choice => ({ ...userItem(dataset, user), take: () => ({ user }) })),
    ];
    const first = pick.items[pick.value.trim() === '' || users.length === 0 ? 0 : 3];
    if (first) pick.activeItems = [first];
  };
  return new Promise<ChosenSubject | 'write' | undefined>((resolve) => {
    owned.add(pick.onDidChangeValue(show));
    owned.add(pick.onDidAccept(() => resolve(pick.selectedItems[0]?.take?.())));
    owned.add(pick.onDidHide(() => resolve(undefined)));
    show();
    pick.show();
  }).finally(() => owned.dispose());
}

/** Users whose id begins with the text, the exact one first. */
function usersLike(dataset: Dataset, text: string): number[] {
  const exact = text === '' ? undefined : dataset.userCode(text);
  const found: number[] = exact === undefined ? [] : [exact];
  for (let user = 0; user < dataset.userCount && found.length < shownMatches; user++)
    if (user !== exact && dataset.user(user).id.startsWith(text)) found.push(user);
  return found;
}

function userItem(dataset: Dataset, user: number): Choice {
  const { id, profile } = dataset.user(user);
  const from = dataset.offsets[user]!;
  const to = dataset.offsets[user + 1]!;
  const latest = [...dataset.items.subarray(Math.max(from, to - 4), to - 1)].reverse();
  return {
    label: id,
    alwaysShow: true,
    iconPath: new vscode.ThemeIcon('person'),
    description: [
      vscode.l10n.t('{0} interactions', to - from),
      ...Object.entries(profile)
        .slice(0, 3)
        .map(([name, value]) => `${name} ${value}`),
    ].join(' · '),
    detail: latest.map((item) => dataset.item(item).title).join(' · '),
  };
}

function randomUser(dataset: Dataset): number {
  const able: number[] = [];
  for (let user = 0; user < dataset.userCount; user++)
    if (partOf(dataset, user, 'test').length > 0) able.push(user);
  const from = able.length > 0 ? able : [0];
  return from[Math.floor(Math.random() * from.length)]!;
}

/** Asks for one title after another, with what the catalogue has completed; the last one given is the latest. */
function writeHistory(dataset: Dataset): Promise<ChosenSubject | undefined> {
  const owned = new DisposableStore();
  type Row = vscode.QuickPickItem & { readonly item?: number; readonly done?: true };
  const pick = owned.add(vscode.window.createQuickPick<Row>());
  const history: number[] = [];
  const remove: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon('close'),
    tooltip: vscode.l10n.t('Take Out'),
  };
  pick.title = vscode.l10n.t('Write a History: What Was Seen, Oldest First');
  pick.ignoreFocusOut = true;
  const show = () => {
    const text = pick.value.trim();
    const rows: Row[] = titlesLike(dataset, text, new Set(history)).map((item) => ({
      label: dataset.item(item).title,
      description: describeItem(dataset, item),
      alwaysShow: true,
      item,
    }));
    const own: Row[] = history
      .map((item, i) => ({
        label: `${i + 1}. ${dataset.item(item).title}`,
        alwaysShow: true,
        buttons: [remove],
      }))
      .reverse();
    const done: Row = {
      label: vscode.l10n.t('Start with These {0}', history.length),
      iconPath: new vscode.ThemeIcon('play'),
      alwaysShow: true,
      done: true,
    };
    pick.items = [
      ...(text === '' && history.length > 0 ? [done] : []),
      ...rows,
      ...(own.length > 0
        ? [{ label: vscode.l10n.t('the history so far'), kind: vscode.QuickPickItemKind.Separator }, ...own]
        : []),
    ];
    pick.placeholder =
      history.length === 0
        ? vscode.l10n.t('A title of the catalogue')
        : vscode.l10n.t('Another title, or Enter to start');
  };
  return new Promise<ChosenSubject | undefined>((resolve) => {
    owned.add(pick.onDidChangeValue(show));
    owned.add(
      pick.onDidAccept(() => {
        const [chosen] = pick.selectedItems;
        if (chosen?.done) {
          resolve({ history });
          return;
        }
        const typed = catalogueOf(dataset).resolve(pick.value.trim());
        const item = chosen?.item ?? (typed.kind === 'match' ? typed.item : undefined);
        if (item === undefined || history.includes(item)) return;
        history.push(item);
        pick.value = '';
        show();
      }),
    );
    owned.add(
      pick.onDidTriggerItemButton(({ item }) => {
        const at = Number.parseInt(item.label, 10) - 1;
        history.splice(at, 1);
        show();
      }),
    );
    owned.add(pick.onDidHide(() => resolve(undefined)));
    show();
    pick.show();
  }).finally(() => owned.dispose());
}

/** Catalogue items whose title begins with the text, then those that hold it; none for no text. */
export function titlesLike(dataset: Dataset, text: string, without: ReadonlySet<number>): number[] {
  const wanted = text.toLowerCase();
  if (wanted === '') return [];
  const beginning: number[] = [];
  const holding: number[] = [];
  for (let item = 0; item < dataset.catalogueCount && beginning.length < shownMatches; item++) {
    if (without.has(item)) continue;
    const at = dataset.item(item).title.toLowerCase().indexOf(wanted);
    if (at === 0) beginning.push(item);
    else if (at > 0 && holding.length < shownMatches) holding.push(item);
  }
  return [...beginning, ...holding].slice(0, shownMatches);
}

function describeItem(dataset: Dataset, item: number): string {
  const { attributes } = dataset.item(item);
  return Object.values(attributes)
    .slice(0, 3)
    .map((value) => (typeof value === 'object' ? value.slice(0, 3).join(', ') : String(value)))
    .join(' · ')
    .slice(0, 100);
}
