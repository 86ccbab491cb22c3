import { round } from './measure.ts';
import type { BenchProgram } from './program.ts';

const program: BenchProgram = {
  name: 'agent-server',
  description:
    'Sessions with a real language-model server, on the sample: every one must end with N valid items. ' +
    'Options: --base-url URL, --model NAME, --sessions N (50), --protocol react|tools|json. The key: TOOLREC_API_KEY.',
  async run({ args, signal, log }) {
    const { Session } = await import('../src/agent/session.ts');
    const { PromptLibrary } = await import('../src/agent/prompts/library.ts');
    const { datasetInMemory } = await import('../src/data/content.ts');
    const { historyBefore } = await import('../src/data/dataset.ts');
    const { generateSample } = await import('../src/data/sample.ts');
    const { loadFilms } = await import('../src/data/sample/films.ts');
    const { floorRetriever } = await import('../src/experiments/floor-retriever.ts');
    const { environmentOf, llmParts, metricsOf } = await import('../src/experiments/session-parts.ts');
    const { OpenAiChatModel } = await import('../src/llm/openai-chat.ts');
    const { fitCooccurrence } = await import('../src/recommender/cooccurrence.ts');
    const { resourcePath } = await import('../src/shared/resources.ts');

    const option = (name: string) => {
      const at = args.indexOf(`--${name}`);
      return at < 0 ? undefined : args[at + 1];
    };
    const baseURL = option('base-url');
    const name = option('model');
    if (baseURL === undefined || name === undefined)
      throw new Error(
        'Name a running server: npm run bench -- agent-server -- --base-url http://localhost:11434/v1 --model …',
      );
    const protocol = (option('protocol') ?? 'react') as 'react' | 'tools' | 'json';
    const sessions = Number(option('sessions') ?? 50);

    const dataset = datasetInMemory(generateSample(await loadFilms()));
    const retriever = floorRetriever(dataset, await fitCooccurrence(dataset, {}, { signal }), 'cooccurrence');
    const key = process.env['TOOLREC_API_KEY'];
    const model = new OpenAiChatModel({
      baseURL,
      model: name,
      ...(key === undefined ? {} : { apiKey: key }),
    });
    const library = new PromptLibrary([resourcePath('prompts')]);
    const parts = await llmParts({ model, dataset, library, domain: 'movies', protocol });
    const environment = environmentOf(dataset, retriever, retriever.name, parts);

    const ends = new Map<string, number>();
    const actions = new Map<string, number>();
    let rounds = 0;
    let readable = 0;
    let hits = 0;
    let tokens = 0;
    const started = performance.now();
    for (let user = 0; user < sessions; user++) {
      signal.throwIfAborted();
      const history = [...historyBefore(dataset, user, 'test')];
      const session = await Session.start(environment, { id: `server-${user}`, user, history });
      const outcome = await session.run({ onFailure: 'finish', signal });
      if (outcome.status !== 'finished') throw new Error(`session ${user} ended as ${outcome.status}`);
      const items = outcome.result.items.map((entry) => entry.item);
      const seen = new Set(history);
      if (items.length !== 10 || new Set(items).size !== 10 || items.some((item) => seen.has(item)))
        throw new Error(`session ${user} has a wrong list`);
      ends.set(outcome.reason.rule, (ends.get(outcome.reason.rule) ?? 0) + 1);
      for (const each of session.state.rounds) {
        const kind = each.action?.name ?? 'none';
        actions.set(kind, (actions.get(kind) ?? 0) + 1);
        if (each.action) readable++;
      }
      rounds += session.state.rounds.length;
      tokens += session.state.totals.tokens;
      if (metricsOf(dataset, user, outcome.result)?.rank) hits++;
      if ((user + 1) % 10 === 0) log(`${user + 1} of ${sessions} sessions …`);
    }
    return {
      figures: {
        model: name,
        protocol,
        dataset: dataset.name,
        simulated: dataset.simulated,
        sessions,
        endedProperly: sessions,
        ends: Object.fromEntries([...ends].sort()),
        rounds,
        readableRounds: readable,
        actions: Object.fromEntries([...actions].sort()),
        hitsAt10: hits,
        tokens,
        seconds: round((performance.now() - started) / 1000, 1),
      },
    };
  },
};

export default program;
