import { readFileSync } from 'node:fs';
import path from 'node:path';
import { distance } from 'fastest-levenshtein';
import { catalogueOf } from '../agent/catalogue.ts';
import type { KnownItems } from '../agent/prompts/language/demonstration-file.ts';
import type { PromptDocument } from '../agent/prompts/language/document.ts';
import { domainOf } from '../agent/prompts/library.ts';
import { PromptFiles } from '../agent/prompts/origins.ts';
import type { Dataset } from '../data/dataset.ts';
import { normaliseTitle } from '../data/title-keys.ts';
import { resourcePath } from '../shared/resources.ts';
import type { Workspace } from '../shared/workspace.ts';

/** The catalogue as demonstrations are held to it. */
export function knownItems(dataset: Dataset): KnownItems {
  const catalogue = catalogueOf(dataset);
  let keys: readonly string[] | undefined;
  const all = () =>
    (keys ??= Array.from({ length: dataset.catalogueCount }, (_, item) =>
      dataset.item(item).title.toLowerCase(),
    ));
  return {
    domain: domainOf(dataset),
    has: (title) => {
      const found = catalogue.resolveExact(title);
      return found.kind !== 'none';
    },
    nearest: (title) => {
      const found = catalogue.resolve(title);
      if (found.kind === 'match') return dataset.item(found.item).title;
      if (found.kind === 'ambiguous') {
        const near = found.candidates.map((item) => dataset.item(item).title);
        return near.sort((a, b) => distance(a, title) - distance(b, title))[0];
      }
      return undefined;
    },
    find: (text, most) => {
      const wanted = normaliseTitle(text).trim();
      const lower = text.trim().toLowerCase();
      const found: { item: number; at: number }[] = [];
      all().forEach((title, item) => {
        const at = lower === '' ? 0 : title.indexOf(lower);
        if (at >= 0) found.push({ item, at });
        else if (wanted !== '' && normaliseTitle(title).includes(wanted)) found.push({ item, at: 100 });
      });
      return found
        .sort((a, b) => a.at - b.at || a.item - b.item)
        .slice(0, most)
        .map(({ item }) => dataset.item(item).title);
    },
  };
}

/** The prompts of a workspace beside those of this installation. */
export function promptFiles(workspace: Workspace): PromptFiles {
  return new PromptFiles(workspace.folder, resourcePath(), installedVersion());
}

function installedVersion(): string {
  const manifest = JSON.parse(readFileSync(path.join(resourcePath('..'), 'package.json'), 'utf8')) as {
    version?: unknown;
  };
  return typeof manifest.version === 'string' ? manifest.version : '0.0.0';
}

/** The attributes that a template's actions are held to; none where it is written for other data. */
export function knownAttributes(
  document: PromptDocument,
  dataset: Dataset | undefined,
): string[] | undefined {
  const domain = document.front.value?.domain;
  if (!dataset || (domain !== 'generic' && domain !== domainOf(dataset))) return undefined;
  return dataset.attributes.map(({ name }) => name);
}
