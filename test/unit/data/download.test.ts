import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {
  downloadDataset,
  parseMd5,
  publishedDataset,
  publishedDatasets,
} from '../../../src/data/download.ts';
import {
  downloadFile,
  type DownloadedFile,
  type DownloadOptions,
} from '../../../src/data/download/resumable.ts';
import { Random } from '../../../src/shared/random.ts';
import type { LongWork, Progress } from '../../../src/shared/progress.ts';
import { Workspace } from '../../../src/shared/workspace.ts';

const zip = Uint8Array.of(0x50, 0x4b, 0x03, 0x04);
const content = Buffer.alloc(300_000);
const random = new Random(3);
for (let at = 0; at < content.length; at += 4) content.writeUInt32LE(random.uint32(), at);
content.set(zip);
const md5 = createHash('md5').update(content).digest('hex');
const quick = { attempts: 3, idleMs: 150, backoffMs: 5, longestWaitMs: 20 };

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** A well-behaved publisher: ETag, ranges, If-Range. */
function whole(
  options: { etag?: string; body?: Buffer; breakAfter?: number; stallAfter?: number } = {},
): Handler {
  const { etag = '"v1"', body = content } = options;
  return (request, response) => {
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
    const resumes = range !== undefined && request.headers['if-range'] === etag;
    const from = resumes ? Number(range) : 0;
    response.writeHead(resumes ? 206 : 200, {
      etag,
      'content-type': 'application/zip',
      'content-length': body.length - from,
      ...(resumes ? { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` } : {}),
    });
    const stop = options.breakAfter ?? options.stallAfter;
    if (stop === undefined) response.end(body.subarray(from));
    else
      response.write(body.subarray(from, from + stop), () => {
        if (options.breakAfter !== undefined) whenReceived(from + stop, () => response.destroy());
      });
  };
}

/** What the client has reported to have; a break is to come after it has all that was sent. */
let received = 0;
function whenReceived(bytes: number, then: () => void): void {
  if (received >= bytes) then();
  else setTimeout(() => whenReceived(bytes, then), 5);
}

/** `downloadFile`, telling the server how far it is. */
function download(options: DownloadOptions, work: LongWork = {}): Promise<DownloadedFile> {
  const onProgress = (progress: Progress): void => {
    if (progress.message.startsWith('Downloading')) received = progress.done ?? received;
    work.onProgress?.(progress);
  };
  return downloadFile(options, { ...work, onProgress });
}

const answer =
  (status: number, headers: http.OutgoingHttpHeaders = {}, body: string | Buffer = ''): Handler =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

describe('download', () => {
  let server: http.Server;
  let base: string;
  let folder: string;
  let target: string;
  /** Handlers of the requests to come; the last one stays. */
  let script: Handler[];
  let requests: http.IncomingHttpHeaders[];

  before((done) => {
    server = http.createServer((request, response) => {
      requests.push(request.headers);
      (script.length > 1 ? script.shift()! : script[0]!)(request, response);
    });
    server.listen(0, '127.0.0.1', () => {
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      done();
    });
  });
  after((done) => {
    server.closeAllConnections();
    server.close(done);
  });
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-download-'));
    target = path.join(folder, 'file.zip');
    requests = [];
    received = 0;
    script = [whole()];
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const options = (more: Partial<DownloadOptions> = {}): DownloadOptions => ({
    url: `${base}file.zip`,
    target,
    md5,
    magic: zip,
    maximumBytes: 1_000_000,
    patience: quick,
    ...more,
  });
  const arrived = async (): Promise<void> => {
    assert.ok((await fs.readFile(target)).equals(content));
    assert.deepEqual(await fs.readdir(folder), ['file.zip'], 'nothing else is left');
  };
  const ranges = () => requests.map((headers) => headers.range);

  it('brings the file, with progress in bytes', async () => {
    const seen: Progress[] = [];
    const result = await download(options(), { onProgress: (progress) => seen.push(progress) });
    await arrived();
    assert.deepEqual([result.bytes, result.resumedFrom], [content.length, 0]);
    const bytes = seen.filter(({ message }) => message.startsWith('Downloading'));
    assert.ok(
      bytes.length > 0 && bytes.every(({ total, unit }) => total === content.length && unit === 'bytes'),
    );
    assert.equal(bytes.at(-1)!.done, content.length);
  });

  it('goes on in the middle when the connection breaks', async () => {
    script = [whole({ breakAfter: 100_000 }), whole({ breakAfter: 100_000 }), whole()];
    await download(options());
    await arrived();
    assert.deepEqual(ranges(), [undefined, 'bytes=100000-', 'bytes=200000-']);
    assert.equal(requests[1]!['if-range'], '"v1"');
  });

  it('goes on when the server stalls', async () => {
    script = [whole({ stallAfter: 70_000 }), whole()];
    await download(options());
    await arrived();
    assert.deepEqual(ranges(), [undefined, 'bytes=70000-']);
  });

  it('goes on in the next run after it was given up', async () => {
    script = [whole({ breakAfter: 50_000 }), answer(503)];
    await assert.rejects(download(options()), { code: 'download-failed' });
    assert.equal((await fs.stat(`${target}.part`)).size, 50_000);
    requests = [];
    script = [whole()];
    const { resumedFrom } = await download(options());
    assert.equal(resumedFrom, 50_000);
    assert.deepEqual(ranges(), ['bytes=50000-']);
    await arrived();
  });

  it('keeps the part when it is cancelled, and goes on from there', async () => {
    const cancel = new AbortController();
    script = [whole({ stallAfter: 120_000 })];
    const work = {
      signal: cancel.signal,
      onProgress: ({ done }: Progress) => done === 120_000 && cancel.abort(),
    };
    await assert.rejects(download(options({ patience: { ...quick, idleMs: 5000 } }), work), {
      code: 'cancelled',
    });
    assert.equal((await fs.stat(`${target}.part`)).size, 120_000);
    script = [whole()];
    assert.equal((await download(options())).resumedFrom, 120_000);
    await arrived();
  });

  it('is cancelled while it waits for the next try', async () => {
    const cancel = new AbortController();
    script = [answer(500)];
    const started = performance.now();
    const waiting = download(options({ patience: { attempts: 9, backoffMs: 60_000 } }), {
      signal: cancel.signal,
      onProgress: () => cancel.abort(),
    });
    await assert.rejects(waiting, { code: 'cancelled' });
    assert.ok(performance.now() - started < 5000);
  });

  it('starts again when the file has changed', async () => {
    const old = Buffer.from(content).fill(1, 4);
    script = [whole({ etag: '"old"', body: old, breakAfter: 100_000 }), whole()];
    await download(options());
    await arrived();
    assert.deepEqual([requests[1]!.range, requests[1]!['if-range']], ['bytes=100000-', '"old"']);
  });

  it('starts again when the server passes over If-Range and sends a piece of another version', async () => {
    const old = Buffer.from(content).fill(1, 4);
    const careless: Handler = (request, response) => {
      request.headers['if-range'] = '"v1"';
      whole()(request, response);
    };
    script = [whole({ etag: '"old"', body: old, breakAfter: 100_000 }), careless, whole()];
    await download(options());
    await arrived();
    assert.deepEqual(ranges(), [undefined, 'bytes=100000-', undefined]);
  });

  it('starts again when the server knows no ranges', async () => {
    const plain: Handler = (request, response) => {
      delete request.headers.range;
      whole()(request, response);
    };
    script = [whole({ breakAfter: 100_000 }), plain];
    await download(options());
    await arrived();
  });

  it('starts again when the server gives no name for its version', async () => {
    const nameless: Handler = (_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      if (requests.length > 1) response.end(content);
      else response.write(content.subarray(0, 90_000), () => whenReceived(90_000, () => response.destroy()));
    };
    script = [nameless];
    await download(options());
    await arrived();
    assert.deepEqual(ranges(), [undefined, undefined]);
  });

  it('starts again when the part is longer than the file', async () => {
    await fs.writeFile(`${target}.part`, Buffer.alloc(content.length + 10));
    const note = { url: options().url, validator: '"v1"', total: content.length };
    await fs.writeFile(`${target}.part.json`, JSON.stringify(note));
    script = [answer(416, { 'content-range': `bytes */${content.length}` }), whole()];
    await download(options());
    await arrived();
  });

  it('takes no part from another address, nor one of which nothing is known', async () => {
    for (const note of ['{"url":"http://elsewhere/","validator":"x","total":9}', 'not json', undefined]) {
      await fs.writeFile(`${target}.part`, Buffer.alloc(1000, 7));
      if (note !== undefined) await fs.writeFile(`${target}.part.json`, note);
      requests = [];
      assert.equal((await download(options())).resumedFrom, 0);
      assert.deepEqual(ranges(), [undefined]);
      await arrived();
      await fs.rm(target);
    }
  });

  it('fetches all of it once more when a resumed part was damaged', async () => {
    await fs.writeFile(`${target}.part`, Buffer.alloc(1000, 7));
    const note = { url: options().url, validator: '"v1"', total: content.length };
    await fs.writeFile(`${target}.part.json`, JSON.stringify(note));
    await download(options());
    await arrived();
    assert.deepEqual(ranges(), ['bytes=1000-', undefined]);
  });

  it('does not fetch what is there and right, and replaces what is there and wrong', async () => {
    await fs.writeFile(target, content);
    assert.equal((await download(options())).resumedFrom, content.length);
    assert.equal(requests.length, 0);
    await fs.writeFile(target, 'old');
    await download(options());
    await arrived();
  });

  it('follows redirects', async () => {
    script = [answer(302, { location: '/elsewhere.zip' }), whole()];
    await download(options());
    await arrived();
  });

  it('tries again after 500, 429 and 408, no sooner than Retry-After says', async () => {
    script = [answer(500), answer(429, { 'retry-after': '1' }), answer(408), whole()];
    const started = performance.now();
    await download(options({ patience: { ...quick, attempts: 4, longestWaitMs: 300 } }));
    await arrived();
    assert.ok(performance.now() - started >= 290, 'waited as long as the bound allows');
  });

  it('gives up after the tries it has, and says what was wrong', async () => {
    script = [answer(503)];
    await assert.rejects(download(options()), { code: 'download-failed', message: /503/ });
    assert.equal(requests.length, quick.attempts);
  });

  it('gives up when nobody answers, and when the server stays silent', async () => {
    await assert.rejects(download(options({ url: 'http://127.0.0.1:1/file.zip' })), {
      code: 'download-failed',
    });
    script = [() => undefined];
    const patience = { ...quick, attempts: 2 };
    await assert.rejects(download(options({ patience })), {
      code: 'download-failed',
      message: /nothing/,
    });
  });

  for (const [what, handler, expected] of [
    ['a missing file', answer(404), { code: 'download-refused', message: /404/ }],
    ['a forbidden file', answer(403), { code: 'download-refused' }],
    [
      'a web page with status 200',
      answer(200, { 'content-type': 'text/html' }, '<html>'),
      { code: 'not-the-file' },
    ],
    [
      'other bytes than a zip begins with',
      answer(200, { etag: '"x"' }, '<!doctype html>'),
      { code: 'not-the-file' },
    ],
    [
      'an announced size above the limit',
      whole({ body: Buffer.concat([content, content, content, content]) }),
      { code: 'too-large' },
    ],
    ['a wrong checksum', whole({ body: Buffer.from(content).fill(9, 4) }), { code: 'checksum-mismatch' }],
  ] as const)
    it(`refuses ${what} at once`, async () => {
      script = [handler];
      await assert.rejects(download(options()), expected);
      assert.equal(requests.length, 1);
      await assert.rejects(fs.access(target));
    });

  it('refuses a stream that does not end', async () => {
    script = [
      (_, response) => {
        response.writeHead(200, {}).write(zip);
        const more = () => void (response.destroyed || response.write(content, more));
        more();
      },
    ];
    await assert.rejects(download(options()), { code: 'too-large' });
  });

  it('keeps nothing that fails its checksum', async () => {
    script = [whole({ body: Buffer.from(content).fill(9, 4) })];
    await assert.rejects(download(options()), { code: 'checksum-mismatch' });
    assert.deepEqual(await fs.readdir(folder), []);
  });

  it('names the disk when that is at fault', async () => {
    await fs.writeFile(path.join(folder, 'taken'), '');
    const inside = path.join(folder, 'taken', 'file.zip');
    await assert.rejects(download(options({ target: inside })), { code: 'wrong-kind' });
  });

  describe('of a published dataset', () => {
    const id = 'ml-latest-small';
    const wanted = () => ({
      id,
      workspace: new Workspace(folder),
      licenceAccepted: true,
      mirror: base,
      patience: quick,
    });
    const checksum = (text: string): Handler => answer(200, { 'content-type': 'text/plain' }, text);

    it('fetches the publisher’s checksum where none is known, then the archive into the cache', async () => {
      script = [checksum(`MD5 (${id}.zip) = ${md5}\n`), whole()];
      const { file, url } = await downloadDataset(wanted());
      assert.equal(file, path.join(folder, '.toolrec/cache/downloads', `${id}.zip`));
      assert.equal(url, `${base}${id}.zip`);
      assert.ok((await fs.readFile(file)).equals(content));
    });

    it('refuses an archive that is not the one with the known checksum', async () => {
      await assert.rejects(downloadDataset({ ...wanted(), id: 'ml-1m' }), { code: 'checksum-mismatch' });
    });

    it('refuses a checksum file without a checksum', async () => {
      script = [checksum('not found, sorry')];
      await assert.rejects(downloadDataset(wanted()), { code: 'no-checksum' });
    });

    it('fetches nothing without consent', async () => {
      await assert.rejects(downloadDataset({ ...wanted(), licenceAccepted: false }), {
        code: 'licence-not-accepted',
      });
      assert.equal(requests.length, 0);
      assert.deepEqual(await fs.readdir(folder), []);
    });

    it('refuses mirrors that are no address of a folder', async () => {
      for (const mirror of ['', 'ftp://x/', 'file:///etc/', 'nonsense', 'http://user:pw@x/', 'http://x/?a'])
        await assert.rejects(downloadDataset({ ...wanted(), mirror }), { code: 'bad-mirror' }, mirror);
    });

    it('names the nearest dataset for an unknown one', () => {
      assert.throws(() => publishedDataset('ml1m'), { code: 'unknown-download', remedy: /ml-1m/ });
      assert.throws(() => publishedDataset('netflix'), {
        code: 'unknown-download',
        remedy: /ml-latest-small/,
      });
      assert.equal(publishedDataset('ML-1M').id, 'ml-1m');
    });
  });
});

describe('published datasets', () => {
  it('each have a licence with its address at the publisher, and a checksum unless they change', () => {
    assert.equal(new Set(publishedDatasets.map(({ id }) => id)).size, publishedDatasets.length);
    for (const { id, md5: known, licence, bytes } of publishedDatasets) {
      assert.ok(licence.summary.length >= 4 && licence.citation.includes('Harper'), id);
      assert.match(licence.url, new RegExp(`/${id}-README\\.(txt|html)$`));
      assert.ok(bytes > 500_000);
      if (id === 'ml-latest-small') assert.equal(known, undefined);
      else assert.match(known!, /^[0-9a-f]{32}$/);
    }
  });
});

describe('a checksum file', () => {
  const sum = 'C4D9EECFCA2AB87C1945AFE126590906';
  for (const text of [
    `MD5 (ml-1m.zip) = ${sum}`,
    `${sum}  ml-1m.zip`,
    `${sum} *./data/ml-1m.zip`,
    `${sum}\n`,
  ])
    it(`is read in the form “${text.trim()}”`, () =>
      assert.equal(parseMd5(`${text}\r\n`, 'ml-1m.zip'), sum.toLowerCase()));

  it('is searched for the file it is about', () => {
    const other = '0'.repeat(32);
    assert.equal(parseMd5(`${other}  other.zip\n${sum}  ml-1m.zip\n`, 'ml-1m.zip'), sum.toLowerCase());
    assert.equal(parseMd5(`${other}  other.zip\n`, 'ml-1m.zip'), undefined);
    assert.equal(parseMd5('<html>404</html>', 'ml-1m.zip'), undefined);
  });
});
