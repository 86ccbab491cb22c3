/**
 * VS Code hears every key pressed in a panel and runs the command bound to it. What is typed into a field, and what a
 * button or a list does with its own keys, must not run commands such as Step on S as well.
 */
export function keepTypingHere(page: Document): void {
  page.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^F\d+$/.test(event.key)) return;
    const target = event.composedPath()[0];
    if (!(target instanceof Element)) return;
    const typing = target.closest('textarea, input, select') !== null || event.isComposing;
    const own =
      (event.key === 'Enter' || event.key === ' ') &&
      target.closest('button, summary, a, vscode-button') !== null;
    if (typing || own) event.stopPropagation();
  });
}
