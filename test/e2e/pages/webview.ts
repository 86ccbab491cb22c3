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

  /** What stands out of the page at its right, where no scroll bar leads: the texts of such elements. */
  async cutOff(): Promise<string[]> {
    return (await this.locator('body').evaluate(findCutOff)) as string[];
  }

  /** The tables that can only be read by scrolling to the side: their first words. */
  async tooWide(): Promise<string[]> {
    return (await this.locator('body').evaluate(findTooWide)) as string[];
  }

  getByRole(...args: Parameters<FrameLocator['getByRole']>): Locator {
    return this.content.getByRole(...args);
  }

  getByText(...args: Parameters<FrameLocator['getByText']>): Locator {
    return this.content.getByText(...args);
  }
}

/** These run in the page, which is no part of the specs' types. */
const findTooWide = `[...document.querySelectorAll('table')]
  .filter(({ parentElement }) => parentElement.scrollWidth > parentElement.clientWidth + 1)
  .map((table) => table.innerText.slice(0, 80))`;
const findCutOff = `(() => {
  const { clientWidth } = document.documentElement;
  const scrolls = (element) =>
    element !== null &&
    (/auto|scroll|hidden/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  return [...document.body.querySelectorAll('*')]
    .filter((element) => {
      const { right, width, height } = element.getBoundingClientRect();
      const shown = width > 1 && height > 1 && getComputedStyle(element).visibility === 'visible';
      return shown && right > clientWidth + 1 && !scrolls(element.parentElement);
    })
    .map((element) => '<' + element.tagName.toLowerCase() + '> ' + (element.textContent ?? '').trim().slice(0, 60));
})()`;
