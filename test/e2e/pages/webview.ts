import type { FrameLocator, Locator, Page } from 'playwright-core';

/** The content of a webview: an iframe in an iframe, the outer of which may be one of several. */
export class Webview {
  readonly content: FrameLocator;

  constructor(page: Page, outer = 'iframe.webview.ready') {
    this.content = page.frameLocator(outer).last().frameLocator('iframe#active-frame');
  }

  locator(selector: string): Locator {
    return this.content.locator(selector);
  }

  getByRole(...args: Parameters<FrameLocator['getByRole']>): Locator {
    return this.content.getByRole(...args);
  }

  getByText(...args: Parameters<FrameLocator['getByText']>): Locator {
    return this.content.getByText(...args);
  }
}
