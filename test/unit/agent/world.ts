import type { Dataset } from '../../../src/data/dataset.ts';
import type { RetrievedItem, Retriever } from '../../../src/data/retriever.ts';
import type { AttributeValue, ItemRecord } from '../../../src/data/schema.ts';
import type { Catalogue, Resolution } from '../../../src/agent/catalogue.ts';
import type { SessionEvent, SessionSettings } from '../../../src/agent/events.ts';
import type { Action } from '../../../src/agent/grammar/action.ts';
import type { Decision, DecisionContext, Policy } from '../../../src/agent/policy.ts';
import { Session, type SessionEnvironment } from '../../../src/agent/session.ts';
import { standardTools, ToolRegistry } from '../../../src/agent/tools/registry.ts';
import type { Ranker } from '../../../src/agent/tools/rank.ts';

/** A small made-up catalogue with the titles that cause trouble, and a dozen users. */
const titles: [title: string, genre: string[], year: number][] = [
  ['Alien (1979)', ['Horror', 'Sci-Fi'], 1979],
  ['Heat (1995)', ['Crime', 'Drama'], 1995],
  ['Good, the Bad and the Ugly, The (1966)', ['Western'], 1966],
  ['[REC] (2007)', ['Horror'], 2007],
  ["It's a Wonderful Life (1946)", ['Drama'], 1946],
  ['1984 (1984)', ['Drama', 'Sci-Fi'], 1984],
  ['300: Rise of an Empire (2014)', ['Action'], 2014],
  ['12 Angry Men (1957)', ['Drama'], 1957],
  ['Blade Runner (1982)', ['Sci-Fi'], 1982],
  ['Unforgiven (1992)', ['Western'], 1992],
];
for (let i = titles.length; i < 60; i++)
  titles.push([
    `Film ${String.fromCharCode(65 + (i % 26))}${i} (${1950 + i})`,
    [['Drama', 'Comedy', 'Sci-Fi', 'Western', 'Horror'][i % 5]!],
    1950 + i,
  ]);

const items: ItemRecord[] = titles.map(([title, genre, year], i) => ({
  id: `m${i + 1}`,
  title,
  attributes: { genre, release_year: year },
}));

export function makeDataset(records: readonly ItemRecord[] = items, userCount = 12, length = 8): Dataset {
  const count = userCount * length;
  const codes = new Uint32Array(count);
  for (let user = 0; user < userCount; user++)
    for (let i = 0; i < length; i++)
      codes[user * length + i] = (user * 5 + i * (1 + (user % 3))) % records.length;
  const at = (offset: number) => Uint32Array.from({ length: userCount }, (_, user) => user * length + offset);
  const byId = new Map(records.map((record, code) => [record.id, code]));
  return {
    name: 'made-up',
    hash: 'hash-of-made-up',
    simulated: true,
    userCount,
    itemCount: records.length,
    catalogueCount: records.length,
    interactionCount: count,
    attributes: [
      { name: 'genre', kind: 'categories', description: 'Genres of the film.' },
      { name: 'release_year', kind: 'number' },
    ],
    offsets: Uint32Array.from({ length: userCount + 1 }, (_, user) => user * length),
    items: codes,
    timestamps: Float64Array.from({ length: count }, (_, i) => i),
    trainEnd: at(length - 2),
    validationEnd: at(length - 1),
    item: (code) => records[code]!,
    user: (code) => ({ id: `u${code + 1}`, profile: { age: 20 + code } }),
    itemCode: (id) => byId.get(id),
    userCode: (id) => Number(id.slice(1)) - 1,
    attribute: (code, name): AttributeValue | undefined => records[code]?.attributes[name],
  };
}

export const dataset = makeDataset();

