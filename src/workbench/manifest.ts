import * as z from 'zod';
import {
  commands,
  configurationSection,
  contextKeys,
  experimentFileSuffix,
  panels,
  taskType,
  trainingFileSuffix,
  treeItems,
  viewContainer,
  views,
} from './names.ts';
import type { CommandId, ViewId } from './names.ts';
import { toolContributions } from './lm-tools/definitions.ts';
import { promptContributions } from './prompts/contributions.ts';
import { promptLanguage } from './prompts/language-id.ts';
import { settings } from './settings-schema.ts';
import type { SettingKey } from './settings-schema.ts';
import { walkthrough } from './walkthrough.ts';

/**
 * package.json's part that VS Code reads, as typed definitions. `npm run manifest` writes it into package.json and
 * its English texts into package.nls.json; a unit test fails when either differs from what is written here.
 */

interface CommandDefinition {
  readonly title: string;
  readonly icon?: string;
  readonly enablement?: string;
  /** False for commands that only make sense on a row of a tree. */
  readonly palette?: false;
}

/** Creating, importing and deleting run only in a trusted workspace (capabilities below say the same). */
const trusted = 'isWorkspaceTrusted';
const writable = `${trusted} && workspaceFolderCount != 0`;

/** A template is in the editor; a file of demonstrations may be, too. */
const onPrompt = `editorLangId == ${promptLanguage}`;
const onPromptFile = `${onPrompt} || resourcePath =~ /prompts\\/demonstrations\\/[^\\/]+\\.yaml$/`;

