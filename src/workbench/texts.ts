/**
 * The person's language: how to translate and how to write numbers. `vscodeTexts` (language.ts) in the extension,
 * `english` in tests.
 */
export interface Texts {
  readonly locale: string;
  /** `{0}`, `{1}` … are replaced by the arguments. */
  t(message: string, ...args: (string | number)[]): string;
}

export const english: Texts = {
  locale: 'en',
  t: (message, ...args) =>
    message.replace(/\{(\d+)\}/g, (whole, i: string) => String(args[Number(i)] ?? whole)),
};
