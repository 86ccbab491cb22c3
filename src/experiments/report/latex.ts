import type { Block, Cell, Table } from './document.ts';

/** The tables as LaTeX, for `\input`; needs the package booktabs. */
export function latexOf(title: string, blocks: readonly Block[]): string {
  const tables = blocks.filter((block): block is Table => block.kind === 'table');
  const wanted = tables.filter(({ name }) => ['results', 'comparisons', 'paper', 'effort'].includes(name));
  return [`% ${escapeLatex(title)}`, '% \\usepackage{booktabs}', ...wanted.map(tableText), ''].join('\n\n');
}

function tableText({ name, caption, head, rows, numeric }: Table): string {
  const columns = head.map((_, i) => (numeric.includes(i) ? 'r' : 'l')).join('');
  const row = (cells: readonly string[]) => `  ${cells.join(' & ')} \\\\`;
  return [
    '\\begin{table}',
    '\\centering',
    `\\caption{${escapeLatex(caption)}}`,
    `\\label{tab:${name}}`,
    `\\begin{tabular}{${columns}}`,
    '  \\toprule',
    row(head.map(escapeLatex)),
    '  \\midrule',
    ...rows.map((cells) => row(cells.map(cellText))),
    '  \\bottomrule',
    '\\end{tabular}',
    '\\end{table}',
  ].join('\n');
}

function cellText({ text, strong }: Cell): string {
  return strong ? `\\textbf{${escapeLatex(text)}}` : escapeLatex(text);
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '$<$',
  '>': '$>$',
  '±': '$\\pm$',
  '−': '$-$',
  '–': '--',
  α: '$\\alpha$',
  '†': '$\\dagger$',
  '“': '``',
  '”': "''",
  '’': "'",
};

export function escapeLatex(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\{}$&#%_^~<>±−–α†“”’]/g, (sign) => escapes[sign]!);
}