export const commandDefinitions: Readonly<Record<CommandId, CommandDefinition>> = {
  [commands.createSample]: { title: 'Create Sample Dataset', icon: '$(beaker)', enablement: trusted },
  [commands.openSample]: { title: 'Open Sample', icon: '$(beaker)', enablement: trusted },
  [commands.importDataset]: { title: 'Import Dataset…', icon: '$(add)', enablement: writable },
  [commands.showDataset]: { title: 'Show Dataset', icon: '$(graph)' },
  [commands.deleteDataset]: { title: 'Delete Dataset…', icon: '$(trash)', enablement: writable },
  [commands.copyDatasetName]: { title: 'Copy Name', palette: false },
  [commands.revealDataset]: { title: 'Reveal in Explorer View', palette: false },
  [commands.refresh]: { title: 'Refresh', icon: '$(refresh)' },
  [commands.showLog]: { title: 'Show Log', icon: '$(output)' },
  [commands.doctor]: { title: 'Doctor', icon: '$(pulse)' },
  [commands.openWalkthrough]: { title: 'Open Walkthrough', icon: '$(book)' },
  [commands.restartEngine]: { title: 'Restart Engine', icon: '$(debug-restart)' },
  [commands.setUpGpu]: { title: 'Set Up GPU Engine', icon: '$(circuit-board)', enablement: trusted },
  [commands.selectLanguageModel]: { title: 'Select Language Model', icon: '$(comment-discussion)' },
  [commands.testLanguageModel]: { title: 'Test Language Model Connection', icon: '$(plug)' },
  [commands.forgetApiKey]: { title: 'Forget API Key…', icon: '$(trash)' },
  [commands.showItemTrail]: { title: 'Show Where It Came From', icon: '$(git-commit)', palette: false },
  [commands.filterMemory]: { title: 'Filter Memory…', icon: '$(filter)', enablement: contextKeys.hasSession },
  [commands.clearMemoryFilter]: { title: 'Clear Filter', icon: '$(clear-all)', palette: false },
  [commands.copyItemTitle]: { title: 'Copy Title', palette: false },
  [commands.filterMetrics]: { title: 'Filter Metrics…', icon: '$(filter)' },
  [commands.clearMetricsFilter]: { title: 'Clear Filter', icon: '$(clear-all)', palette: false },
  [commands.revealHeldOut]: {
    title: 'Reveal the Held-out Item',
    icon: '$(eye)',
    enablement: contextKeys.hasSession,
  },
  [commands.compareSessions]: { title: 'Compare Sessions…', icon: '$(diff)' },
  [commands.exportSession]: {
    title: 'Export Session…',
    icon: '$(export)',
    enablement: contextKeys.hasSession,
  },
  [commands.train]: { title: 'Train', icon: '$(mortar-board)', enablement: writable },
  [commands.showTraining]: { title: 'Show Training', icon: '$(graph-line)' },
  [commands.pauseTraining]: { title: 'Pause Training', icon: '$(debug-pause)' },
  [commands.resumeTraining]: { title: 'Resume Training', icon: '$(debug-continue)', enablement: writable },
  [commands.stopTraining]: { title: 'Stop Training', icon: '$(debug-stop)' },
  [commands.evaluateModel]: { title: 'Evaluate Model', icon: '$(checklist)', enablement: writable },
  [commands.compareModels]: { title: 'Compare Models', icon: '$(diff)' },
  [commands.deleteModel]: { title: 'Delete Model…', icon: '$(trash)', enablement: writable },
  [commands.revealModel]: { title: 'Reveal in Explorer View', palette: false },
  [commands.filterModels]: { title: 'Filter Datasets and Models…', icon: '$(filter)' },
  [commands.clearModelFilter]: {
    title: 'Clear Filter of Datasets and Models',
    icon: '$(filter-filled)',
    enablement: contextKeys.modelsFiltered,
  },
  [commands.runTrainingFile]: {
    title: 'Run Training Configuration',
    icon: '$(play)',
    enablement: writable,
  },
  [commands.runExperiment]: { title: 'Run Experiment', icon: '$(beaker)', enablement: writable },
  [commands.showExperiment]: { title: 'Show Experiment', icon: '$(table)' },
  [commands.newExperiment]: { title: 'New Experiment', icon: '$(new-file)', enablement: writable },
  [commands.editPrompts]: { title: 'Edit Prompts', icon: '$(edit)', enablement: writable },
  [commands.previewPrompt]: { title: 'Preview Prompt', icon: '$(open-preview)', enablement: onPrompt },
  [commands.runSessionWithPrompt]: {
    title: 'Run Session with This Prompt',
    icon: '$(play)',
    enablement: `${onPrompt} && ${trusted}`,
  },
  [commands.quickCheckPrompt]: {
    title: 'Quick Check of Prompt…',
    icon: '$(beaker)',
    enablement: `${onPrompt} && ${trusted}`,
  },
  [commands.comparePromptVersions]: { title: 'Compare Prompt Versions', icon: '$(diff)' },
  [commands.showPromptChanges]: {
    title: 'Show What Changed in Prompt',
    icon: '$(diff)',
    enablement: onPromptFile,
  },
  [commands.resetPrompt]: { title: 'Reset Prompt to Default…', enablement: `${onPromptFile} && ${trusted}` },
  [commands.updatePrompt]: { title: 'Update Prompt…', enablement: `${onPromptFile} && ${trusted}` },
  [commands.editDemonstrations]: {
    title: 'Edit Demonstrations',
    icon: '$(list-ordered)',
    enablement: writable,
  },
  [commands.addDemonstration]: { title: 'Add Session to Demonstrations', enablement: writable },
  [commands.startSession]: { title: 'Start Session', icon: '$(play)', enablement: writable },
  [commands.openSession]: { title: 'Open Session…', icon: '$(folder-opened)' },
  [commands.deleteSession]: { title: 'Delete Session…', icon: '$(trash)', enablement: writable },
  [commands.stepSession]: {
    title: 'Step Session',
    icon: '$(debug-step-over)',
    enablement: contextKeys.hasSession,
  },
  [commands.continueSession]: {
    title: 'Continue Session',
    icon: '$(debug-continue)',
    enablement: contextKeys.hasSession,
  },
  [commands.stopSession]: {
    title: 'Stop Session',
    icon: '$(debug-stop)',
    enablement: contextKeys.hasSession,
  },
  [commands.stepBack]: {
    title: 'Step Session Back',
    icon: '$(debug-step-back)',
    enablement: contextKeys.hasSession,
  },
  [commands.forkSession]: {
    title: 'Fork Session',
    icon: '$(repo-forked)',
    enablement: contextKeys.hasSession,
  },
  [commands.restartSession]: {
    title: 'Restart Session',
    icon: '$(debug-restart)',
    enablement: contextKeys.hasSession,
  },
  [commands.replaySession]: {
    title: 'Replay Session',
    icon: '$(debug-rerun)',
    enablement: contextKeys.hasSession,
  },
  [commands.sessionBreakpoints]: {
    title: 'Session Breakpoints…',
    icon: '$(debug-breakpoint)',
    enablement: contextKeys.hasSession,
  },
  [commands.nextRound]: { title: 'Next Round', enablement: contextKeys.hasSession },
  [commands.previousRound]: { title: 'Previous Round', enablement: contextKeys.hasSession },
  [commands.editRound]: { title: 'Edit Round', icon: '$(edit)', enablement: contextKeys.hasSession },
  [commands.rerunRound]: {
    title: 'Decide Round Anew',
    icon: '$(refresh)',
    enablement: contextKeys.hasSession,
  },
};

