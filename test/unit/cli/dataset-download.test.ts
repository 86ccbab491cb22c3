import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { openNamedDataset } from '../../../src/data/library.ts';
import { Workspace } from '../../../src/shared/workspace.ts';
import { run } from './run.ts';

const id = 'ml-latest-small';

/** An archive in the form of MovieLens' CSV editions: eight users who each rated all eight films. */
async function archive(): Promise<Buffer> {
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
  const ratings = numbers.flatMap((user) =>
    numbers.map((film) => `${user},${film},4.5,${1e9 + user * 100 + film}`),
  );
  const films = numbers.map((film) => `${film},"Film ${film}, The (199${film})",Drama|Sci-Fi`);
  const zip = new ZipFile();
  const add = (name: string, lines: string[]) =>
    zip.addBuffer(Buffer.from(`${lines.join('\n')}\n`), `${id}/${name}`, { mtime: new Date(0) });
  add('ratings.csv', ['userId,movieId,rating,timestamp', ...ratings]);
  add('movies.csv', ['movieId,title,genres', ...films]);
  add('links.csv', ['movieId,imdbId,tmdbId', ...numbers.map((film) => `${film},${film},${film}`)]);
  add('tags.csv', ['userId,movieId,tag,timestamp', '1,1,slow,1000000000']);
  zip.end();
  return buffer(zip.outputStream);
}

describe('toolrec dataset download', () => {
  let server: http.Server;
  let mirror: string;
  let folder: string;
  let asked: string[];

  before(async () => {
    const zip = await archive();
    const md5 = createHash('md5').update(zip).digest('hex');
    server = http.createServer((request, response) => {
      asked.push(request.url!);
      if (request.url === `/data/${id}.zip`) response.setHeader('etag', '"1"').end(zip);
      else if (request.url === `/data/${id}.zip.md5`) response.end(`${md5}  ${id}.zip\n`);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/data`;
  });
  after((done) => {
    server.closeAllConnections();
    server.close(done);
  });
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-cli-download-'));
    asked = [];
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const download = (...more: string[]) => [
    'dataset',
    'download',
    id,
    '-w',
    folder,
    '--mirror',
    mirror,
    ...more,
  ];

  it('downloads, verifies and imports, and keeps licence and citation with the dataset', async () => {
    const { code, stdout, stderr } = await run(download('--accept-licence', '--json'));
    assert.equal(code, 0, stderr);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(
      [result['name'], result['users'], result['items'], result['interactions']],
      [id, 8, 8, 64],
    );
    assert.match(stderr, /conditions in short/);
    const { manifest } = await openNamedDataset(new Workspace(folder), id);
    assert.match(manifest.provenance.licence!, /commercial/);
    assert.match(manifest.provenance.note!, /Harper/);
  });

  it('does not download again what is there', async () => {
    await run(download('--accept-licence'));
    asked = [];
    const { code } = await run(download('--accept-licence', '--name', 'again', '--protocol', 'paper'));
    assert.equal(code, 0);
    assert.deepEqual(asked, [`/data/${id}.zip.md5`]);
    assert.equal(
      (await openNamedDataset(new Workspace(folder), 'again')).manifest.preparation.protocol,
      'paper',
    );
  });

  it('--no-import leaves it at the archive', async () => {
    const { code, stdout } = await run(download('--accept-licence', '--no-import', '--json'));
    assert.equal(code, 0);
    const { archive: file } = JSON.parse(stdout) as { archive: string };
    assert.ok((await fs.stat(file)).size > 0);
    await assert.rejects(fs.access(path.join(folder, '.toolrec/datasets')));
  });

  it('asks at a terminal, and goes on after “yes” alone', async () => {
    const yes = await run(download('--no-import'), { tty: true, answer: 'yes' });
    assert.equal(yes.code, 0, yes.stderr);
    assert.match(yes.stderr, /Do you accept/);
    for (const answer of ['no', 'y', '']) {
      asked = [];
      const refused = await run(download('--no-import'), { tty: true, answer });
      assert.equal(refused.code, 2);
      assert.deepEqual(asked, []);
    }
  });

  it('without a terminal and without the flag: the licence, a refusal, exit 2, and nothing fetched', async () => {
    const { code, stderr } = await run(download());
    assert.equal(code, 2);
    assert.match(stderr, /GroupLens[\s\S]*--accept-licence/);
    assert.deepEqual([asked, await fs.readdir(folder)], [[], []]);
    const json = await run(download('--json'), { tty: true, answer: 'yes' });
    assert.equal(json.code, 2);
    assert.equal((JSON.parse(json.stdout) as { error: { code: string } }).error.code, 'licence-not-accepted');
  });

  it('without an id: what there is', async () => {
    const { code, stdout } = await run(['dataset', 'download', '--json']);
    assert.equal(code, 0);
    const { datasets } = JSON.parse(stdout) as { datasets: { id: string }[] };
    assert.ok(datasets.some((entry) => entry.id === 'ml-32m'));
    assert.match((await run(['dataset', 'download'])).stdout, /ml-1m +6,040 +3,883 +1,000,209/);
  });

  it('an unknown id: the nearest, exit 2; a missing file: exit 4', async () => {
    const unknown = await run(['dataset', 'download', 'ml1m']);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /ml-1m/);
    const missing = await run([
      'dataset',
      'download',
      'ml-100k',
      '-w',
      folder,
      '--mirror',
      mirror,
      '--accept-licence',
    ]);
    assert.equal(missing.code, 4);
    assert.match(missing.stderr, /404/);
  });
});
