import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { Notifications } from './notification.ts';
import { Palette } from './palette.ts';
import { Tree } from './tree.ts';
import { Webview } from './webview.ts';

/** One window of VS Code. */
export class Workbench {
  readonly page: Page;
  /** The workspace folder, if one is open. */
  readonly folder: string | undefined;
  readonly palette: Palette;
  readonly notifications: Notifications;
  readonly #screenshots: string;

  constructor(page: Page, folder: string | undefined, screenshots: string) {
    this.page = page;
    this.folder = folder;
    this.palette = new Palette(page);
    this.notifications = new Notifications(page);
    this.#screenshots = screenshots;
  }

  /** Waits until the window stands and the extension's contributions are in it. */
  async untilReady(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 45_000 });
    await this.activityBarItem('ToolRec').waitFor({ timeout: 45_000 });
  }

  /** The icon of a view container in the activity bar. */
  activityBarItem(title: string): Locator {
    return this.page.locator(`.part.activitybar .action-item:has(.action-label[aria-label^="${title}"])`);
  }

  /** Shows a view container by a click on its icon, unless it is shown already. */
  async openViewContainer(title: string): Promise<void> {
    const item = this.activityBarItem(title);
    if (await item.evaluate((element) => element.classList.contains('checked'))) return;
    await item.click();
    await this.page
      .locator('.part.sidebar .composite.title')
      .getByText(title, { exact: false })
      .first()
      .waitFor();
  }

  /** A view in the side bar or panel by its title: a section with a header, unfolded. */
  async view(title: string): Promise<Tree> {
    const pane = this.page.locator(`.pane:has(> .pane-header[aria-label^="${title}"])`).first();
    const header = pane.locator('> .pane-header');
    await header.waitFor();
    if ((await header.getAttribute('aria-expanded')) === 'false') await header.click();
    return new Tree(pane);
  }

  /** The content of the webview that is open, or of the one in the editor tab of this title. */
  async webview(tab?: string): Promise<Webview> {
    if (tab) await this.editorTab(tab).click();
    return new Webview(this.page);
  }

  /** The tab of an editor by the beginning of its label. */
  editorTab(label: string): Locator {
    return this.page
      .locator(`.part.editor .tab[data-resource-name^="${label}"], .part.editor .tab[aria-label^="${label}"]`)
      .first();
  }

  /** Opens a walkthrough as a person finds it: by "Open Walkthrough..." and its title. */
  async openWalkthrough(title: string): Promise<void> {
    await this.palette.run('Welcome: Open Walkthrough...');
    await this.palette.input.fill(title);
    await this.palette.pick(title);
    await this.page.locator('.gettingStartedContainer h2.category-title').getByText(title).waitFor();
  }

  /** A step of the walkthrough that is open. */
  walkthroughStep(title: string): Locator {
    return this.page.locator('.gettingStartedContainer .getting-started-step').filter({ hasText: title });
  }

  /** An entry of the status bar by a part of its text. */
  statusBarItem(text: string): Locator {
    return this.page.locator('.part.statusbar .statusbar-item').filter({ hasText: text });
  }

  /** Keeps a picture of the window in `out/screenshots/<name>.png` and returns the file. */
  async screenshot(name: string): Promise<string> {
    const file = path.join(this.#screenshots, `${name}.png`);
    await this.page.screenshot({ path: file, animations: 'disabled' });
    return file;
  }
}
