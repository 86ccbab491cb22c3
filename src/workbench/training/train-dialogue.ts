import * as vscode from 'vscode';
import { deviceLabel, deviceNames } from '../../engine/device-names.ts';
import { readManifest } from '../../data/manifest.ts';
import { doctorReport } from '../../service/requests/doctor.ts';
import type { DeviceReport } from '../../service/requests/doctor.ts';
import type { ModelRow } from '../../../webview/protocol.ts';
import type { DatasetReference } from '../dataset-tree.ts';
import { workspaceOf } from '../folders.ts';
import { metricText } from '../models/model-text.ts';
import { askMany, askPick, askText } from '../quick-input.ts';
import type { Answer, Heading } from '../quick-input.ts';
import { readSetting } from '../settings.ts';
import { walkSteps } from '../steps.ts';
import type { Move, Step } from '../steps.ts';
import type { Workbench } from '../workbench.ts';
import { vscodeTexts } from '../language.ts';
import { lossNotes } from './training-text.ts';
import {
  defaultLoss,
  missingTools,
  trainTargets,
  type TrainChoices,
  type TrainSize,
  type TrainTarget,
} from './train-choices.ts';

interface Start {
  readonly dataset?: DatasetReference | undefined;
  /** A backbone whose tools are wanted. */
  readonly backbone?: string | undefined;
}

/** What came of the dialogue: choices, and what to do with them. */
export interface TrainAnswer {
  readonly choices: TrainChoices;
  readonly action: 'train' | 'save';
}

type Device = TrainChoices['device'];

/** The questions of “ToolRec: Train”. Every one starts on what is right for most: Enter all the way trains it. */
export class TrainDialogue {
  private readonly workbench: Workbench;
  private readonly given: Start;
  private dataset: DatasetReference | undefined;
  private rows: readonly ModelRow[] = [];
  /** Every attribute; those of running text are offered, and not ticked. */
  private attributeNames: readonly string[] = [];
  private usual: readonly string[] = [];
  private asksDataset = true;
  private target: TrainTarget | undefined;
  private attributes: readonly string[] = [];
  private size: TrainSize | undefined;
  private loss: string | undefined;
  private device: Device | undefined;
  private action: 'train' | 'save' = 'train';
  private report: Promise<readonly DeviceReport[]> | undefined;

  constructor(workbench: Workbench, given: Start) {
    this.workbench = workbench;
    this.given = given;
    this.dataset = given.dataset;
  }

  async ask(): Promise<TrainAnswer | undefined> {
    const steps: readonly Step[] = [
      this.askDataset,
      this.askTarget,
      this.askAttributes,
      this.askSize,
      this.askLoss,
      this.askDevice,
      this.askAction,
    ];
    if (!(await walkSteps(steps))) return undefined;
    const { dataset, target, attributes, size, loss, device, action } = this;
    if (!dataset || !target || !size || loss === undefined || device === undefined) return undefined;
    const threads = await readSetting('training.threads', dataset.folder);
    const folder = dataset.folder.fsPath;
    const choices = { folder, dataset: dataset.name, target, attributes, size, loss, device, threads };
    return { choices, action };
  }

  /** The first question is left out where there is nothing to choose from. */
  private heading(step: number, canGoBack: boolean): Heading {
    const skipped = this.asksDataset ? 0 : 1;
    return {
      title: vscode.l10n.t('Train'),
      step: step - skipped,
      total: 7 - skipped,
      canGoBack: canGoBack && step - skipped > 1,
    };
  }

  private readonly askDataset: Step = async ({ canGoBack }) => {
    if (this.given.dataset) {
      this.asksDataset = false;
      await this.look(this.given.dataset);
      return 'skip';
    }
    const { pickableDatasets } = await import('../dataset-commands.ts');
    const items = await pickableDatasets(this.workbench);
    if (items.length === 1) {
      this.asksDataset = false;
      await this.look(items[0]!.node);
      return 'skip';
    }
    const answer = await askPick({
      ...this.heading(1, canGoBack),
      placeholder: vscode.l10n.t('Which dataset should be learned from?'),
      items: Promise.resolve(items),
      active: ({ node }) => node.name === this.dataset?.name,
    });
    if (answer.kind !== 'answer') return answer.kind;
    await this.look(answer.value.node);
    return 'next';
  };

  /** Reads what the later questions need of a dataset. */
  private async look({ folder, name }: DatasetReference): Promise<void> {
    if (this.dataset?.name !== name) this.target = undefined;
    this.dataset = { folder, name };
    const [manifest, rows] = await Promise.all([
      readManifest(workspaceOf(folder).entry('datasets', name)),
      this.workbench.models.rows(folder.fsPath),
    ]);
    this.attributeNames = manifest.attributes.map((each) => each.name);
    this.usual = manifest.attributes.filter(({ kind }) => kind !== 'text').map((each) => each.name);
    this.rows = rows;
  }