const viewNames: Readonly<Record<ViewId, string>> = {
  [views.datasets]: 'Datasets & Models',
  [views.memory]: 'Memory',
  [views.metrics]: 'Metrics',
};

const link = (label: string, command: string) => `[${label}](command:${command})`;

/** What an empty view says: one or two sentences, then the actions that fill it. */
const welcome: readonly { view: ViewId; key: string; when?: string; contents: readonly string[] }[] = [
  {
    view: views.datasets,
    key: 'noFolder',
    when: 'workspaceFolderCount == 0',
    contents: [
      'ToolRec keeps datasets and models in a folder of yours. No folder is open.',
      link('Open Folder', 'vscode.openFolder'),
      'Or let ToolRec make a small simulated dataset of well-known films in a folder that you choose.',
      link('Create the Sample', commands.createSample),
      `New here? ${link('Open the walkthrough', commands.openWalkthrough)}.`,
    ],
  },
  {
    view: views.datasets,
    key: 'empty',
    when: `workspaceFolderCount != 0 && ${trusted}`,
    contents: [
      'There is no dataset in this folder yet. The sample has 800 simulated viewers of well-known films and is ready in seconds.',
      link('Create the Sample', commands.createSample),
      'Or bring your own: MovieLens, RecBole, Amazon, Yelp, or a table in CSV, TSV, JSON Lines or Parquet.',
      link('Import Dataset…', commands.importDataset),
      `New here? ${link('Open the walkthrough', commands.openWalkthrough)}.`,
    ],
  },
  {
    view: views.datasets,
    key: 'restricted',
    when: `workspaceFolderCount != 0 && !${trusted}`,
    contents: [
      'This folder is in Restricted Mode. Datasets can be looked at; creating and importing them needs your trust.',
      link('Manage Workspace Trust', 'workbench.trust.manage'),
    ],
  },
  {
    view: views.memory,
    key: 'empty',
    contents: [
      'What the tools of a session found is listed here, tool by tool. No session is active.',
      link('Start Session', commands.startSession),
      link('Open Session…', commands.openSession),
    ],
  },
  {
    view: views.metrics,
    key: 'empty',
    contents: [
      'Hits, ranks and NDCG of sessions and models are listed here. Nothing has been measured yet.',
      link('Start Session', commands.startSession),
      link('Train', commands.train),
    ],
  },
];

