import type { Locator, Page } from 'playwright-core';

/** The command palette and the quick picks and input boxes that commands show in the same place. */
export class Palette {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  get widget(): Locator {
    return this.#page.locator('.quick-input-widget');
  }

  get input(): Locator {
    return this.widget.locator('.quick-input-box input');
  }

  get rows(): Locator {
    return this.widget.locator('.quick-input-list .monaco-list-row');
  }

  /** Opens the palette, unless it is open, on the commands that match. */
  async search(text: string): Promise<void> {
    if (!(await this.input.isVisible())) {
      await this.#page.mouse.move(5, 5); // away from what would show a hover over the list
      await this.#page.keyboard.press('F1');
    }
    await this.input.fill(`>${text}`);
    await this.rows.first().waitFor();
  }

  /** A row by a part of its text. */
  row(text: string): Locator {
    return this.rows.filter({ hasText: text }).first();
  }

  /** Runs a command by its whole title, `Category: Title`. */
  async run(title: string): Promise<void> {
    await this.search(title);
    await this.pick(title);
  }

  /** Clicks the row with this text in what is shown now. */
  async pick(text: string): Promise<void> {
    await this.row(text).click();
  }

  /** Types into the input box that is shown now and confirms it. */
  async enter(text: string): Promise<void> {
    await this.input.fill(text);
    await this.input.press('Enter');
  }

  async dismiss(): Promise<void> {
    await this.#page.keyboard.press('Escape');
    await this.widget.waitFor({ state: 'hidden' });
  }
}
