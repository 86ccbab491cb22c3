import type { BodyToken, TagToken } from './scan.ts';
import { nearestName, type PromptDiagnostic, type Span } from './spans.ts';
import { refusedTags, tagsByName, tagWords } from './words.ts';

/** A tag with what it holds: `{% for … %} … {% endfor %}`. */
export interface Block extends Span {
  readonly tag: TagToken;
  /** Undefined where it is missing. */
  readonly close: TagToken | undefined;
  /** Between the tags. */
  readonly inner: Span;
  readonly children: Block[];
  readonly parent: Block | undefined;
}

export const roleNames: readonly string[] = ['system', 'user', 'assistant'];

export interface BlockTree {
  readonly roots: readonly Block[];
  readonly all: readonly Block[];
  readonly problems: readonly PromptDiagnostic<
    'syntax' | 'unknown-tag' | 'unclosed-block' | 'role-nesting'
  >[];
}

interface Open {
  readonly tag: TagToken;
  readonly children: Block[];
  readonly parent: Block | undefined;
  block: Block;
}

/** Pairs tags with their ends. A block whose end is missing is closed where the block around it ends. */
export function buildBlocks(tokens: readonly BodyToken[], textEnd: number): BlockTree {
  const roots: Block[] = [];
  const all: Block[] = [];
  const problems: BlockTree['problems'][number][] = [];
  const stack: Open[] = [];

  const finish = (open: Open, innerEnd: number, close: TagToken | undefined) => {
    const end = close ? close.end : innerEnd;
    Object.assign(open.block, { close, end, inner: { start: open.tag.end, end: innerEnd } });
  };
  const leaveUnclosed = (open: Open, at: number) => {
    const { tag } = open;
    problems.push({
      code: 'unclosed-block',
      severity: 'error',
      message: `“${tag.name}” is not closed with {% end${tag.name} %}.`,
      start: tag.start,
      end: tag.end,
      fixes: [
        {
          title: `Insert {% end${tag.name} %}`,
          edits: [{ start: at, end: at, text: `${at === textEnd ? '\n' : ''}{% end${tag.name} %}\n` }],
          preferred: true,
        },
      ],
    });
    finish(open, at, undefined);
  };

  for (const token of tokens) {
    if (token.kind !== 'tag') continue;
    const { name } = token;
    const ended = name.startsWith('end') ? name.slice(3) : undefined;
    if (ended !== undefined && (tagsByName.get(ended)?.block || !tagsByName.has(name))) {
      const depth = stack.findLastIndex((open) => open.tag.name === ended);
      if (depth < 0) {
        const expected = stack.at(-1)?.tag.name;
        problems.push({
          code: 'syntax',
          severity: 'error',
          message: expected
            ? `“${name}” ends nothing here; “end${expected}” is expected.`
            : `“${name}” ends nothing: no block is open.`,
          start: token.start,
          end: token.end,
          fixes: [
            ...(expected
              ? [
                  {
                    title: `Change to “end${expected}”`,
                    edits: [{ ...token.nameSpan, text: `end${expected}` }],
                    preferred: true,
                  },
                ]
              : []),
            { title: 'Remove the tag', edits: [{ start: token.start, end: token.end, text: '' }] },
          ],
        });
        continue;
      }
      while (stack.length - 1 > depth) leaveUnclosed(stack.pop()!, token.start);
      finish(stack.pop()!, token.start, token);
      continue;
    }
    const word = tagsByName.get(name);
    if (!word) {
      problems.push(unknownTag(token));
      continue;
    }
    if (word.inside && !stack.some((open) => word.inside!.includes(open.tag.name)))
      problems.push({
        code: 'syntax',
        severity: 'error',
        message: `“${name}” stands outside of ${word.inside.join(', ')}.`,
        start: token.start,
        end: token.end,
        fixes: [{ title: 'Remove the tag', edits: [{ start: token.start, end: token.end, text: '' }] }],
      });
    if (!word.block) continue;
    if (roleNames.includes(name)) {
      // A role inside a role was meant to follow it; one inside a loop or condition is fine.
      const outer = stack.findLastIndex((open) => roleNames.includes(open.tag.name));
      if (outer >= 0 && outer === stack.length - 1) leaveUnclosed(stack.pop()!, token.start);
      else if (outer >= 0)
        problems.push({
          code: 'role-nesting',
          severity: 'error',
          message: `A ${name} block stands inside a ${stack[outer]!.tag.name} block.`,
          start: token.start,
          end: token.end,
          fixes: [],
        });
    }
    const parent = stack.at(-1)?.block;
    const children: Block[] = [];
    const block: Block = {
      tag: token,
      close: undefined,
      inner: { start: token.end, end: token.end },
      children,
      parent,
      start: token.start,
      end: token.end,
    };
    (parent ? parent.children : roots).push(block);
    all.push(block);
    stack.push({ tag: token, children, parent, block });
  }
  while (stack.length > 0) leaveUnclosed(stack.pop()!, textEnd);
  return { roots, all, problems };
}

function unknownTag(token: TagToken): BlockTree['problems'][number] {
  const { name } = token;
  const span = name === '' ? { start: token.start, end: token.end } : token.nameSpan;
  const refused = Object.hasOwn(refusedTags, name) ? refusedTags[name] : undefined;
  const known = tagWords.flatMap((tag) => (tag.block ? [tag.name, `end${tag.name}`] : [tag.name]));
  const near = name === '' || refused ? undefined : nearestName(name, known);
  return {
    code: 'unknown-tag',
    severity: 'error',
    message:
      name === ''
        ? 'The tag has no name.'
        : refused
          ? `There is no tag “${name}”. ${refused}`
          : `There is no tag “${name}”.${near ? ` Did you mean “${near}”?` : ''}`,
    ...span,
    fixes: [
      ...(near
        ? [{ title: `Change to “${near}”`, edits: [{ ...token.nameSpan, text: near }], preferred: true }]
        : []),
      { title: 'Remove the tag', edits: [{ start: token.start, end: token.end, text: '' }] },
    ],
  };
}

/** The blocks that hold an offset, outermost first. */
export function blocksAround(roots: readonly Block[], offset: number): Block[] {
  for (const block of roots)
    if (offset >= block.start && offset < block.end) return [block, ...blocksAround(block.children, offset)];
  return [];
}
