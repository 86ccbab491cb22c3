import type { Dataset } from '../../data/dataset.ts';

/** Longer texts are cut; titles with attributes are far shorter. */
const mostCharacters = 2000;

/** What a language model reads of an item: `Toy Story. genre: Animation, Comedy. year: 1995`. */
export function itemText(dataset: Dataset, item: number): string {
  const parts = [dataset.item(item).title];
  for (const { name } of dataset.attributes) {
    const value = dataset.attribute(item, name);
    if (value === undefined) continue;
    const text = typeof value === 'object' ? value.join(', ') : String(value);
    if (/\S/.test(text)) parts.push(`${name}: ${text}`);
  }
  return parts.join('. ').slice(0, mostCharacters);
}

/** Texts of all items that models know, by code. */
export function itemTexts(dataset: Dataset): string[] {
  return Array.from({ length: dataset.itemCount }, (_, item) => itemText(dataset, item));
}