  private readonly askTarget: Step = async ({ canGoBack }) => {
    const targets = trainTargets(this.rows, this.dataset!.name, this.usual, this.given.backbone);
    const items = targets.map((target) => ({ ...this.targetItem(target), target }));
    const answer = await askPick({
      ...this.heading(2, canGoBack),
      placeholder: vscode.l10n.t('What should be trained on “{0}”?', this.dataset!.name),
      items: Promise.resolve(items),
      active: ({ target }) => sameTarget(target, this.target),
    });
    return this.keep(answer, ({ target }) => {
      if (!sameTarget(target, this.target)) this.attributes = [];
      this.target = target;
    });
  };

  private targetItem(target: TrainTarget): vscode.QuickPickItem {
    if (target.kind === 'backbone')
      return target.text
        ? {
            label: `$(layers) ${target.model === 'sasrec' ? 'SASRec' : 'BERT4Rec'}_GloVe`,
            detail: vscode.l10n.t(
              'Sees item texts too, as means of word vectors. For a sentence model, save a configuration and name it there.',
            ),
          }
        : target.model === 'sasrec'
          ? {
              label: '$(layers) SASRec',
              detail: vscode.l10n.t('Reads a history from left to right and predicts what comes next.'),
            }
          : {
              label: '$(layers) BERT4Rec',
              detail: vscode.l10n.t('Learns to fill in hidden items from both sides; needs more epochs.'),
            };
    const { backbone, mode } = target;
    const missing = missingTools(this.rows, backbone.id, mode, this.usual).length;
    return {
      label:
        mode === 'frozen'
          ? `$(tools) ${vscode.l10n.t('Attribute tools on {0}', backbone.id)}`
          : `$(tools) ${vscode.l10n.t('Attribute tools on {0}, backbone trained too', backbone.id)}`,
      description: metricText(backbone, vscodeTexts),
      detail:
        missing > 0
          ? vscode.l10n.t('Retrieval by attribute (paper 3.3.2). {0} attributes have no tool yet.', missing)
          : vscode.l10n.t('Retrieval by attribute (paper 3.3.2). Every attribute has a tool already.'),
    };
  }

  private readonly askAttributes: Step = async ({ canGoBack }) => {
    const { target } = this;
    if (target?.kind !== 'tools') return 'skip';
    const missing = missingTools(this.rows, target.backbone.id, target.mode, this.attributeNames);
    const ticked =
      this.attributes.length > 0 ? this.attributes : missing.filter((each) => this.usual.includes(each));
    const answer = await askMany({
      ...this.heading(3, canGoBack),
      placeholder: vscode.l10n.t('For which attributes? One tool is trained for each.'),
      items: this.attributeNames.map((label) => ({
        label,
        ...(missing.includes(label) ? {} : { description: vscode.l10n.t('has a tool') }),
      })),
      picked: ({ label }) => ticked.includes(label),
    });
    return this.keep(answer, (items) => (this.attributes = items.map(({ label }) => label)));
  };

  private readonly askSize: Step = async ({ canGoBack }) => {
    const first = this.size ?? (await readSetting('training.size', this.dataset!.folder));
    interface Item extends vscode.QuickPickItem {
      readonly size: TrainSize | 'ask';
    }
    const items: Item[] = [
      {
        label: vscode.l10n.t('Standard'),
        detail: vscode.l10n.t('Until validation gets no better; settings that did best on ML-1M.'),
        size: 'standard',
      },
      {
        label: vscode.l10n.t('Quick Look'),
        detail: vscode.l10n.t('Five epochs: enough to see that everything works.'),
        size: 'quick',
      },
      {
        label: vscode.l10n.t('As in the Paper'),
        detail: vscode.l10n.t('The settings of its reference implementation; up to 300 epochs.'),
        size: 'paper',
      },
      {
        label: vscode.l10n.t('Number of Epochs…'),
        ...(typeof first === 'object' && { description: String(first.epochs) }),
        size: 'ask',
      },
    ];
    const answer = await askPick({
      ...this.heading(4, canGoBack),
      placeholder: vscode.l10n.t('How much training?'),
      items: Promise.resolve(items),
      active: ({ size }) => (typeof first === 'object' ? size === 'ask' : size === first),
    });
    if (answer.kind !== 'answer') return answer.kind;
    let chosen = answer.value.size;
    if (chosen === 'ask') {
      const epochs = await askText({
        ...this.heading(4, true),
        prompt: vscode.l10n.t('At most how many passes over the training data?'),
        value: typeof first === 'object' ? String(first.epochs) : '20',
        check: (text) =>
          /^[1-9]\d{0,3}$/.test(text.trim())
            ? undefined
            : { message: vscode.l10n.t('A whole number from 1 to 9999.'), wrong: true },
      });
      if (epochs.kind === 'back') return this.askSize({ canGoBack });
      if (epochs.kind !== 'answer') return epochs.kind;
      chosen = { epochs: Number(epochs.value) };
    }
    if (JSON.stringify(chosen) !== JSON.stringify(this.size)) this.loss = undefined;
    this.size = chosen;
    return 'next';
  };

