import * as vscode from 'vscode';

/** A view that can be narrowed to what matches a text. */
export interface Filtered {
  readonly filterText: string;
  setFilter(text: string): void;
}

/** Narrows a view while the person types; Escape puts back what was. */
export function askFilter(title: string, placeholder: string, view: Filtered): Promise<void> {
  const before = view.filterText;
  const box = vscode.window.createInputBox();
  box.title = title;
  box.placeholder = placeholder;
  box.value = before;
  return new Promise((resolve) => {
    let accepted = false;
    box.onDidChangeValue((text) => view.setFilter(text));
    box.onDidAccept(() => {
      accepted = true;
      box.hide();
    });
    box.onDidHide(() => {
      if (!accepted) view.setFilter(before);
      box.dispose();
      resolve();
    });
    box.show();
  });
}
