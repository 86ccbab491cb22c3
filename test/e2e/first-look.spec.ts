import assert from 'node:assert/strict';
import { openWorkbench, themes, type Theme } from './harness.ts';
import { containers, paletteTitles, viewsOf, walkthroughs } from './manifest.ts';

const container = containers[0]!;
const walkthrough = walkthroughs[0]!;

describe('first look', () => {
  it('shows its icon in the activity bar, and its views without a folder say what to do', async () => {
    const workbench = await openWorkbench({ folder: 'none' });
    assert.equal(await workbench.activityBarItem(container.title).count(), 1);
    await workbench.openViewContainer(container.title);
    for (const { name } of viewsOf(container.id)) {
      const view = await workbench.view(name);
      await view.welcome.waitFor();
      assert.match(await view.welcome.innerText(), /\S+ \S+/, `${name} has no words while it is empty`);
    }
    await workbench.screenshot('views-no-folder');
  });

  for (const theme of Object.keys(themes) as Theme[])
    it(`shows views with welcome content and the walkthrough (${theme})`, async () => {
      const workbench = await openWorkbench({ theme });
      await workbench.openViewContainer(container.title);
      const first = await workbench.view(viewsOf(container.id)[0]!.name);
      await first.welcome.waitFor();
      await workbench.openWalkthrough(walkthrough.title);
      for (const { title } of walkthrough.steps) await workbench.walkthroughStep(title).waitFor();
      await workbench.screenshot(`first-look-${theme}`);
    });

  it('lists its commands in the palette', async () => {
    const workbench = await openWorkbench();
    for (const title of paletteTitles) await workbench.palette.find(title);
    await workbench.palette.search('ToolRec');
    await workbench.screenshot('palette');
  });
});
