import { register } from 'node:module';

/**
 * Stands in for the module `vscode`, which is there only inside VS Code: as much of it as files need that are tested
 * outside it. Import this first, and what is tested with `import()`.
 */
const module = `
export const env = { language: 'en' };
export const l10n = {
  t: (text, ...args) => text.replace(/\\{(\\d+)\\}/g, (_, i) => String(args[Number(i)])),
};
export const Uri = {
  joinPath: (base, ...parts) => [base, ...parts].join('/'),
  file: (path) => path,
};
export class MarkdownString { constructor(value) { this.value = value; } }
export class ThemeColor { constructor(id) { this.id = id; } }
export class ThemeIcon { constructor(id, color) { this.id = id; this.color = color; } }
export class TreeItem { constructor(label, collapsibleState) { Object.assign(this, { label, collapsibleState }); } }
export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
`;
const hooks = `export const resolve = (name, context, next) => name === 'vscode'
  ? { url: 'data:text/javascript,' + encodeURIComponent(${JSON.stringify(module)}), shortCircuit: true }
  : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
