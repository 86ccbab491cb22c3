import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback, isReadableOnTheWay, normaliseBaseUrl } from '../../../src/llm/base-url.ts';
import { testConnection } from '../../../src/llm/connection-test.ts';
import { listModels } from '../../../src/llm/list-models.ts';
import { probeLocalServers } from '../../../src/llm/local-servers.ts';
import { OpenAiChatModel } from '../../../src/llm/openai-chat.ts';
import { CancelledError, ToolRecError } from '../../../src/shared/errors.ts';
import { done, piece, rawServer, startStream } from './raw-server.ts';

const key = 'gateway-key-0123456789';

interface Lister {
  readonly url: string;
  readonly authorizations: (string | undefined)[];
}

describe('servers of language models', () => {
  const open: http.Server[] = [];
  afterEach(async () => {
    for (const server of open.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  async function lister(answer: (response: http.ServerResponse) => void): Promise<Lister> {
    const authorizations: (string | undefined)[] = [];
    const server = http.createServer((request, response) => {
      authorizations.push(request.headers.authorization);
      if (request.url === '/v1/models') answer(response);
      else response.writeHead(404).end();
    });
    open.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, authorizations };
  }
  /** An address that nothing listens at. */
  async function nowhere(): Promise<string> {
    const server = http.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return `http://127.0.0.1:${port}/v1`;
  }
  const json = (status: number, body: unknown) => (response: http.ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const code = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work;
    } catch (error) {
      assert.ok(error instanceof ToolRecError, String(error));
      assert.ok(!error.describe().includes(key), 'the key is in the message');
      return error.code;
    }
    throw new assert.AssertionError({ message: 'it did not fail' });
  };

  it('knows one address by all its spellings, and refuses what may hide a secret', () => {
    for (const text of [
      'https://API.Example/v1',
      ' https://api.example/v1/ ',
      'https://api.example:443/v1//',
    ])
      assert.equal(normaliseBaseUrl(text), 'https://api.example/v1');
    assert.notEqual(normaliseBaseUrl('https://api.example/v2'), normaliseBaseUrl('https://api.example/v1'));
    const codeOf = (text: string) => {
      try {
        normaliseBaseUrl(text);
      } catch (error) {
        const typed = error as ToolRecError;
        assert.ok(!typed.describe().includes('hunter2'), 'the secret is repeated');
        return typed.code;
      }
      return undefined;
    };
    assert.equal(codeOf('api.example'), 'bad-base-url');
    assert.equal(codeOf('ftp://api.example'), 'bad-base-url');
    for (const text of ['https://me:hunter2@api.example/v1', 'https://api.example/v1?key=hunter2'])
      assert.equal(codeOf(text), 'secret-in-base-url');
    assert.deepEqual(
      [
        'http://localhost:1',
        'http://127.0.0.1',
        'http://[::1]:8',
        'http://127.example',
        'http://x.example',
      ].map((url) => [isLoopback(url), isReadableOnTheWay(url)]),
      [
        [true, false],
        [true, false],
        [true, false],
        [false, true],
        [false, true],
      ],
    );
  });

  it('lists models by name, sends the key as a bearer, and takes odd entries with care', async () => {
    const { url, authorizations } = await lister(
      json(200, {
        data: [{ id: 'b' }, { id: 'a', max_model_len: 4096 }, null, { id: 3 }, { id: ' ' }, { id: 'b' }],
      }),
    );
    assert.deepEqual(await listModels({ baseURL: `${url}/`, apiKey: key }), [
      { id: 'a', contextTokens: 4096 },
      { id: 'b', contextTokens: undefined },
    ]);
    await listModels({ baseURL: url });
    assert.deepEqual(authorizations, [`Bearer ${key}`, undefined]);
  });

  it('names each way in which it fails', async () => {
    const list = async (answer: (response: http.ServerResponse) => void, timeoutMs = 2000) =>
      code(listModels({ baseURL: (await lister(answer)).url, apiKey: key, timeoutMs }));
    assert.equal(await list(json(401, { error: { message: `bad key ${key}` } })), 'unauthorised');
    assert.equal(await list(json(404, {})), 'wrong-address');
    assert.equal(await list(json(500, {})), 'server-error');
    assert.equal(await list(json(200, { hello: 1 })), 'not-json');
    assert.equal(await list((response) => void response.end('<html></html>')), 'not-json');
    assert.equal(await list(() => undefined, 60), 'timeout');
    assert.equal(await list((response) => void response.socket?.destroy()), 'connection-lost');
    // To another server the key would go along.
    const away = (response: http.ServerResponse) =>
      void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end();
    assert.ok(['connection-lost', 'wrong-address'].includes(await list(away)));
    assert.equal(await code(listModels({ baseURL: await nowhere() })), 'unreachable');
    const abort = new AbortController();
    const waiting = listModels({ baseURL: (await lister(() => abort.abort())).url, signal: abort.signal });
    await assert.rejects(waiting, CancelledError);
  });

  it('finds what runs on this machine and sends it no key', async () => {
    const found = await lister(json(200, { data: [{ id: 'tiny' }] }));
    const locked = await lister(json(401, {}));
    const other = await lister((response) => void response.end('a wiki'));
    const silent = await lister(() => undefined);
    const servers = [found, locked, other, silent].map(({ url }, i) => ({ name: `s${i}`, baseURL: url }));
    const probed = await probeLocalServers({
      servers: [...servers, { name: 's4', baseURL: await nowhere() }],
      timeoutMs: 150,
    });
    assert.deepEqual(
      probed.map(({ state }) => state),
      ['found', 'locked', 'absent', 'absent', 'absent'],
    );
    assert.deepEqual(found.authorizations, [undefined]);
  });

  it('a server of this machine that wants no key costs nothing', async () => {
    const server = await rawServer((response) => {
      startStream(response);
      response.end(piece('ready', 'stop') + done);
    });
    const report = await testConnection(new OpenAiChatModel({ baseURL: server.url, model: 'raw' }));
    assert.equal(report.cost, 0);
    await server.close();
  });

  it('tests a connection over the way that sessions use', async () => {
    const server = await rawServer((response) => {
      startStream(response);
      response.end(piece('ready', 'stop') + done);
    });
    const model = new OpenAiChatModel({ baseURL: server.url, model: 'raw', apiKey: key });
    const report = await testConnection(model);
    assert.equal(report.model, 'raw');
    assert.equal(report.cost, undefined, 'a gateway of this machine may well cost something');
    assert.ok(report.durationMs >= (report.firstTokenMs ?? 0));
    assert.equal(server.headers[0]!.authorization, `Bearer ${key}`);
    await server.close();
    assert.equal(
      await code(testConnection(new OpenAiChatModel({ baseURL: server.url, model: 'raw', maxRetries: 0 }))),
      'unreachable',
    );
  });

  it('tells of each new attempt of a connection test, and why', async () => {
    let asked = 0;
    const server = await rawServer((response) => {
      if (asked++ === 0) {
        response.writeHead(503, { 'content-type': 'application/json' });
        response.end('{"error":{"message":"still loading"}}');
        return;
      }
      startStream(response);
      response.end(piece('ready', 'stop') + done);
    });
    const notices: string[] = [];
    const sleep = () => Promise.resolve();
    const model = new OpenAiChatModel({ baseURL: server.url, model: 'raw', sleep });
    const report = await testConnection(model, undefined, ({ attempt, error }) =>
      notices.push(`${attempt} ${error.code} ${error.message}`),
    );
    assert.equal(report.retries, 1);
    assert.equal(notices.length, 1);
    assert.match(notices[0]!, /^1 server-error .*still loading/);
    await server.close();
  });
});