const anyDataset = `view == ${views.datasets} && viewItem == ${treeItems.dataset}`;
const someDataset = `view == ${views.datasets} && viewItem =~ /^${treeItems.dataset}$|^${treeItems.damagedDataset}$/`;
const inDatasets = `view == ${views.datasets}`;
const inMemory = `view == ${views.memory}`;
const inMetrics = `view == ${views.metrics}`;
/** Models by what can be done with them: the words that model-tree.ts gives their rows. */
const model = (word = '') =>
  `view == ${views.datasets} && viewItem =~ /^${treeItems.model.replace('.', '\\.')} ${word && `.*\\b${word}\\b`}/`;
const trainingFile = `resourceFilename =~ /\\${trainingFileSuffix.replaceAll('.', '.')}$/`;

const experimentFile = `resourceFilename =~ /\\${experimentFileSuffix.replaceAll('.', '.')}$/`;

const menus = {
  'editor/title': [
    { command: commands.previewPrompt, when: onPrompt, group: 'navigation@1' },
    { command: commands.showPromptChanges, when: onPromptFile, group: '2_prompt@1' },
    { command: commands.editDemonstrations, when: onPromptFile, group: '2_prompt@2' },
    { command: commands.comparePromptVersions, when: onPromptFile, group: '2_prompt@3' },
    { command: commands.resetPrompt, when: onPromptFile, group: '3_reset' },
  ],
  'view/title': [
    { command: commands.importDataset, when: inDatasets, group: 'navigation@1' },
    { command: commands.refresh, when: inDatasets, group: 'navigation@2' },
    {
      command: commands.filterModels,
      when: `${inDatasets} && !${contextKeys.modelsFiltered}`,
      group: 'navigation@3',
    },
    {
      command: commands.clearModelFilter,
      when: `${inDatasets} && ${contextKeys.modelsFiltered}`,
      group: 'navigation@3',
    },
    { command: commands.train, when: inDatasets, group: '1_create@1' },
    { command: commands.createSample, when: inDatasets, group: '1_create@2' },
    { command: commands.showTraining, when: inDatasets, group: '1_create@3' },
    { command: commands.openWalkthrough, when: inDatasets, group: '2_help@1' },
    { command: commands.doctor, when: inDatasets, group: '2_help@2' },
    { command: commands.showLog, when: inDatasets, group: '2_help@3' },
    { command: commands.restartEngine, when: inDatasets, group: '3_engine' },
    { command: commands.filterMemory, when: inMemory, group: 'navigation@1' },
    {
      command: commands.clearMemoryFilter,
      when: `${inMemory} && ${contextKeys.memoryFiltered}`,
      group: 'navigation@2',
    },
    { command: commands.compareSessions, when: inMemory, group: '1_session@1' },
    { command: commands.exportSession, when: inMemory, group: '1_session@2' },
    { command: commands.selectLanguageModel, when: inMemory, group: '2_model' },
    { command: commands.filterMetrics, when: inMetrics, group: 'navigation@1' },
    {
      command: commands.clearMetricsFilter,
      when: `${inMetrics} && ${contextKeys.metricsFiltered}`,
      group: 'navigation@2',
    },
    { command: commands.revealHeldOut, when: inMetrics, group: '1_session' },
  ],
  'view/item/context': [
    { command: commands.train, when: anyDataset, group: 'inline@1' },
    { command: commands.startSession, when: anyDataset, group: 'inline@2' },
    { command: commands.showDataset, when: anyDataset, group: 'inline@3' },
    { command: commands.train, when: anyDataset, group: '0_train' },
    { command: commands.startSession, when: anyDataset, group: '1_open@2' },
    { command: commands.showDataset, when: anyDataset, group: '1_open@1' },
    { command: commands.copyDatasetName, when: someDataset, group: '2_name@1' },
    { command: commands.revealDataset, when: someDataset, group: '2_name@2' },
    { command: commands.deleteDataset, when: someDataset, group: '9_delete' },
    {
      command: commands.showItemTrail,
      when: `${inMemory} && viewItem == ${treeItems.memoryItem}`,
      group: 'inline',
    },
    {
      command: commands.copyItemTitle,
      when: `${inMemory} && viewItem =~ /^${treeItems.memoryItem}$|^${treeItems.memoryText}$/`,
      group: '1_copy',
    },
    {
      command: commands.revealHeldOut,
      when: `${inMetrics} && viewItem == ${treeItems.metric}.reveal`,
      group: 'inline',
    },
    { command: commands.pauseTraining, when: model('running'), group: 'inline@1' },
    { command: commands.resumeTraining, when: model('resumable'), group: 'inline@1' },
    { command: commands.pauseTraining, when: model('running'), group: '0_run@1' },
    { command: commands.stopTraining, when: model('running'), group: '0_run@2' },
    { command: commands.resumeTraining, when: model('resumable'), group: '0_run@1' },
    { command: commands.train, when: model('backbone usable idle'), group: '0_run@3' },
    { command: commands.showTraining, when: model(), group: '1_open@1' },
    { command: commands.evaluateModel, when: model('usable'), group: '1_open@2' },
    { command: commands.compareModels, when: model('usable'), group: '1_open@3' },
    { command: commands.startSession, when: model('usable'), group: '1_open@4' },
    { command: commands.copyDatasetName, when: model(), group: '2_name@1' },
    { command: commands.revealModel, when: model(), group: '2_name@2' },
    { command: commands.deleteModel, when: model(), group: '9_delete' },
  ],
  'editor/title/run': [
    { command: commands.runTrainingFile, when: trainingFile, group: 'navigation@1' },
    { command: commands.runExperiment, when: experimentFile, group: 'navigation@1' },
  ],
  'explorer/context': [
    { command: commands.runTrainingFile, when: trainingFile, group: '3_toolrec' },
    { command: commands.runExperiment, when: experimentFile, group: '3_toolrec' },
  ],
  commandPalette: Object.entries(commandDefinitions)
    .filter(([, definition]) => definition.palette === false)
    .map(([command]) => ({ command, when: 'false' })),
};

