import { fromDetail, ToolRecError } from './errors.ts';
import type { ErrorDetail } from './errors.ts';

/**
 * Typed messages between the host and a webview, which can only post plain data to each other. A contract
 * (webview/protocol.ts) names every message with its schema; both ends check what arrives against it. Knows neither
 * `vscode` nor the DOM, so both sides and the tests use the same code.
 */

/** What zod and zod/mini schemas have in common. */
export interface Schema<T = unknown> {
  safeParse(
    value: unknown,
  ): { readonly success: true; readonly data: T } | { readonly success: false; readonly error: Error };
}
type Value<S> = S extends Schema<infer T> ? T : never;

export interface PanelContract {
  /** The webview asks, the host answers. */
  readonly requests: Readonly<Record<string, { readonly params: Schema; readonly result: Schema }>>;
  /** The webview tells the host what the person wants. */
  readonly intents: Readonly<Record<string, Schema>>;
  /** The host tells the webview what is so now. */
  readonly updates: Readonly<Record<string, Schema>>;
}

export type RequestHandlers<C extends PanelContract> = {
  readonly [N in keyof C['requests']]: (
    params: Value<C['requests'][N]['params']>,
  ) => Promise<Value<C['requests'][N]['result']>>;
};
export type IntentHandlers<C extends PanelContract> = {
  readonly [N in keyof C['intents']]: (params: Value<C['intents'][N]>) => void;
};
export type UpdateHandlers<C extends PanelContract> = {
  readonly [N in keyof C['updates']]: (params: Value<C['updates'][N]>) => void;
};

type Message =
  | { readonly kind: 'ready'; readonly contract: string; readonly greeted: boolean }
  | { readonly kind: 'request'; readonly sequence: number; readonly name: string; readonly params: unknown }
  | { readonly kind: 'reply'; readonly sequence: number; readonly result: unknown }
  | {
      readonly kind: 'failure';
      readonly sequence: number;
      readonly className: string;
      readonly detail: ErrorDetail;
    }
  | { readonly kind: 'greeting' }
  | { readonly kind: 'intent' | 'update'; readonly name: string; readonly params: unknown };

type Post = (message: unknown) => void;

/** Names of a contract in one line: two builds that differ in them do not understand each other. */
export function contractText(contract: PanelContract): string {
  const names = (part: object) => Object.keys(part).sort().join(',');
  return `${names(contract.requests)};${names(contract.intents)};${names(contract.updates)}`;
}

export interface HostSide<C extends PanelContract> {
  readonly requests: RequestHandlers<C>;
  readonly intents: IntentHandlers<C>;
  /** The page has (again) loaded and knows nothing: send it everything. */
  onReady(): void;
  /** A message or answer did not fit the contract. */
  onViolation(error: ToolRecError): void;
}

/** The host's end. What it tells before the page is ready is kept and sent, in order, once it is. */
export class HostEnd<C extends PanelContract> {
  private readonly contract: C;
  private readonly post: Post;
  private readonly side: HostSide<C>;
  private queue: unknown[] | undefined = [];

  constructor(contract: C, post: Post, side: HostSide<C>) {
    this.contract = contract;
    this.post = post;
    this.side = side;
  }

  /** Whether the page is there. While it is not, `onReady` is still to come: what that tells need not be told before. */
  get listening(): boolean {
    return this.queue === undefined;
  }

  update<N extends keyof C['updates'] & string>(name: N, params: Value<C['updates'][N]>): void {
    const message: Message = { kind: 'update', name, params };
    if (this.queue) this.queue.push(message);
    else this.post(message);
  }

  /**
   * Tells a page that is still loading what there is to show, which spares it the way to the host and back: VS Code
   * keeps messages until a page has loaded. What does not reach it is told again when it is ready.
   */
  greet(): void {
    if (this.queue) this.flush();
  }

  /** The page is gone (hidden, reloaded): what it would be told now it learns from `onReady` when it is back. */
  suspend(): void {
    this.queue = [];
  }

  receive(raw: unknown): void {
    const message = parseMessage(raw);
    switch (message?.kind) {
      case 'ready':
        if (message.contract !== contractText(this.contract)) {
          this.side.onViolation(violation('the page comes from another build'));
          return;
        }
        if (this.queue || !message.greeted) this.flush();
        return;
      case 'request':
        void this.answer(message.sequence, message.name, message.params);
        return;
      case 'intent':
        this.follow(message.name, message.params);
        return;
      case 'reply':
      case 'failure':
      case 'update':
      case 'greeting':
      case undefined:
        this.side.onViolation(violation('the page sent a message without a known form'));
    }
  }

  private flush(): void {
    const waiting = this.queue ?? [];
    this.queue = undefined;
    this.side.onReady();
    for (const message of waiting) this.post(message);
    this.post({ kind: 'greeting' } satisfies Message);
  }

