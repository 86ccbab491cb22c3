import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { LLMock } from '@copilotkit/aimock';
import type { ChatDelta, ChatReply, ChatRequest } from '../../../src/llm/chat-model.ts';
import { modelErrorCodes } from '../../../src/llm/errors.ts';
import { RequestGate } from '../../../src/llm/gate.ts';
import { OpenAiChatModel, type OpenAiChatOptions } from '../../../src/llm/openai-chat.ts';
import { ToolRecError } from '../../../src/shared/errors.ts';
import { done, event, failWith, piece, type RawServer, rawServer, startStream } from './raw-server.ts';

const hello: ChatRequest = { messages: [{ role: 'user', content: 'hello' }] };
const key = 'sk-test-0123456789abcdef';

const model = (baseURL: string, over: Partial<OpenAiChatOptions> = {}) =>
  new OpenAiChatModel({
    baseURL,
    apiKey: key,
    model: 'small',
    timeoutMs: 2000,
    idleTimeoutMs: 2000,
    maxRetries: 0,
    sleep: () => Promise.resolve(),
    jitter: () => 0,
    ...over,
  });

async function failure(work: Promise<unknown>): Promise<ToolRecError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof ToolRecError, `not typed: ${String(error)}`);
    return error;
  }
  throw new assert.AssertionError({ message: 'it did not fail' });
}

