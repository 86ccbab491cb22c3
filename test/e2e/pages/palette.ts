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
    for (let attempt = 1; ; attempt++) {
      if (!(await this.input.isVisible())) {
        await this.#page.mouse.move(5, 5); // away from what would show a hover over the list
        await this.#page.keyboard.press('F1');
      }
      try {
        await this.input.fill(`>${text}`, { timeout: 3000 });
        await this.rows.first().waitFor({ timeout: 3000 });
        return;
      } catch (error) {
        // It was just closing when it was looked at or typed into, or what has opened took the focus: opened again.
        if (attempt === 8) throw error;
      }
    }
  }

  /** A row by a part of its text. */
  row(text: string): Locator {
    return this.rows.filter({ hasText: text }).first();
  }

  /**
   * Opens the palette on a command, by its whole title. The palette lists the commands that can run when it is opened:
   * in a window that has just opened, what depends on the folder may come a moment later, so it is opened again.
   */
  async find(title: string): Promise<Locator> {
    const row = this.row(title);
    for (let attempt = 1; attempt < 10; attempt++) {
      await this.search(title);
      const shown = await row.waitFor({ timeout: 3000 }).then(
        () => true,
        () => false,
      );
      if (shown) return row;
      await this.dismiss();
    }
    await this.search(title);
    await row.waitFor();
    return row;
  }

  /** Runs a command by its whole title, `Category: Title`. */
  async run(title: string): Promise<void> {
    await (await this.find(title)).click();
  }

  /** Clicks the row with this text in what is shown now. */
  async pick(text: string): Promise<void> {
    await this.row(text).click();
  }

  /**
   * Runs a command that shows a list, and clicks a row of it. A webview that gets the focus back just then, from the
   * palette, closes the list: it is asked for again.
   */
  async runAndPick(title: string, text: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await this.run(title);
      try {
        await this.row(text).click({ timeout: 5000 });
        return;
      } catch (error) {
        if (attempt === 5 || (await this.widget.isVisible())) throw error;
      }
    }
  }

  /** Types into the input box that is shown now and confirms it. */
  async enter(text: string): Promise<void> {
    await this.input.fill(text);
    await this.input.press('Enter');
  }

  /** In VS Code's own file dialog: goes to the folder and presses the button of this label. */
  async chooseFolder(folder: string, button: string): Promise<void> {
    await this.input.waitFor();
    await this.input.fill(`${folder}/`);
    // The dialog drops clicks while it reads the folder, and shows no sign of it.
    for (let attempt = 1; attempt < 20; attempt++) {
      await this.widget
        .locator('.monaco-button')
        .filter({ hasText: button })
        .click({ timeout: 1000 })
        .catch(ignore);
      const closed = await this.widget.waitFor({ state: 'hidden', timeout: 1000 }).then(
        () => true,
        () => false,
      );
      if (closed) return;
    }
    throw new Error(`The file dialog did not take “${folder}”.`);
  }

  /** The text of the input box once it ends so: file dialogs fill it in a moment after they have opened. */
  async filled(end: string): Promise<string> {
    const box = `document.querySelector('.quick-input-widget .quick-input-box input')`;
    await this.#page.waitForFunction(`${box}?.value.endsWith(${JSON.stringify(end)})`);
    return this.input.inputValue();
  }

  async dismiss(): Promise<void> {
    await this.#page.keyboard.press('Escape');
    await this.widget.waitFor({ state: 'hidden' });
  }
}

/** A click on what has just gone: whether it has is asked next. */
function ignore(): void {}
