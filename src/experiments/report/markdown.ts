import type { Block, Cell } from './document.ts';

/** Where the files of a report are, seen from it. */
export const usersFileOf = (method: string): string => `users/${method}.csv`;
export const figureFileOf = (name: string): string => `figures/${name}.svg`;

export function markdownOf(title: string, blocks: readonly Block[]): string {
  return `# ${line(title)}\n\n${blocks.map(blockText).join('\n\n')}\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `## ${line(block.text)}`;
    case 'text':
      return block.tone === undefined ? line(block.text) : `> ${line(block.text)}`;
    case 'code':
      return `\`\`\`\`yaml\n${block.text}\n\`\`\`\``;
    case 'figure':
      return `![${line(block.figure.title)}](${figureFileOf(block.figure.name)})\n\n*${line(block.figure.caption)}*`;
    case 'table': {
      const divider = block.head.map((_, i) => (block.numeric.includes(i) ? '---:' : '---'));
      const rows = [block.head.map(line), divider, ...block.rows.map((row) => row.map(cellText))];
      return `${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n\n*${line(block.caption)}*`;
    }
  }
}

function cellText({ text, strong, users }: Cell): string {
  const plain = strong ? `**${line(text)}**` : line(text);
  return users === undefined ? plain : `[${plain}](${usersFileOf(users)})`;
}

/** One line without meaning to Markdown: texts come from files, datasets and models. */
function line(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*[\]<>|]/g, (sign) => `\\${sign}`);
}
