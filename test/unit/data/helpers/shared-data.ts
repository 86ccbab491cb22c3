import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../../..');
const places = [process.env['TOOLREC_SHARED'], path.join(root, '../shared'), '/work/shared'];

/** Folder with MovieLens data, which the project may not contain; undefined where it is absent. */
export const sharedData: string | undefined = places
  .filter((place) => place !== undefined && place !== '')
  .map((place) => path.join(place!, 'data'))
  .find((folder) => existsSync(path.join(folder, 'ml-1m')));

/** A test on real data; skipped, and says why, where it is absent. */
export function onRealData(title: string, body: (data: string) => Promise<void>): void {
  if (sharedData === undefined) {
    it.skip(`${title} (skipped: ../shared/data is absent; MovieLens data is not part of the project)`);
    return;
  }
  const data = sharedData;
  it(title, () => body(data)).timeout(30_000);
}