describe('OpenAI-compatible chat model', () => {
  const covered = new Set<string>();
  let open: RawServer[] = [];
  const serve = async (...[answer]: Parameters<typeof rawServer>) => {
    const server = await rawServer(answer);
    open.push(server);
    return server;
  };
  afterEach(async () => {
    await Promise.all(open.map((server) => server.close()));
    open = [];
  });

  describe('against a polite server (aimock)', () => {
    let mock: LLMock;
    before(async () => {
      mock = new LLMock({ port: 0, host: '127.0.0.1' });
      mock.onMessage('hello', {
        content: 'Hello to you, from a stream.',
        usage: { prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 },
      });
      mock.onMessage('call', {
        toolCalls: [{ name: 'Retrieve', arguments: '{"attribute":"genre","k":10}' }],
      });
      mock.onMessage('deep', { content: 'The answer.', reasoning: 'First I think.' });
      await mock.start();
    });
    after(() => mock.stop());

    it('streams text and counts usage and cost', async () => {
      const deltas: ChatDelta[] = [];
      const chat = model(`${mock.url}/v1`, { prices: { small: { prompt: 1, completion: 2 } } });
      const reply = await chat.chat(hello, { onDelta: (delta) => deltas.push(delta) });
      assert.equal(reply.text, 'Hello to you, from a stream.');
      assert.equal(deltas.map((delta) => delta.text).join(''), reply.text);
      assert.ok(deltas.length > 1, 'in more than one piece');
      assert.equal(reply.finishReason, 'stop');
      assert.deepEqual(reply.usage, { prompt: 7, completion: 9, estimated: false });
      assert.ok(Math.abs(reply.cost! - 25e-6) < 1e-12);
      assert.ok(reply.firstTokenMs !== undefined && reply.firstTokenMs <= reply.durationMs);
    });

    it('puts tool calls together', async () => {
      const reply = await model(`${mock.url}/v1`).chat({ messages: [{ role: 'user', content: 'call' }] });
      assert.deepEqual(
        reply.toolCalls.map(({ name, arguments: args }) => [name, args]),
        [['Retrieve', '{"attribute":"genre","k":10}']],
      );
      assert.equal(reply.finishReason, 'tool_calls');
    });

    it('keeps separate reasoning fields apart', async () => {
      const reply = await model(`${mock.url}/v1`).chat({ messages: [{ role: 'user', content: 'deep' }] });
      assert.equal(reply.text, 'The answer.');
      assert.equal(reply.reasoning, 'First I think.');
    });

    it('tries again after 500 and 429, and tells', async () => {
      mock.nextRequestError(500, { message: 'oops' });
      const seen: string[] = [];
      const reply = await model(`${mock.url}/v1`, { maxRetries: 2 }).chat(hello, {
        onRetry: (notice) => seen.push(`${notice.attempt} ${notice.error.code}`),
      });
      assert.equal(reply.retries.length, 1);
      mock.nextRequestError(429, { message: 'slow down', type: 'rate_limit_error' });
      await model(`${mock.url}/v1`, { maxRetries: 2 }).chat(hello, {
        onRetry: (notice) => seen.push(`${notice.attempt} ${notice.error.code}`),
      });
      assert.deepEqual(seen, ['1 server-error', '1 rate-limited']);
    });
  });

  describe('failures by status', () => {
    const cases: [status: number, error: object, code: string][] = [
      [401, { message: `Incorrect API key provided: ${key}` }, 'unauthorised'],
      [403, { message: 'not allowed' }, 'unauthorised'],
      [404, { message: 'The model `small` does not exist', code: 'model_not_found' }, 'model-not-found'],
      [404, { message: 'Not Found' }, 'wrong-address'],
      [400, { message: 'messages must not be empty' }, 'bad-request'],
      [
        400,
        { message: "This model's maximum context length is 4096 tokens.", code: 'context_length_exceeded' },
        'context-too-long',
      ],
      [
        400,
        { message: 'the request exceeds the available context size. try increasing it' },
        'context-too-long',
      ],
      [429, { message: 'You exceeded your current quota', code: 'insufficient_quota' }, 'quota-exceeded'],
      [402, { message: 'Payment required' }, 'quota-exceeded'],
      [429, { message: 'Too many requests' }, 'rate-limited'],
      [408, { message: 'timeout' }, 'timeout'],
      [500, { message: 'internal' }, 'server-error'],
      [503, { message: 'Loading model' }, 'server-error'],
    ];
    for (const [status, error, code] of cases)
      it(`${status} ${code}`, async () => {
        const server = await serve((response) => failWith(response, status, error));
        const failed = await failure(model(server.url).chat(hello));
        covered.add(failed.code);
        assert.equal(failed.code, code);
        assert.ok(failed.remedy.length > 5);
        assert.ok(
          !JSON.stringify([failed.message, failed.toDetail(), String(failed.cause), failed.stack]).includes(
            key,
          ),
          'no key',
        );
      });
  });

  describe('failures of the connection and the stream', () => {
    it('unreachable: nothing listens', async () => {
      const probe = http.createServer();
      await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
      const { port } = probe.address() as AddressInfo;
      await new Promise((resolve) => probe.close(resolve));
      const failed = await failure(model(`http://127.0.0.1:${port}/v1`).chat(hello));
      covered.add(failed.code);
      assert.equal(failed.code, 'unreachable');
    });

    it('unreachable: the name does not exist', async () => {
      const failed = await failure(model('http://no-such-host.invalid/v1').chat(hello));
      assert.equal(failed.code, 'unreachable');
    });

    it('tls-error: https to a server that speaks http', async () => {
      const server = await serve((response) => response.end());
      const failed = await failure(model(server.url.replace('http:', 'https:')).chat(hello));
      covered.add(failed.code);
      assert.equal(failed.code, 'tls-error');
    });

    const streams: [
      what: string,
      code: string,
      answer: Parameters<typeof rawServer>[0],
      over?: Partial<OpenAiChatOptions>,
    ][] = [
      ['a socket that closes before it answers', 'connection-lost', (response) => response.socket!.destroy()],
      [
        'a socket that breaks in mid-stream',
        'connection-lost',
        (response) => {
          startStream(response);
          response.write(piece('Half a'));
          setTimeout(() => response.socket!.destroy(), 20);
        },
      ],
      ['no answer at all', 'timeout', () => undefined, { timeoutMs: 60 }],
      [
        'a stream that stalls',
        'idle-timeout',
        (response) => {
          startStream(response);
          response.write(piece('Half a'));
        },
        { idleTimeoutMs: 60 },
      ],
      [
        'a stream that never ends',
        'timeout',
        (response) => {
          startStream(response);
          const timer = setInterval(() => response.write(piece('la ')), 10);
          response.on('close', () => clearInterval(timer));
        },
        { totalTimeoutMs: 150 },
      ],
      [
        'a stream that ends without [DONE]',
        'stream-truncated',
        (response) => {
          startStream(response);
          response.end(piece('Half a'));
        },
      ],
      [
        'a broken piece',
        'bad-chunk',
        (response) => {
          startStream(response);
          response.end(`${piece('Half a')}data: {"choices": [{"del\n\n${done}`);
        },
      ],
      [
        'a web page',
        'not-json',
        (response) => {
          response.writeHead(200, { 'content-type': 'text/html' });
          response.end('<html><body>Welcome</body></html>');
        },
      ],
      [
        'an empty reply',
        'empty-reply',
        (response) => {
          startStream(response);
          response.end(piece('', 'stop') + done);
        },
      ],
      [
        'a reply that is all thinking',
        'reasoning-too-long',
        (response) => {
          startStream(response);
          response.end(piece('<think>hmm', 'length') + done);
        },
      ],
      [
        'a filtered reply',
        'content-filtered',
        (response) => {
          startStream(response);
          response.end(piece('', 'content_filter') + done);
        },
      ],
      [
        'a reply without bounds',
        'reply-too-large',
        (response) => {
          startStream(response);
          response.end(piece('x'.repeat(50_000)).repeat(10) + done);
        },
        { maxReplyBytes: 100_000 },
      ],
      [
        'an error inside the stream',
        'server-error',
        (response) => {
          startStream(response);
          response.end(
            piece('Half') + event({ error: { message: 'CUDA out of memory', type: 'server_error' } }),
          );
        },
      ],
    ];
    for (const [what, code, answer, over] of streams)
      it(`${code}: ${what}`, async () => {
        const server = await serve(answer);
        const failed = await failure(model(server.url, over).chat(hello));
        covered.add(failed.code);
        assert.equal(failed.code, code);
      });

    it('every code has been seen, but those of recordings', () => {
      assert.deepEqual(
        modelErrorCodes.filter((code) => !covered.has(code)),
        ['not-recorded'],
      );
    });
  });

  describe('retries', () => {
    const flaky = (failures: ((response: http.ServerResponse) => void)[]) =>
      serve((response, index) => {
        const fail = failures[index];
        if (fail) return fail(response);
        startStream(response);
        response.end(piece('fine', 'stop') + done);
      });

    it('gives up after the number of retries', async () => {
      const server = await flaky(Array.from({ length: 9 }, () => (r) => failWith(r, 500, { message: 'no' })));
      const failed = await failure(model(server.url, { maxRetries: 2 }).chat(hello));
      assert.equal(failed.code, 'server-error');
      assert.equal(server.requests.length, 3);
    });

    it('waits as long as Retry-After says, up to the cap', async () => {
      const waits: number[] = [];
      const server = await flaky([(r) => failWith(r, 429, { message: 'slow' }, { 'retry-after': '7' })]);
      await model(server.url, { maxRetries: 1, sleep: (ms) => (waits.push(ms), Promise.resolve()) }).chat(
        hello,
      );
      assert.deepEqual(waits, [7000]);

      const long = await flaky([(r) => failWith(r, 429, { message: 'slow' }, { 'retry-after': '3600' })]);
      const failed = await failure(model(long.url, { maxRetries: 3 }).chat(hello));
      assert.equal(failed.code, 'rate-limited');
      assert.match(failed.message, /3600 s/);
      assert.equal(long.requests.length, 1);
    });

    it('backs off twice as long each time', async () => {
      const waits: number[] = [];
      const server = await flaky([(r) => failWith(r, 500, {}), (r) => r.socket!.destroy()]);
      const reply = await model(server.url, {
        maxRetries: 2,
        sleep: (ms) => (waits.push(ms), Promise.resolve()),
      }).chat(hello);
      assert.deepEqual(waits, [500, 1000]);
      assert.deepEqual(
        reply.retries.map((retry) => retry.error.code),
        ['server-error', 'connection-lost'],
      );
    });

    it('does not repeat what cannot pass', async () => {
      for (const status of [400, 401, 404]) {
        const server = await flaky(
          Array.from({ length: 3 }, () => (r) => failWith(r, status, { message: 'no' })),
        );
        await failure(model(server.url, { maxRetries: 2 }).chat(hello));
        assert.equal(server.requests.length, 1);
      }
    });

    it('leaves out or renames parameters that the server refuses, and remembers', async () => {
      const server = await serve((response, _index, body) => {
        for (const name of ['max_tokens', 'stream_options', 'temperature'])
          if (name in body)
            return failWith(response, 400, { message: `Unsupported parameter: '${name}'`, param: name });
        startStream(response);
        response.end(piece('fine', 'stop') + done);
      });
      const chat = model(server.url);
      const request = { ...hello, maxTokens: 50, temperature: 0, seed: 3 };
      assert.equal((await chat.chat(request)).text, 'fine');
      assert.equal(server.requests.length, 4);
      assert.equal(server.requests[3]!['max_completion_tokens'], 50);
      assert.equal(server.requests[3]!['seed'], 3);
      await chat.chat(request);
      assert.equal(server.requests.length, 5, 'the next request is right at once');
    });
  });

  describe('stopping', () => {
    it('in mid-stream is a cancellation, not a reply', async () => {
      const server = await serve((response) => {
        startStream(response);
        response.write(piece('Half a'));
      });
      const controller = new AbortController();
      const seen: string[] = [];
      const failed = await failure(
        model(server.url, { maxRetries: 2 }).chat(hello, {
          signal: controller.signal,
          onDelta: (delta) => {
            seen.push(delta.text);
            controller.abort();
          },
        }),
      );
      assert.equal(failed.code, 'cancelled');
      assert.deepEqual(seen, ['Half a']);
      assert.equal(server.requests.length, 1);
    });

    it('while it waits for a retry, and before it starts', async () => {
      const server = await serve((response) => failWith(response, 500, {}));
      const controller = new AbortController();
      const { sleep: _own, ...options } = { sleep: undefined };
      const waiting = new OpenAiChatModel({
        baseURL: server.url,
        model: 'small',
        maxRetries: 2,
        ...options,
      }).chat(hello, {
        signal: controller.signal,
        onRetry: () => controller.abort(),
      });
      assert.equal((await failure(waiting)).code, 'cancelled');
      assert.equal(
        (await failure(model(server.url).chat(hello, { signal: AbortSignal.abort() }))).code,
        'cancelled',
      );
    });
  });

  describe('odd but usable servers', () => {
    const answers = async (answer: Parameters<typeof rawServer>[0], request = hello): Promise<ChatReply> =>
      model((await serve(answer)).url).chat(request);

    it('a plain JSON answer to a streaming request', async () => {
      const reply = await answers((response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({
            model: 'm',
            choices: [{ message: { role: 'assistant', content: 'whole' }, finish_reason: 'stop' }],
            usage: { prompt_tokens: 3, completion_tokens: 1 },
          }),
        );
      });
      assert.equal(reply.text, 'whole');
      assert.equal(reply.usage.prompt, 3);
    });

    it('no usage: estimated and said so; no price is guessed', async () => {
      const reply = await answers((response) => {
        startStream(response);
        response.end(piece('some words here', 'stop') + done);
      });
      assert.equal(reply.usage.estimated, true);
      assert.ok(reply.usage.completion >= 3);
      assert.equal(reply.cost, undefined);
    });

    it('thinking inside the text, cut anywhere', async () => {
      const text = '<think>Let me see <b>.</think>\n\nAction: Retrieve[genre, 10] <done>';
      for (const size of [1, 2, 3, 7, 1000]) {
        const reply = await answers((response) => {
          startStream(response);
          for (let at = 0; at < text.length; at += size) response.write(piece(text.slice(at, at + size)));
          response.end(piece('', 'stop') + done);
        });
        assert.equal(reply.text, 'Action: Retrieve[genre, 10] <done>');
        assert.equal(reply.reasoning, 'Let me see <b>.');
      }
    });

    it('a closing think tag alone', async () => {
      const reply = await answers((response) => {
        startStream(response);
        response.end(piece('I wonder.</think>Yes.', 'stop') + done);
      });
      assert.equal(reply.text, 'Yes.');
      assert.equal(reply.reasoning, 'I wonder.');
    });

    it('tool calls in pieces, with arguments as an object, without ids', async () => {
      const call = (value: object) => piece('', null, { content: null, tool_calls: [value] });
      const reply = await answers((response) => {
        startStream(response);
        response.write(call({ index: 0, function: { name: 'Retrieve', arguments: '{"attri' } }));
        response.write(call({ index: 0, function: { arguments: 'bute":"genre"}' } }));
        response.write(call({ index: 1, id: 'b', function: { name: 'Rank', arguments: { k: 3 } } }));
        response.end(piece('', 'tool_calls') + done);
      });
      assert.deepEqual(reply.toolCalls, [
        { id: 'call_1', name: 'Retrieve', arguments: '{"attribute":"genre"}' },
        { id: 'b', name: 'Rank', arguments: '{"k":3}' },
      ]);
    });

    it('pieces without choices, with null deltas, and comments between', async () => {
      const reply = await answers((response) => {
        startStream(response);
        response.write(': keep-alive\n\n');
        response.write(event({ choices: [] }) + event({ choices: [{ delta: null }] }) + event({}));
        response.end(piece('ok', 'stop') + done);
      });
      assert.equal(reply.text, 'ok');
    });
  });

  describe('limits', () => {
    it('so many requests at a time, in order', async () => {
      let running = 0;
      let most = 0;
      const server = await serve((response) => {
        most = Math.max(most, ++running);
        setTimeout(() => {
          running--;
          startStream(response);
          response.end(piece('ok', 'stop') + done);
        }, 15);
      });
      const chat = model(server.url, { gate: new RequestGate({ concurrent: 2 }) });
      await Promise.all(Array.from({ length: 7 }, () => chat.chat(hello)));
      assert.equal(most, 2);
      assert.equal(server.requests.length, 7);
    });

    it('so many requests a minute', async () => {
      let now = 0;
      const waits: number[] = [];
      const gate = new RequestGate({
        perMinute: 2,
        clock: () => now,
        sleep: (ms) => {
          waits.push(ms);
          now += ms;
          return Promise.resolve();
        },
      });
      for (let i = 0; i < 5; i++) {
        await gate.run(() => Promise.resolve());
        now += 1000;
      }
      assert.deepEqual(waits, [58_000, 58_000]);
    });

    it('one who waits may leave; one who fails makes room', async () => {
      const gate = new RequestGate({ concurrent: 1 });
      const controller = new AbortController();
      const first = gate.run(() => new Promise((_, reject) => setTimeout(() => reject(new Error('x')), 10)));
      const second = gate.run(() => Promise.resolve(2), controller.signal);
      const third = gate.run(() => Promise.resolve(3));
      controller.abort();
      await assert.rejects(second, { code: 'cancelled' });
      await assert.rejects(first, { message: 'x' });
      assert.equal(await third, 3);
    });
  });

  it('asks for the key each time and sends it as a bearer token', async () => {
    const server = await serve((response) => {
      startStream(response);
      response.end(piece('ok', 'stop') + done);
    });
    let asked = 0;
    const chat = model(server.url, { apiKey: () => `key-number-${++asked}` });
    await chat.chat(hello);
    await chat.chat(hello);
    assert.deepEqual(
      server.headers.map((headers) => headers.authorization),
      ['Bearer key-number-1', 'Bearer key-number-2'],
    );
    assert.ok(!JSON.stringify(chat).includes('key-number'));
  });

  it('a gateway in the style of Azure: the query with every request, the key as api-key', async () => {
    const server = await serve((response) => {
      startStream(response);
      response.end(piece('fine', 'stop') + done);
    });
    const baseURL = server.url.replace('/v1', '/openai/deployments/mine?api-version=2026-01-01');
    const reply = await new OpenAiChatModel({ baseURL, model: 'mine', apiKey: 'k1' }).chat(hello);
    assert.equal(reply.text, 'fine');
    assert.deepEqual(server.paths, ['/openai/deployments/mine/chat/completions?api-version=2026-01-01']);
    assert.equal(server.headers[0]!['api-key'], 'k1');
    await new OpenAiChatModel({ baseURL: `${server.url}/`, model: 'mine', apiKey: 'k1' }).chat(hello);
    assert.equal(server.paths[1], '/v1/chat/completions');
    assert.equal(server.headers[1]!['api-key'], undefined);
  });

  it('refuses a bad address and a missing model at once', () => {
    for (const baseURL of ['', 'localhost:11434', 'ftp://x/v1'])
      assert.throws(() => model(baseURL), { code: 'bad-base-url' });
    assert.throws(() => model('http://localhost/v1', { model: ' ' }), { code: 'no-model' });
  });
});
