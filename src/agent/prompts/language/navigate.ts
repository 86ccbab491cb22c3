import type { LocalDefinition, PromptDocument } from './document.ts';
import { contains, type Span, type TextEdit } from './spans.ts';
import { type KnownInput } from './types.ts';
import { entryAt } from './yaml-model.ts';
import { UsageError } from '../../../shared/errors.ts';

/** What stands at a place in a template. */
export type PromptSymbol =
  | {
      readonly kind: 'input';
      readonly name: string;
      readonly own: boolean;
      readonly input: KnownInput;
      readonly span: Span;
    }
  | {
      readonly kind: 'local';
      readonly name: string;
      readonly definition: LocalDefinition;
      readonly span: Span;
    }
  | { readonly kind: 'loop'; readonly name: string; readonly span: Span }
  | {
      readonly kind: 'field';
      readonly name: string;
      readonly span: Span;
      readonly use: PromptDocument['uses'][number];
      readonly index: number;
    }
  | { readonly kind: 'filter'; readonly name: string; readonly span: Span }
  | { readonly kind: 'tag'; readonly name: string; readonly span: Span; readonly start: number };

export function symbolAt(document: PromptDocument, offset: number): PromptSymbol | undefined {
  for (const [name, input] of document.inputs) {
    const entry = entryAt(document.front.yaml, ['inputs', name]);
    if (entry?.key && contains(entry.key, offset))
      return { kind: 'input', name, own: input.own, input, span: entry.key };
  }
  for (const local of document.locals)
    if (contains(local.span, offset))
      return { kind: 'local', name: local.name, definition: local, span: local.span };
  for (const use of document.uses) {
    const { part, meaning } = use;
    if (!contains(part, offset)) continue;
    if (contains(part.rootSpan, offset)) {
      const span = part.rootSpan;
      const name = part.root;
      if (meaning.kind === 'input')
        return { kind: 'input', name, own: meaning.input.own, input: meaning.input, span };
      if (meaning.kind === 'local') return { kind: 'local', name, definition: meaning.definition, span };
      return meaning.kind === 'loop' ? { kind: 'loop', name, span } : undefined;
    }
    const index = part.segments.findIndex((segment) => contains(segment.span, offset));
    const segment = part.segments[index];
    if (segment?.name) return { kind: 'field', name: segment.name, span: segment.span, use, index };
  }
  for (const { parts } of document.expressions)
    for (const part of parts)
      if (part.kind === 'filter' && contains(part, offset))
        return { kind: 'filter', name: part.name, span: { start: part.start, end: part.end } };
  for (const token of document.tokens)
    if (token.kind === 'tag' && contains(token.nameSpan, offset))
      return { kind: 'tag', name: token.name, span: token.nameSpan, start: token.start };
  return undefined;
}

/** Where an input of the front matter is declared in this template; undefined for one that the kind gives. */
export function declarationOf(document: PromptDocument, name: string): Span | undefined {
  return entryAt(document.front.yaml, ['inputs', name])?.key;
}

/** Every place in a template that means this input, its declaration included. */
export function inputPlaces(document: PromptDocument, name: string): Span[] {
  const places = document.uses.flatMap(({ part, meaning }) =>
    meaning.kind === 'input' && part.root === name ? [part.rootSpan] : [],
  );
  const declaration = declarationOf(document, name);
  return declaration ? [declaration, ...places] : places;
}

export function localPlaces(document: PromptDocument, definition: LocalDefinition): Span[] {
  return [
    definition.span,
    ...document.uses.flatMap(({ part, meaning }) =>
      meaning.kind === 'local' && meaning.definition.span.start === definition.span.start
        ? [part.rootSpan]
        : [],
    ),
  ];
}

/** The tag that begins or ends the same block. */
export function blockPartner(document: PromptDocument, start: number): Span | undefined {
  for (const block of document.blocks.all) {
    if (block.tag.start === start && block.close) return block.close.nameSpan;
    if (block.close?.start === start) return block.tag.nameSpan;
  }
  return undefined;
}

/** @throws UsageError `not-renamable`: what stands there has its name from elsewhere. */
export function requireRenamable(
  symbol: PromptSymbol | undefined,
): asserts symbol is Extract<PromptSymbol, { kind: 'input' | 'local' }> {
  if (symbol?.kind === 'local' || (symbol?.kind === 'input' && symbol.own)) return;
  throw new UsageError(
    'not-renamable',
    symbol?.kind === 'input'
      ? `“${symbol.name}” is given by ToolRec under this name.`
      : 'There is nothing here that can be renamed.',
    'Inputs of the front matter and names made by for, assign and capture can be renamed.',
  );
}

/**
 * Edits that give an input of the front matter, or a name made in the template, another name in one template.
 * @throws UsageError `bad-input-name`, `name-taken`.
 */
export function renameEdits(
  document: PromptDocument,
  symbol: { kind: 'input' | 'local'; name: string; definition?: LocalDefinition },
  to: string,
): TextEdit[] {
  const pattern = symbol.kind === 'input' ? /^[a-z][a-z0-9_]{0,39}$/ : /^[A-Za-z_][A-Za-z0-9_]{0,39}$/;
  if (!pattern.test(to))
    throw new UsageError(
      'bad-input-name',
      `“${to.slice(0, 60)}” cannot be a name.`,
      'Use lower-case letters, digits and underscores, a letter first.',
    );
  if (
    to !== symbol.name &&
    (document.inputs.has(to) ||
      (symbol.kind === 'input' && document.locals.some((local) => local.name === to)))
  )
    throw new UsageError('name-taken', `“${to}” is another value of this template.`, 'Choose another name.');
  const places =
    symbol.kind === 'input' ? inputPlaces(document, symbol.name) : localPlaces(document, symbol.definition!);
  return places.map((span) => ({ ...span, text: to }));
}
