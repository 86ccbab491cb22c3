import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RawServer {
  /** Base URL that ends in /v1. */
  readonly url: string;
  /** Bodies of the requests, parsed. */
  readonly requests: Record<string, unknown>[];
  readonly headers: http.IncomingHttpHeaders[];
  /** Paths with their queries. */
  readonly paths: string[];
  close(): Promise<void>;
}

type Answer = (response: http.ServerResponse, index: number, body: Record<string, unknown>) => void;

/** A real HTTP server whose answers are written by hand, byte by byte: for what no polite fake server does. */
export async function rawServer(answer: Answer): Promise<RawServer> {
  const requests: Record<string, unknown>[] = [];
  const headers: http.IncomingHttpHeaders[] = [];
  const paths: string[] = [];
  const server = http.createServer((request, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => (text += piece.toString()));
    request.on('end', () => {
      const body = JSON.parse(text || '{}') as Record<string, unknown>;
      headers.push(request.headers);
      paths.push(request.url ?? '');
      answer(response, requests.push(body) - 1, body);
    });
    request.on('error', () => undefined);
    response.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    headers,
    paths,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export const event = (value: unknown): string =>
  `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
export const piece = (content: string, finish: string | null = null, extra: object = {}): string =>
  event({
    id: 'x',
    object: 'chat.completion.chunk',
    model: 'raw',
    choices: [{ index: 0, delta: { content, ...extra }, finish_reason: finish }],
  });
export const done = event('[DONE]');

export function startStream(response: http.ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
}

export function failWith(
  response: http.ServerResponse,
  status: number,
  error: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ error }));
}
