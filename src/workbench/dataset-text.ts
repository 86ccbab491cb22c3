import type { DatasetManifest } from '../data/manifest.ts';
import type { Texts } from './texts.ts';

/** Texts about a dataset as a tree row shows them. Plain functions of the manifest, so that they can be tested. */

/** `simulated · 800 users · 497 items`. Generated data says so first. */
export function datasetDescription({ counts, simulated }: DatasetManifest, texts: Texts): string {
  const users = counts.users.toLocaleString(texts.locale);
  const items = counts.items.toLocaleString(texts.locale);
  return simulated
    ? texts.t('simulated · {0} users · {1} items', users, items)
    : texts.t('{0} users · {1} items', users, items);
}

function percentText(share: number, { locale }: Texts): string {
  return share.toLocaleString(locale, { style: 'percent', minimumFractionDigits: 2 });
}

/** Text that came from a file, made harmless inside Markdown. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~$&]/g, '\\$&').replace(/\s+/g, ' ');
}

/** A small table of what the manifest knows, in Markdown. */
export function datasetTooltip(manifest: DatasetManifest, texts: Texts): string {
  const number = (value: number) => value.toLocaleString(texts.locale);
  const { counts, attributes, preparation, provenance } = manifest;
  const cells = counts.users * counts.items;
  const rows: readonly (readonly [string, string])[] = [
    [texts.t('Users'), number(counts.users)],
    [
      texts.t('Items'),
      texts.t('{0} ({1} in the catalogue)', number(counts.items), number(counts.catalogueItems)),
    ],
    [texts.t('Interactions'), number(counts.interactions)],
    [texts.t('Sparsity'), cells === 0 ? '–' : percentText(1 - counts.interactions / cells, texts)],
    [texts.t('Attributes'), attributes.map(({ name }) => escapeMarkdown(name)).join(', ') || '–'],
    [texts.t('Protocol'), escapeMarkdown(preparation.protocol)],
    [texts.t('Format'), escapeMarkdown(provenance.format)],
    [texts.t('Made'), new Date(manifest.createdAt).toLocaleString(texts.locale)],
  ];
  const name = escapeMarkdown(manifest.name);
  const lines = [
    manifest.simulated ? texts.t('**{0}** — simulated data', name) : `**${name}**`,
    '',
    '| | |',
    '|:--|--:|',
    ...rows.map(([label, value]) => `| ${label} | ${value} |`),
  ];
  if (provenance.note) lines.push('', escapeMarkdown(provenance.note));
  return lines.join('\n');
}
