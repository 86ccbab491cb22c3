/** Language id of `*.toolrec.md`. Here without `vscode`, for the manifest. */
export const promptLanguage = 'toolrec-prompt';
