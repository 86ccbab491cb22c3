/** Root hooks of the end-to-end layer: one server and one browser for all specs, a clean slate after each test. */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { closeWorkbenches, screenshotFolder, screenshotsOfOpen, startHost, stopHost } from './harness.ts';

export const mochaHooks = {
  async beforeAll(this: Mocha.Context) {
    this.timeout(180_000);
    rmSync(path.join(screenshotFolder, 'failures'), { recursive: true, force: true });
    mkdirSync(screenshotFolder, { recursive: true });
    await startHost();
  },
  async afterEach(this: Mocha.Context) {
    const test = this.currentTest;
    // A test that is tried again has no state yet.
    if (test && test.state !== 'passed' && test.state !== 'pending') {
      const name = test.fullTitle().replace(/[^\w.-]+/g, '-');
      for (const file of await screenshotsOfOpen(path.join('failures', name)))
        console.info(`screenshot: ${file}`);
    }
    await closeWorkbenches();
  },
  async afterAll(this: Mocha.Context) {
    this.timeout(30_000);
    await stopHost();
  },
};
