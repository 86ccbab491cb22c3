import type { DemonstrationsState, EditedDemonstration } from '../../../webview/protocol.ts';
import { replaceDemonstration } from '../../agent/prompts/demonstration-edits.ts';
import { demonstrationSchema, demonstrationText } from '../../agent/prompts/demonstrations.ts';
import {
  checkDemonstrations,
  type KnownItems,
  readDemonstrations,
} from '../../agent/prompts/language/demonstration-file.ts';
import { entryAt } from '../../agent/prompts/language/yaml-model.ts';
import { standardSignatures } from '../../agent/tools/registry.ts';
import { estimateTokens } from '../../llm/tokens.ts';
import { InputError } from '../../shared/errors.ts';
import type { Texts } from '../texts.ts';

/** A file of demonstrations as a list shows it. */
export function demonstrationsState(
  text: string,
  about: { readonly file: string; readonly items: KnownItems | undefined; readonly texts: Texts },
): DemonstrationsState {
  const read = readDemonstrations(text);
  const findings = checkDemonstrations(read, { signatures: standardSignatures(), items: about.items });
  return {
    file: about.file,
    domain: read.value?.domain ?? '',
    demonstrations: (read.value?.demonstrations ?? []).map((one, i) => {
      const place = entryAt(read.yaml, ['demonstrations', i])?.value ?? { start: 0, end: 0 };
      return {
        title: one.title,
        source: one.source,
        enabled: one.enabled,
        history: [...one.history],
        rounds: one.rounds.map(({ thought, action, observation }) => ({
          thought,
          action,
          ...(observation ? { observation: [...observation] } : {}),
        })),
        tokens: estimateTokens(demonstrationText(one)),
        findings: findings
          .filter((found) => found.start >= place.start && found.start < place.end)
          .map(({ severity, message, start }) => ({
            severity,
            message,
            line: read.lines.position(start).line,
          })),
      };
    }),
    ...(read.value ? {} : { problem: findings[0]?.message ?? about.texts.t('The file is empty.') }),
  };
}

/**
 * The text of the file with what a person wrote in the place of an example.
 * @throws InputError `bad-demonstrations` when it does not fit the form of one.
 */
export function withEdited(text: string, index: number, edited: EditedDemonstration): string {
  const old = readDemonstrations(text).value?.demonstrations[index];
  const parsed = demonstrationSchema.safeParse({ ...old, ...edited });
  if (parsed.success) return replaceDemonstration(text, index, parsed.data);
  const issue = parsed.error.issues[0]!;
  throw new InputError(
    'bad-demonstrations',
    `“${issue.path.join('.')}”: ${issue.message}.`,
    'Correct it and save again.',
  );
}