function inputSchema(schema: z.ZodType): object {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return json;
}

/**
 * Keys of the session panel. The panel keeps what is typed into its fields to itself; the rest of the condition is for
 * parts of the window that may have the focus while the panel is the active editor.
 */
const inSession = [
  `activeWebviewPanelId == '${panels.session}'`,
  ...['inputFocus', 'listFocus', 'sideBarFocus', 'panelFocus', 'auxiliaryBarFocus', 'notificationFocus'].map(
    (focus) => `!${focus}`,
  ),
].join(' && ');

const keybindings = [
  ['s', commands.stepSession],
  ['c', commands.continueSession],
  ['.', commands.stopSession],
  ['b', commands.stepBack],
  ['f', commands.forkSession],
  ['j', commands.nextRound],
  ['k', commands.previousRound],
  ['enter', commands.editRound],
].map(([key, command]) => ({ key, command, when: inSession }));

/** One setting as VS Code wants it: JSON Schema of draft 7 plus VS Code's own keywords. */
function configurationProperty(key: SettingKey, text: (key: string, english: string) => string): object {
  const { schema, fallback, description, scope, valueDescriptions } = settings[key];
  const { $schema: _, ...jsonSchema } = z.toJSONSchema(schema, { target: 'draft-7' });
  return {
    ...jsonSchema,
    default: fallback,
    scope,
    order: Object.keys(settings).indexOf(key),
    ...(valueDescriptions && {
      markdownEnumDescriptions: valueDescriptions.map((english, i) => text(`setting.${key}.${i}`, english)),
    }),
    markdownDescription: text(`setting.${key}`, description),
  };
}