  private async answer(sequence: number, name: string, params: unknown): Promise<void> {
    try {
      const definition = own(this.contract.requests, name);
      if (!definition) throw violation(`there is no request “${name}”`);
      const handler = this.side.requests[name as keyof C['requests']] as (
        params: unknown,
      ) => Promise<unknown>;
      const result = check(definition.result, await handler(check(definition.params, params, name)), name);
      this.post({ kind: 'reply', sequence, result } satisfies Message);
    } catch (error) {
      const typed = asToolRecError(error);
      if (typed.code === 'panel-protocol') this.side.onViolation(typed);
      this.post({
        kind: 'failure',
        sequence,
        className: typed.name,
        detail: typed.toDetail(),
      } satisfies Message);
    }
  }

  private follow(name: string, params: unknown): void {
    try {
      const schema = own(this.contract.intents, name);
      if (!schema) throw violation(`there is no intent “${name}”`);
      (this.side.intents[name as keyof C['intents']] as (params: unknown) => void)(
        check(schema, params, name),
      );
    } catch (error) {
      this.side.onViolation(asToolRecError(error));
    }
  }
}

/** The webview's end. */
export class WebviewEnd<C extends PanelContract> {
  private readonly contract: C;
  private readonly post: Post;
  private readonly updates: UpdateHandlers<C>;
  private readonly waiting = new Map<
    number,
    { readonly name: string; resolve(result: unknown): void; reject(error: Error): void }
  >();
  private sequence = 0;
  /** Everything that there was to show has come; a single update may come to a page that was loaded anew. */
  private greeted = false;

  constructor(contract: C, post: Post, updates: UpdateHandlers<C>) {
    this.contract = contract;
    this.post = post;
    this.updates = updates;
  }

  /** Tells the host that the page listens; it answers with everything there is to show, unless the page has it. */
  ready(): void {
    const contract = contractText(this.contract);
    this.post({ kind: 'ready', contract, greeted: this.greeted } satisfies Message);
  }

  tell<N extends keyof C['intents'] & string>(name: N, params: Value<C['intents'][N]>): void {
    this.post({ kind: 'intent', name, params } satisfies Message);
  }

  /** @throws the host's typed error */
  request<N extends keyof C['requests'] & string>(
    name: N,
    params: Value<C['requests'][N]['params']>,
  ): Promise<Value<C['requests'][N]['result']>> {
    const sequence = ++this.sequence;
    return new Promise((resolve, reject) => {
      this.waiting.set(sequence, { name, resolve: resolve as (result: unknown) => void, reject });
      this.post({ kind: 'request', sequence, name, params } satisfies Message);
    });
  }

  /** @throws ToolRecError `panel-protocol` for an update that does not fit the contract */
  receive(raw: unknown): void {
    const message = parseMessage(raw);
    if (message?.kind === 'update') {
      const schema = own(this.contract.updates, message.name);
      if (!schema) throw violation(`there is no update “${message.name}”`);
      const handler = this.updates[message.name as keyof C['updates']] as (params: unknown) => void;
      handler(check(schema, message.params, message.name));
      return;
    }
    if (message?.kind === 'greeting') {
      this.greeted = true;
      return;
    }
    if (message?.kind !== 'reply' && message?.kind !== 'failure') return; // not ours: VS Code posts too
    const call = this.waiting.get(message.sequence);
    if (!call) return;
    this.waiting.delete(message.sequence);
    if (message.kind === 'failure') {
      call.reject(fromDetail(message.className, message.detail));
      return;
    }
    const result = this.contract.requests[call.name]!.result.safeParse(message.result);
    if (result.success) call.resolve(result.data);
    else call.reject(violation(`the answer to “${call.name}” has another form (${result.error.message})`));
  }
}

function parseMessage(raw: unknown): Message | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const { kind, name, sequence, contract, greeted, detail } = raw as Record<string, unknown>;
  const fits =
    kind === 'ready'
      ? typeof contract === 'string' && typeof greeted === 'boolean'
      : kind === 'request'
        ? typeof name === 'string' && typeof sequence === 'number'
        : kind === 'reply'
          ? typeof sequence === 'number'
          : kind === 'greeting'
            ? true
            : kind === 'failure'
              ? typeof sequence === 'number' && typeof detail === 'object' && detail !== null
              : (kind === 'intent' || kind === 'update') && typeof name === 'string';
  return fits ? (raw as Message) : undefined;
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function check<T>(schema: Schema<T>, value: unknown, name: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw violation(`“${name}” has another form (${result.error.message})`);
}

function violation(what: string): ToolRecError {
  return new ToolRecError(
    'panel-protocol',
    `A panel and the extension did not understand each other: ${what.slice(0, 500)}.`,
    'Close the panel, reload the window and open it again.',
  );
}

function asToolRecError(error: unknown): ToolRecError {
  if (error instanceof ToolRecError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new ToolRecError('internal', `Something unexpected happened: ${text}`, 'See the ToolRec log.', {
    cause: error,
  });
}