  private readonly askLoss: Step = async ({ canGoBack }) => {
    const usual = defaultLoss(this.target!, this.size!);
    const items = Object.entries(lossNotes(vscodeTexts)).map(([loss, { label, detail }]) => ({
      label,
      detail,
      ...(loss === usual && { description: vscode.l10n.t('usual') }),
      loss,
    }));
    items.sort((a, b) => Number(b.loss === usual) - Number(a.loss === usual));
    const answer = await askPick({
      ...this.heading(5, canGoBack),
      placeholder: vscode.l10n.t('Which loss?'),
      items: Promise.resolve(items),
      active: ({ loss }) => loss === (this.loss ?? usual),
    });
    return this.keep(answer, ({ loss }) => (this.loss = loss));
  };

  private readonly askDevice: Step = async ({ canGoBack }) => {
    interface Item extends vscode.QuickPickItem {
      readonly device?: Device;
      readonly why?: string;
    }
    const first = this.device ?? (await readSetting('training.device', this.dataset!.folder));
    const auto: Item = {
      label: `$(dashboard) ${vscode.l10n.t('Fastest')}`,
      detail: vscode.l10n.t(
        'A few steps are timed on every device that works here; remembered for next time.',
      ),
      device: 'auto',
    };
    const named = deviceNames.map((device): Item => ({ label: deviceLabel(device), device }));
    const items = this.devices().then((reports): Item[] => {
      const item = ({ id, label, available, detail, reason, remedy }: DeviceReport): Item => {
        const why = [reason, remedy].filter(Boolean).join(' ');
        return available
          ? { label: `$(chip) ${label}`, detail, device: id }
          : { label: `$(circle-slash) ${label}`, detail: why, why };
      };
      const separator = (label: string): Item => ({ label, kind: vscode.QuickPickItemKind.Separator });
      const works = reports.filter(({ available }) => available);
      const others = reports.filter(({ available }) => !available);
      return [
        auto,
        separator(vscode.l10n.t('Works on this machine')),
        ...works.map(item),
        separator(vscode.l10n.t('Not available')),
        ...others.map(item),
      ];
    });
    const answer = await askPick<Item>({
      ...this.heading(6, canGoBack),
      placeholder: vscode.l10n.t('On which device?'),
      early: first === 'auto' ? [auto] : [auto, ...named],
      items,
      active: ({ device }) => device === first,
      allows: ({ label, why }) => {
        if (why === undefined) return true;
        const name = label.replace(/^\$\([\w-]+\) /, '');
        void vscode.window.showWarningMessage(vscode.l10n.t('{0} cannot be used here. {1}', name, why));
        return false;
      },
    });
    return this.keep(answer, ({ device }) => (this.device = device ?? 'auto'));
  };

  /** Asked once, and in the background from the first question on that needs the engine. */
  private devices(): Promise<readonly DeviceReport[]> {
    this.report ??= this.workbench.engine
      .request(doctorReport, { workspace: this.dataset!.folder.fsPath })
      .then(({ devices }) => devices);
    this.report.catch(() => (this.report = undefined));
    return this.report;
  }

  private readonly askAction: Step = async ({ canGoBack }) => {
    const answer = await askPick({
      ...this.heading(7, canGoBack),
      placeholder: this.summary(),
      items: Promise.resolve([
        {
          label: `$(play) ${vscode.l10n.t('Start Training')}`,
          detail: this.summary(),
          action: 'train' as const,
        },
        {
          label: `$(save) ${vscode.l10n.t('Save Configuration…')}`,
          detail: vscode.l10n.t('A .toolrec-train.yaml file that can be run again, edited and shared.'),
          action: 'save' as const,
        },
      ]),
      active: ({ action }) => action === this.action,
    });
    return this.keep(answer, ({ action }) => (this.action = action));
  };

  private summary(): string {
    const { target, attributes, loss, device } = this;
    const what =
      target?.kind === 'tools'
        ? vscode.l10n.t('{0} on {1}', attributes.join(', '), target.backbone.id)
        : `${target?.model === 'bert4rec' ? 'BERT4Rec' : 'SASRec'}${target?.text ? '_GloVe' : ''}`;
    const where = device === 'auto' ? vscode.l10n.t('fastest device') : deviceLabel(device!);
    return [what, this.dataset!.name, this.sizeName(), loss, where].join(' · ');
  }

  private sizeName(): string {
    const { size } = this;
    if (typeof size === 'object') return vscode.l10n.t('{0} epochs', size.epochs);
    switch (size) {
      case 'quick':
        return vscode.l10n.t('quick look');
      case 'paper':
        return vscode.l10n.t('as in the paper');
      case 'standard':
      case undefined:
        return vscode.l10n.t('standard');
    }
  }

  private keep<T>(answer: Answer<T>, set: (value: T) => void): Move {
    if (answer.kind !== 'answer') return answer.kind;
    set(answer.value);
    return 'next';
  }
}

function sameTarget(a: TrainTarget, b: TrainTarget | undefined): boolean {
  if (a.kind === 'backbone') return b?.kind === 'backbone' && a.model === b.model && a.text === b.text;
  return b?.kind === 'tools' && a.backbone.id === b.backbone.id && a.mode === b.mode;
}
