import type { ActionSignature } from '../../../src/agent/grammar/action.ts';

/** Signatures like those of the shipped tools, for tests of the grammar alone. */
export const signatures: readonly ActionSignature[] = [
  {
    name: 'Retrieve',
    aliases: ['Retrieval', 'RetrieveItems', 'Fetch'],
    parameters: [
      { name: 'attribute', kind: 'attribute', default: null },
      { name: 'k', kind: 'count', default: 10, max: 100 },
    ],
  },
  {
    name: 'Rank',
    aliases: ['Rerank', 'Ranking', 'Sort'],
    parameters: [
      { name: 'attribute', kind: 'attribute', default: null },
      { name: 'k', kind: 'count', default: 10, max: 100 },
    ],
  },
  {
    name: 'Search',
    aliases: ['Find'],
    parameters: [
      { name: 'text', kind: 'text' },
      { name: 'k', kind: 'count', default: 10, max: 100 },
    ],
  },
  {
    name: 'Neighbours',
    aliases: ['Neighbors', 'Similar'],
    parameters: [
      { name: 'item', kind: 'text', default: null },
      { name: 'k', kind: 'count', default: 10, max: 100 },
    ],
  },
  { name: 'Lookup', aliases: ['Look up'], parameters: [{ name: 'item', kind: 'text' }] },
];

export const attributes = ['genre', 'release_year', 'director'];
