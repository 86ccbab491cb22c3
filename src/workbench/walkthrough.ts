import { commands, contextKeys, walkthroughId } from './names.ts';

const link = (label: string, command: string) => `[${label}](command:${command})`;

/** The five short steps of "Get Started with ToolRec": each can be done with what this version has. */
const steps = [
  {
    id: 'folder',
    title: 'Open a folder',
    description: [
      'Datasets and models are kept as plain files under .toolrec in the folder that you open. Nothing leaves this machine.',
      link('Open Folder', 'vscode.openFolder'),
    ],
    done: [`onContext:${contextKeys.hasFolder}`],
    media: 'folder',
    alt: 'A folder that contains a folder named .toolrec',
  },
  {
    id: 'sample',
    title: 'Create the sample',
    description: [
      'About 500 well-known films as facts, and 800 simulated viewers with tastes of their own. It takes a few seconds and needs no download.',
      link('Create Sample Dataset', commands.createSample),
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
    id: 'import',
    title: 'Bring your own data',
    description: [
      'MovieLens, RecBole, Amazon reviews, Yelp, or any table in CSV, TSV, JSON Lines or Parquet. The format is detected, and you see the first rows before anything is written.',
      link('Import Dataset…', commands.importDataset),
    ],
    done: [`onCommand:${commands.importDataset}`],
    media: 'import',
    alt: 'Files that become one table of users, items and times',
  },
  {
    id: 'doctor',
    title: 'Check this machine',
    description: [
      'Doctor lists the devices that the engine can use and, for each one that it cannot, the reason.',
      link('Run Doctor', commands.doctor),
    ],
    done: [`onCommand:${commands.doctor}`],
    media: 'doctor',
    alt: 'A list of checks, each with its result',
  },
] as const;

/** The walkthrough as package.json has it. */
export function walkthrough(text: (key: string, english: string) => string): object {
  return {
    id: walkthroughId,
    title: text('walkthrough.title', 'Get Started with ToolRec'),
    description: text('walkthrough.description', 'From an empty folder to a dataset that you understand.'),
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