/** Exact id, exact title, and title without case: enough for tests of what stands above the look-up. */
export function plainCatalogue(of: Dataset): Catalogue {
  const byTitle = new Map<string, number[]>();
  for (let code = 0; code < of.catalogueCount; code++) {
    const key = of.item(code).title.toLowerCase();
    byTitle.set(key, [...(byTitle.get(key) ?? []), code]);
  }
  const resolve = (text: string): Resolution => {
    const id = of.itemCode(text);
    if (id !== undefined) return { kind: 'match', item: id, match: 'id' };
    const found = byTitle.get(text.toLowerCase()) ?? [];
    if (found.length === 0) return { kind: 'none' };
    return found.length === 1
      ? { kind: 'match', item: found[0]!, match: 'title' }
      : { kind: 'ambiguous', candidates: found };
  };
  return { resolve, resolveExact: resolve };
}

/** Scores by a fixed hash of item and attribute; masks the history. Counts its calls. */
export function plainRetriever(
  of: Dataset,
  attributes: readonly (string | null)[] = [null, 'genre', 'release_year'],
): Retriever & { calls: number; fail?: Error } {
  const retriever: Retriever & { calls: number; fail?: Error } = {
    calls: 0,
    attributes,
    retrieve(query, attribute, k): Promise<RetrievedItem[]> {
      retriever.calls++;
      if (retriever.fail) return Promise.reject(retriever.fail);
      const seen = new Set(query.history ?? []);
      const salt = (attribute ?? '').length * 7 + 3;
      const scored = Array.from({ length: of.itemCount }, (_, item) => ({
        item,
        id: of.item(item).id,
        title: of.item(item).title,
        score: ((item * 37 + salt * 11) % 101) / 10,
      }));
      return Promise.resolve(
        scored
          .filter(({ item }) => !seen.has(item))
          .sort((a, b) => b.score - a.score || a.item - b.item)
          .slice(0, k),
      );
    },
  };
  return retriever;
}

/** Keeps the candidates in their order. */
export const plainRanker: Ranker = {
  label: 'keeps the order',
  rerunnable: false,
  rank: ({ candidates, k }) => candidates.slice(0, k).map((item) => ({ item })),
};

export const retrieve = (attribute: string | null, k: number): Action => ({
  name: 'Retrieve',
  args: { attribute, k },
});
export const rank = (attribute: string | null, k: number): Action => ({
  name: 'Rank',
  args: { attribute, k },
});
export const finish = (...list: string[]): Action => ({ name: 'Finish', args: { items: list } });

type Script = readonly (Action | null | ((context: DecisionContext) => Decision | Promise<Decision>))[];

/** A policy that does as it is told, round by round. */
export function scripted(script: Script): Policy {
  return {
    label: { kind: 'scripted', label: 'scripted' },
    prompts: [],
    decide(context) {
      const entry = script[context.round - 1];
      if (typeof entry === 'function') return entry(context);
      return { thought: `thought ${context.round}`, action: entry ?? null, repairs: [] };
    },
  };
}

/** A clock that moves a millisecond a look. */
export function ticking(from = 1_000): () => number {
  let now = from;
  return () => now++;
}

export interface World {
  readonly environment: SessionEnvironment;
  readonly events: SessionEvent[];
}

export function world(script: Script, over: Partial<SessionEnvironment> = {}): World {
  const events: SessionEvent[] = [];
  return {
    events,
    environment: {
      dataset,
      catalogue: plainCatalogue(over.dataset ?? dataset),
      retriever: plainRetriever(over.dataset ?? dataset),
      retrieval: 'fixed scores',
      tools: standardTools(plainRanker),
      policy: scripted(script),
      clock: ticking(),
      append: (event) => void events.push(event),
      ...over,
    },
  };
}

export function startSession(
  { environment }: World,
  settings: Partial<SessionSettings> = {},
  user = 3,
): Promise<Session> {
  const history = [
    ...environment.dataset.items.subarray(
      environment.dataset.offsets[user],
      environment.dataset.validationEnd[user],
    ),
  ];
  return Session.start(environment, { id: 'test-session', user, history, settings: { n: 5, ...settings } });
}

export { ToolRegistry };
