/** The titles of package.json as a person reads them, with the placeholders of package.nls.json filled in. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

interface Contributions {
  readonly commands?: readonly {
    readonly command: string;
    readonly title: string;
    readonly category?: string;
    readonly enablement?: string;
  }[];
  readonly viewsContainers?: {
    readonly activitybar?: readonly { readonly id: string; readonly title: string }[];
  };
  readonly views?: Readonly<Record<string, readonly { readonly id: string; readonly name: string }[]>>;
  readonly walkthroughs?: readonly {
    readonly id: string;
    readonly title: string;
    readonly steps: readonly { readonly id: string; readonly title: string }[];
  }[];
  readonly menus?: {
    readonly commandPalette?: readonly { readonly command: string; readonly when?: string }[];
  };
}

const root = path.resolve(import.meta.dirname, '..', '..');

function localised(): { readonly contributes: Contributions } {
  const strings = path.join(root, 'package.nls.json');
  const table = existsSync(strings)
    ? (JSON.parse(readFileSync(strings, 'utf8')) as Record<string, string>)
    : {};
  const fill = (_key: string, value: unknown): unknown => {
    const key = typeof value === 'string' ? /^%(.+)%$/.exec(value)?.[1] : undefined;
    return key === undefined ? value : (table[key] ?? value);
  };
  return JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'), fill) as {
    contributes: Contributions;
  };
}

const { contributes } = localised();

export const containers = contributes.viewsContainers?.activitybar ?? [];
export const walkthroughs = contributes.walkthroughs ?? [];

/** The views of a container of the activity bar. */
export const viewsOf = (container: string) => contributes.views?.[container] ?? [];

/** True of a condition that holds in a trusted window with a folder, whatever is open in it. */
const always = (condition = 'true') =>
  condition
    .replace(/workspaceFolderCount\s*!=\s*0|isWorkspaceTrusted/g, 'true')
    .split('&&')
    .every((part) => part.trim() === 'true');

/** `Category: Title` of every command that the palette shows in a folder where nothing is open. */
export const paletteTitles: readonly string[] = (contributes.commands ?? [])
  .filter(({ command, enablement }) => {
    const entry = contributes.menus?.commandPalette?.find((item) => item.command === command);
    return always(entry?.when) && always(enablement);
  })
  .map(({ title, category }) => (category ? `${category}: ${title}` : title));