export interface Manifest {
  /** Top-level keys of package.json, each replaced whole. */
  readonly keys: Readonly<Record<string, unknown>>;
  /** package.nls.json. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Builds what belongs into package.json and package.nls.json. Touches no disk. */
export function manifest(): Manifest {
  const texts: Record<string, string> = {};
  const text = (key: string, english: string): string => {
    texts[key] = english;
    return `%${key}%`;
  };
  const keys = {
    displayName: 'ToolRec Workbench',
    description:
      'Train sequential recommenders and step an LLM surrogate user through tool-learning recommendation rounds (ToolRec, SIGIR 2024).',
    icon: 'media/icon.png',
    galleryBanner: { color: '#1f2937', theme: 'dark' },
    categories: ['Machine Learning', 'Data Science', 'Visualization'],
    keywords: [
      'recommender systems',
      'sequential recommendation',
      'SASRec',
      'BERT4Rec',
      'ToolRec',
      'MovieLens',
      'surrogate user',
      'LLM agent',
    ],
    extensionKind: ['workspace'],
    l10n: './l10n',
    // Commands, views and walkthroughs activate by themselves; panels that come back after a reload do not, nor do
    // trainings that go on after one, nor completion in configurations.
    activationEvents: [
      ...Object.values(panels).map((panel) => `onWebviewPanel:${panel}`),
      'workspaceContains:.toolrec/models',
      'onLanguage:yaml',
    ],
    capabilities: {
      untrustedWorkspaces: {
        supported: 'limited',
        description: text(
          'untrusted',
          'In Restricted Mode, datasets that exist can be looked at. Creating, importing and deleting them needs trust.',
        ),
        // A folder that is not trusted cannot choose where prompts go.
        restrictedConfigurations: (Object.keys(settings) as SettingKey[])
          .filter((key) => key.startsWith('languageModel.'))
          .map((key) => `${configurationSection}.${key}`),
      },
      virtualWorkspaces: {
        supported: false,
        description: text(
          'virtual',
          'The engine reads and writes files on disk, which a virtual workspace lacks.',
        ),
      },
    },
    contributes: {
      commands: Object.entries(commandDefinitions).map(([command, { title, icon, enablement }]) => ({
        command,
        title: text(`command.${command.replace('toolrec.', '')}`, title),
        category: 'ToolRec',
        ...(icon && { icon }),
        ...(enablement && { enablement }),
      })),
      viewsContainers: {
        activitybar: [{ id: viewContainer, title: 'ToolRec', icon: 'media/toolrec.svg' }],
      },
      views: {
        [viewContainer]: Object.entries(viewNames).map(([id, name]) => ({
          id,
          name: text(`view.${id.replace('toolrec.', '')}`, name),
          icon: 'media/toolrec.svg',
          contextualTitle: 'ToolRec',
          ...(id === views.datasets ? {} : { visibility: 'collapsed' }),
          initialSize: id === views.memory ? 3 : 2,
        })),
      },
      viewsWelcome: welcome.map(({ view, key, when, contents }) => ({
        view,
        contents: text(`welcome.${view.replace('toolrec.', '')}.${key}`, contents.join('\n')),
        ...(when && { when }),
      })),
      menus,
      ...promptContributions(text),
      keybindings,
      walkthroughs: [walkthrough(text)],
      taskDefinitions: [
        {
          type: taskType,
          required: ['file'],
          properties: {
            file: {
              type: 'string',
              description: text(
                'task.file',
                `A training configuration (*${trainingFileSuffix}) of this folder.`,
              ),
            },
          },
        },
      ],
      languageModelTools: toolContributions.map((tool) => ({
        name: tool.name,
        toolReferenceName: tool.reference,
        canBeReferencedInPrompt: true,
        displayName: text(`tool.${tool.name}.name`, tool.displayName),
        userDescription: text(`tool.${tool.name}.description`, tool.userDescription),
        modelDescription: tool.modelDescription,
        icon: tool.icon,
        tags: [...tool.tags],
        inputSchema: inputSchema(tool.schema),
      })),
      configuration: {
        title: 'ToolRec',
        properties: Object.fromEntries(
          (Object.keys(settings) as SettingKey[]).map((key) => [
            `${configurationSection}.${key}`,
            configurationProperty(key, text),
          ]),
        ),
      },
    },
  };
  return { keys, texts };
}
