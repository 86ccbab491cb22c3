import { type Block, roleNames } from './blocks.ts';
import type { PromptDocument } from './document.ts';
import type { Span } from './spans.ts';

export interface OutlineNode extends Span {
  readonly name: string;
  readonly detail: string;
  readonly kind: 'front' | 'key' | 'role' | 'block' | 'section';
  readonly nameSpan: Span;
  readonly children: readonly OutlineNode[];
}

/** The front matter with its keys, the messages with their sections and blocks. */
export function outlineOf(document: PromptDocument): OutlineNode[] {
  const { front, text } = document;
  const nodes: OutlineNode[] = [];
  if (front.span.end > front.span.start) {
    const end = trimEnd(text, front.span.end);
    nodes.push({
      name: 'front matter',
      detail: front.kind ?? '',
      kind: 'front',
      start: front.span.start,
      end,
      nameSpan: { start: front.span.start, end: Math.min(end, front.span.start + 3) },
      children: front.yaml.entries
        .filter((entry) => entry.path.length === 1 && entry.key)
        .map((entry) => ({
          name: String(entry.path[0]),
          detail: text.slice(entry.value.start, entry.value.end).split('\n')[0]!.slice(0, 60),
          kind: 'key' as const,
          start: entry.key!.start,
          end: Math.max(entry.key!.end, trimEnd(text, entry.value.end)),
          nameSpan: entry.key!,
          children: [],
        })),
    });
  }
  return [...nodes, ...document.blocks.roots.map((block) => blockNode(document, block))];
}

function blockNode(document: PromptDocument, block: Block): OutlineNode {
  const { text } = document;
  const { tag } = block;
  const role = roleNames.includes(tag.name);
  const detail = text.slice(tag.inner.start, tag.inner.end).trim();
  const blocks = block.children.map((child) => blockNode(document, child));
  const children = role ? withSections(document, block, blocks) : blocks;
  return {
    name: role ? tag.name : `${tag.name}${detail ? ` ${detail}` : ''}`.slice(0, 80),
    detail: '',
    kind: role ? 'role' : 'block',
    start: block.start,
    end: block.end,
    nameSpan: { start: tag.start, end: tag.end },
    children,
  };
}

/** Sections of a message by its headings and the lines that lead a part in; blocks go below the section they are in. */
function withSections(document: PromptDocument, block: Block, blocks: readonly OutlineNode[]): OutlineNode[] {
  const heads = sectionHeads(document, block);
  if (heads.length === 0) return [...blocks];
  const first = heads[0]!.span.start;
  const sections = heads.map(({ title, span }, i): OutlineNode => {
    const end = trimEnd(document.text, heads[i + 1]?.span.start ?? block.inner.end);
    return {
      name: title,
      detail: '',
      kind: 'section',
      start: span.start,
      end: Math.max(end, span.end),
      nameSpan: span,
      children: blocks.filter(
        (child) => child.start >= span.start && child.start < (heads[i + 1]?.span.start ?? Infinity),
      ),
    };
  });
  return [...blocks.filter((child) => child.start < first), ...sections];
}

function sectionHeads(document: PromptDocument, block: Block): { title: string; span: Span }[] {
  const { text } = document;
  const heads: { title: string; span: Span }[] = [];
  const inner = text.slice(block.inner.start, block.inner.end);
  for (const match of inner.matchAll(/^(#{1,6} .+|[\p{Lu}][^\n{}]{1,100}:)[ \t]*\r?$/gmu)) {
    const start = block.inner.start + match.index;
    // Lines inside a nested block belong to it.
    if (block.children.some((child) => start >= child.start && start < child.end)) continue;
    heads.push({
      title: match[1]!.replace(/^#+ /, '').replace(/:$/, ''),
      span: { start, end: start + match[1]!.length },
    });
  }
  return heads;
}

/** Folds: front matter, blocks, and the sections of messages. Lines are 1-based, `end` is the last hidden one. */
export function foldsOf(
  document: PromptDocument,
): { start: number; end: number; kind: 'region' | 'comment' }[] {
  const line = (offset: number) => document.lines.position(offset).line;
  const folds: { start: number; end: number; kind: 'region' | 'comment' }[] = [];
  const add = (start: number, end: number, kind: 'region' | 'comment' = 'region') => {
    if (end > start) folds.push({ start, end, kind });
  };
  if (document.front.span.end > 0)
    add(line(document.front.span.start), line(trimEnd(document.text, document.front.span.end)));
  for (const block of document.blocks.all) {
    const last = line(block.close ? block.close.start : trimEnd(document.text, block.end));
    add(
      line(block.tag.start),
      block.close ? last - 1 : last,
      block.tag.name === 'comment' ? 'comment' : 'region',
    );
  }
  const sections = (nodes: readonly OutlineNode[]): void => {
    for (const node of nodes) {
      if (node.kind === 'section') add(line(node.start), line(node.end));
      sections(node.children);
    }
  };
  sections(outlineOf(document));
  return folds.sort((a, b) => a.start - b.start || b.end - a.end);
}

function trimEnd(text: string, end: number): number {
  let at = end;
  while (at > 0 && /\s/.test(text[at - 1]!)) at--;
  return at;
}
