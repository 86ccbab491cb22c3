import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { embedByEndpoint } from '../../../src/recommender/text-embeddings/endpoint.ts';
import { embedItems } from '../../../src/recommender/text-embeddings/embed-items.ts';
import { itemText } from '../../../src/recommender/text-embeddings/item-text.ts';
import { loadWordTable } from '../../../src/data/word-vectors.ts';
import { writeTinyModel } from '../engine/tiny-sentence-model.ts';
import { cycleDataset } from './cycle-dataset.ts';

const dataset = cycleDataset();

/** An embeddings server: `answer` says what each request gets. */
async function server(answer: (input: string[], request: number) => { status?: number; body: unknown }) {
  const seen: { path: string; key: string | undefined; body: { input: string[]; model: string } }[] = [];
  const listening = http.createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const body = JSON.parse(text) as { input: string[]; model: string };
      seen.push({ path: request.url!, key: request.headers.authorization, body });
      const { status = 200, body: out } = answer(body.input, seen.length);
      response.writeHead(status).end(typeof out === 'string' ? out : JSON.stringify(out));
    });
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/v1/`;
  return { seen, source: { kind: 'endpoint', baseUrl, model: 'm' } as const, close: () => listening.close() };
}

const rows = (input: string[], width = 3) => ({
  // Out of order: the index counts.
  data: input
    .map((text, index) => ({ index, embedding: [text.length, 4, ...Array<number>(width - 2).fill(0)] }))
    .reverse(),
});

describe('embeddings of item texts', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-texts-'));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  it('say title and attributes', () => {
    assert.equal(itemText(dataset, 3), 'Item 3. colour: red. year: 1993');
  });

  it('offline are means of word vectors, and say so', async () => {
    const { values, manifest } = await embedItems(dataset, { source: { kind: 'glove' } }, folder);
    assert.match(manifest.label, /GloVe means.*not a sentence model/);
    assert.deepEqual([...values.shape], [12, manifest.width]);
    const table = await loadWordTable();
    const words = ['item', '3', 'colour', 'red', 'year', '1993'].flatMap((word) => [
      ...(table.vector(word) ?? []),
    ]);
    const known = words.length / manifest.width;
    assert.ok(Number.isInteger(known) && known >= 3, `${known} words`);
    const sum = Array.from({ length: manifest.width }, (_, d) => {
      let total = 0;
      for (let w = 0; w < known; w++) total += words[w * manifest.width + d]!;
      return total;
    });
    const length = Math.hypot(...sum);
    const row = values.data.subarray(3 * manifest.width, 4 * manifest.width);
    row.forEach((value, d) => assert.ok(Math.abs(value - sum[d]! / length) < 1e-5));
  });

  it('by a sentence model are kept: a second time the model is not opened', async () => {
    const models = path.join(folder, 'tiny');
    await writeTinyModel(models);
    const request = { source: { kind: 'onnx', folder: models } } as const;
    const first = await embedItems(dataset, request, folder);
    assert.equal(first.manifest.label, 'sentence model tiny');
    assert.deepEqual([...first.values.shape], [12, 2]);
    const [kept] = await fs.readdir(path.join(folder, 'embeddings'));
    const file = path.join(folder, 'embeddings', kept!);
    const before = (await fs.stat(file)).ino;
    assert.deepEqual((await embedItems(dataset, request, folder)).values, first.values);
    assert.equal((await fs.stat(file)).ino, before);
    await fs.writeFile(file, 'damaged'); // made again
    assert.deepEqual((await embedItems(dataset, request, folder)).values, first.values);
  });

  it('by an endpoint: the key goes there alone, rows by index, asked once', async () => {
    const { seen, source, close } = await server((input) => ({ body: rows(input) }));
    const { values, manifest } = await embedItems(dataset, { source, apiKey: 'secret' }, folder);
    await embedItems(dataset, { source, apiKey: 'secret' }, folder);
    close();
    assert.equal(seen.length, 1);
    assert.equal(seen[0]!.path, '/v1/embeddings');
    assert.equal(seen[0]!.key, 'Bearer secret');
    assert.equal(seen[0]!.body.input[3], itemText(dataset, 3));
    assert.equal(JSON.stringify(manifest).includes('secret'), false);
    const length = itemText(dataset, 3).length;
    const expected = [length / Math.hypot(length, 4), 4 / Math.hypot(length, 4), 0];
    values.data.subarray(9, 12).forEach((value, d) => assert.ok(Math.abs(value - expected[d]!) < 1e-6));
  });

  it('waits where the endpoint is busy', async () => {
    const { seen, source, close } = await server((input, request) =>
      request < 3 ? { status: request === 1 ? 429 : 503, body: 'busy' } : { body: rows(input) },
    );
    const { width } = await embedByEndpoint(['a', 'b'], { source, patience: 1 });
    close();
    assert.equal(width, 3);
    assert.equal(seen.length, 3);
  });

  for (const [what, code, answer] of [
    ['a refused key', 'embeddings-refused', { status: 401, body: { error: { message: 'no' } } }],
    ['an unknown model', 'embeddings-failed', { status: 404, body: {} }],
    ['text that is not JSON', 'bad-embeddings', { body: '<html>' }],
    ['no embeddings', 'bad-embeddings', { body: { choices: [] } }],
    ['too few', 'bad-embeddings', { body: rows(['a']) }],
    [
      'lengths that differ',
      'embedding-dimension',
      {
        body: {
          data: [
            { index: 0, embedding: [1, 2] },
            { index: 1, embedding: [1] },
          ],
        },
      },
    ],
  ] as const)
    it(`names ${what}`, async () => {
      const { source, close } = await server(() => answer);
      await assert.rejects(embedByEndpoint(['a', 'b'], { source, patience: 1 }), { code });
      close();
    });

  it('names an endpoint that is not there, and dimensions that it does not give', async () => {
    const gone = { kind: 'endpoint', baseUrl: 'http://127.0.0.1:9', model: 'm' } as const;
    await assert.rejects(embedByEndpoint(['a'], { source: gone }), { code: 'embeddings-unreachable' });
    const { source, close } = await server((input) => ({ body: rows(input) }));
    const asked = { ...source, dimensions: 8 };
    await assert.rejects(embedByEndpoint(['a'], { source: asked }), { code: 'embedding-dimension' });
    close();
  });
});
