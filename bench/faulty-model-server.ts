/**
 * A scripted OpenAI-compatible server that fails on purpose: 429, 500, stalled and cut streams. What it answers depends
 * on the request alone, so that an interrupted run and an uninterrupted one are told the same; whether it fails depends
 * on how often it has been asked.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { rehearse } from '../src/experiments/rehearsal.ts';
import type { ChatMessage } from '../src/llm/chat-model.ts';
import { Random } from '../src/shared/random.ts';

export const faults = ['429', '500', 'stalled', 'cut'] as const;
export type Fault = (typeof faults)[number];

export interface FaultyServer {
  readonly url: string;
  /** Requests answered, and faults given, so far. */
  readonly counts: Record<'requests' | 'answered' | Fault, number>;
  close(): Promise<void>;
}

/** `share` of all requests fail, each fault as often as the others. `attributes`: of the dataset, for the script. */
export async function startFaultyServer(options: {
  readonly share: number;
  readonly attributes: readonly string[];
  readonly latencyMs?: number;
}): Promise<FaultyServer> {
  const random = new Random('faults');
  const counts = { requests: 0, answered: 0, '429': 0, '500': 0, stalled: 0, cut: 0 };
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { messages } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { messages: ChatMessage[] };
      counts.requests++;
      const fault = random.uniform() < options.share ? faults[random.int(faults.length)]! : undefined;
      setTimeout(() => answer(response, messages, fault), options.latencyMs ?? 0);
    });
  });

  const answer = (response: http.ServerResponse, messages: ChatMessage[], fault: Fault | undefined) => {
    if (fault) counts[fault]++;
    if (fault === '429' || fault === '500') {
      response.writeHead(Number(fault), { 'content-type': 'application/json', 'retry-after': '0' });
      response.end(JSON.stringify({ error: { message: `injected ${fault}` } }));
      return;
    }
    const text = rehearse({ messages }, options.attributes, options.attributes.length + 3);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const chunk = (delta: object, finish: string | null = null) =>
      response.write(
        `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 0, model: 'scripted', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
      );
    const half = Math.ceil(text.length / 2);
    chunk({ role: 'assistant', content: text.slice(0, half) });
    if (fault === 'stalled') return; // the client's watchdog has to notice
    if (fault === 'cut') {
      response.destroy();
      return;
    }
    chunk({ content: text.slice(half) });
    chunk({}, 'stop');
    response.write(
      `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 0, model: 'scripted', choices: [], usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 } })}\n\n`,
    );
    response.end('data: [DONE]\n\n');
    counts.answered++;
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    counts,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
