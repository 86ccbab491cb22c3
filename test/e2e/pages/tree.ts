import type { Locator } from 'playwright-core';

/** A tree view in the side bar: its rows, its welcome content and its actions. */
export class Tree {
  /** The whole section, header included. */
  readonly pane: Locator;

  constructor(pane: Locator) {
    this.pane = pane;
  }

  get rows(): Locator {
    return this.pane.locator('.pane-body .monaco-list-row');
  }

  /** A row by a part of its text. */
  row(text: string): Locator {
    return this.rows.filter({ hasText: text }).first();
  }

  /** The text of every row in view, description included. */
  async texts(): Promise<string[]> {
    return (await this.rows.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
  }

  async expand(text: string): Promise<void> {
    const row = this.row(text);
    await row.waitFor();
    if ((await row.getAttribute('aria-expanded')) === 'false')
      await row.locator('.monaco-tl-twistie').click();
  }

  /** What stands in the view while it is empty. */
  get welcome(): Locator {
    return this.pane.locator('.welcome-view-content');
  }

  /** A button of the welcome content. */
  welcomeButton(label: string): Locator {
    return this.welcome.locator('.monaco-button').filter({ hasText: label });
  }

  /** An action in the view's title bar; the bar shows while the mouse is on it. */
  async titleAction(label: string): Promise<void> {
    await this.pane.locator('> .pane-header').hover();
    await this.pane.locator(`> .pane-header .action-label[aria-label^="${label}"]`).click();
  }

  /** An entry of a row's context menu. */
  async contextMenu(text: string, entry: string): Promise<void> {
    await this.row(text).click({ button: 'right' });
    const item = this.pane.page().locator('.context-view .action-item').filter({ hasText: entry }).first();
    await item.click();
    // VS Code ignores a click that comes too soon after the one that opened the menu.
    if (
      await item.waitFor({ state: 'hidden', timeout: 1000 }).then(
        () => false,
        () => true,
      )
    )
      await item.click();
  }
}
