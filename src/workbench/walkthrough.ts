import { commands, contextKeys, walkthroughId } from './names.ts';

const link = (label: string, command: string) => `[${label}](command:${command})`;

/** The five short steps of "Get Started with ToolRec". Each can be done on the sample; the last ends a session. */
const steps = [
  {
    id: 'sample',
    title: 'Open the sample',
    description: [
      'About 500 well-known films as facts, and 800 simulated viewers with tastes of their own. It is made here in seconds, without a download, as plain files under .toolrec in your folder.',
      link('Open Sample', commands.openSample),
    ],
    done: [`onContext:${contextKeys.hasDatasets}`],
    media: 'sample',
    alt: 'Viewers on the left joined to films on the right',
  },
  {
    id: 'look',
    title: 'Look at the data',
    description: [
      'How long are histories, how long is the tail, which attributes are complete? The inspector shows what a model will learn from.',
      link('Show Dataset', commands.showDataset),
    ],
    done: [`onCommand:${commands.showDataset}`],
    media: 'look',
    alt: 'A histogram and a falling popularity curve',
  },
  {
    id: 'train',
    title: 'Train a recommender',
    description: [
      'Press Enter all the way through: a small SASRec learns from the sample while its curves are drawn. Sessions work without it, with simpler retrieval.',
      link('Train', commands.train),
    ],
    done: [`onContext:${contextKeys.hasModels}`],
    media: 'train',
    alt: 'A falling loss curve and a rising validation curve with its best point marked',
  },
  {
    id: 'session',
    title: 'Step a surrogate user',
    description: [
      'Pick a viewer and step: a thought, an action, the items that it found. It runs offline until you choose a language model.',
      link('Start Session', commands.startSession),
      `With a model of yours: ${link('Select Language Model', commands.selectLanguageModel)}.`,
    ],
    done: [`onContext:${contextKeys.hasSession}`],
    media: 'session',
    alt: 'Three rounds, each with a thought, an action and a button to step',
  },
  {
    id: 'finish',
    title: 'Finish it, and go on',
    description: [
      'Let the session run to its end: has it found the item that was held out?',
      link('Continue to the End', commands.continueSession),
      `Then ${link('reveal that item', commands.revealHeldOut)}, ${link('export the session', commands.exportSession)} or ${link('compare it', commands.compareSessions)}, and ${link('import a dataset', commands.importDataset)} of yours: MovieLens, RecBole, Amazon, Yelp, or any table.`,
    ],
    done: [`onContext:${contextKeys.sessionEnded}`],
    media: 'finish',
    alt: 'A list of five films, the second of which is marked as the one that was held out',
  },
] as const;

/** The walkthrough as package.json has it. */
export function walkthrough(text: (key: string, english: string) => string): object {
  return {
    id: walkthroughId,
    title: text('walkthrough.title', 'Get Started with ToolRec'),
    description: text(
      'walkthrough.description',
      'From an empty folder to a finished session, on the sample.',
    ),
    icon: 'media/icon.png',
    steps: steps.map(({ id, title, description, done, media, alt }) => ({
      id,
      title: text(`walkthrough.${id}.title`, title),
      description: text(`walkthrough.${id}.description`, description.join('\n')),
      media: { svg: `media/walkthrough/${media}.svg`, altText: text(`walkthrough.${id}.alt`, alt) },
      completionEvents: [...done],
    })),
  };
}
