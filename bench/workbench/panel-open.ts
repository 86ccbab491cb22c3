import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import type { BenchContext, Figures } from '../program.ts';
import {
  closePanel,
  openBenchWindow,
  openings,
  toolrec,
  untilShown,
  type Opening,
  type PanelName,
} from './window.ts';

/** Panels that a command of the palette opens, where there is one dataset and one model, without a question. */
const panels = {
  training: 'ToolRec: Show Training',
  dataset: 'ToolRec: Show Dataset',
} as const satisfies Partial<Record<PanelName, string>>;

const runs = 11;
const text = 'peer.md';

/**
 * From Enter on the command until the panel's content has been drawn, in the browser that shows the workbench; and the
 * same of a page that VS Code itself brings, the preview of a short Markdown file, which shows what a webview costs here.
 */
export async function panelOpen(context: BenchContext): Promise<Figures> {
  const { root, temporaryFolder, signal, log } = context;
  const folder = path.join(temporaryFolder, 'panels-workspace');
  mkdirSync(folder);
  toolrec(root, 'sample', '--workspace', folder);
  const small = ['--hidden', '8', '--inner', '8', '--layers', '1', '--max-length', '20', '--epochs', '3'];
  toolrec(root, 'train', 'sample', '--workspace', folder, '--device', 'onnx-cpu', ...small);
  writeFileSync(path.join(folder, text), '# A heading\n\nA paragraph.\n');
  const window = await openBenchWindow(context, folder);
  const { page, workbench } = window;
  const times = async (name: PanelName, command: string, from?: Locator): Promise<Figures> => {
    log(`  ${name} …`);
    const all: Opening[] = [];
    for (let run = 0; run < runs; run++) {
      signal.throwIfAborted();
      await from?.click();
      all.push(await untilShown(page, await workbench.palette.find(command), name));
      await closePanel(window);
    }
    return openings(all);
  };
  try {
    const figures: Record<string, Figures> = {};
    for (const [name, command] of Object.entries(panels))
      figures[name] = await times(name as PanelName, command);
    await workbench.palette.run('Go to File...');
    await workbench.palette.input.fill(text);
    await workbench.palette.row(text).click();
    const tab = workbench.editorTab(text);
    const markdownPreview = await times('markdown', 'Markdown: Open Preview', tab);
    return { limitMilliseconds: 300, ...figures, peer: { markdownPreview } };
  } finally {
    await window.close();
  }
}
