import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { BenchContext, Figures } from '../program.ts';
import { closePanel, openBenchWindow, openings, toolrec, untilShown, type PanelName } from './window.ts';

/** Panels that a command of the palette opens, where there is one dataset and one model, without a question. */
const panels = {
  training: 'ToolRec: Show Training',
  dataset: 'ToolRec: Show Dataset',
} as const satisfies Partial<Record<PanelName, string>>;

const runs = 7;

/**
 * From the click on the command until the panel's content has been drawn, in the browser that shows the
 * workbench.
 */
export async function panelOpen(context: BenchContext): Promise<Figures> {
  const { root, temporaryFolder, signal, log } = context;
  const folder = path.join(temporaryFolder, 'panels-workspace');
  mkdirSync(folder);
  toolrec(root, 'sample', '--workspace', folder);
  const small = ['--hidden', '8', '--inner', '8', '--layers', '1', '--max-length', '20', '--epochs', '3'];
  toolrec(root, 'train', 'sample', '--workspace', folder, '--device', 'onnx-cpu', ...small);
  const window = await openBenchWindow(context, folder);
  try {
    const figures: Record<string, Figures> = {};
    for (const [name, command] of Object.entries(panels)) {
      log(`  ${name} …`);
      const milliseconds: number[] = [];
      for (let run = 0; run < runs; run++) {
        signal.throwIfAborted();
        const row = await window.workbench.palette.find(command);
        milliseconds.push(await untilShown(window.page, row, name as PanelName));
        await closePanel(window);
      }
      figures[name] = openings(milliseconds);
    }
    return { limitMilliseconds: 300, ...figures };
  } finally {
    await window.close();
  }
}
