import path from 'node:path';
import type { ExperimentReference } from '../../../webview/protocol.ts';
import type { SessionEvent } from '../../agent/events.ts';
import { SessionStore } from '../../agent/log-store.ts';
import { experimentDirectory, sessionsFolder } from '../../experiments/places.ts';
import { Workspace } from '../../shared/workspace.ts';
import type { Workbench } from '../workbench.ts';

/**
 * Shows a session of an experiment in the session panel. It is copied into the workspace's sessions first, so that
 * whatever a person does with it there leaves the experiment's own record as it was.
 */
export async function openExperimentSession(
  workbench: Workbench,
  { folder, id }: ExperimentReference,
  session: string,
): Promise<void> {
  const workspace = new Workspace(folder);
  const kept = new SessionStore(path.join(experimentDirectory(workspace, id), sessionsFolder));
  const sessions = new SessionStore(workspace.directory('sessions'));
  const name = `${id}.${session}`.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 64);
  if (!(await sessions.ids()).includes(name)) {
    const { events } = await kept.read(session);
    const [started, ...rest] = events;
    const log = await sessions.create(
      name,
      [{ ...started!, session: name } as SessionEvent, ...rest],
      'close',
    );
    await log.close();
  }
  await workbench.sessionPanels.open({ folder, id: name });
}
