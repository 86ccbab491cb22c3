import type { Locator, Page } from 'playwright-core';

/** The toasts at the lower right. */
export class Notifications {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  get all(): Locator {
    return this.#page.locator('.notifications-toasts .notification-toast');
  }

  /** A toast by a part of its text. */
  toast(text: string | RegExp): Locator {
    return this.all.filter({ hasText: text }).first();
  }

  async messages(): Promise<string[]> {
    return this.all.locator('.notification-list-item-message').allInnerTexts();
  }

  /** Clicks a button of the toast with this text. */
  async choose(text: string | RegExp, button: string): Promise<void> {
    await this.toast(text).locator('.monaco-button').filter({ hasText: button }).first().click();
  }
}
