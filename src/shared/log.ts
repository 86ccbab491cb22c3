/** Where diagnostics go. The CLI writes to stderr, the workbench to its output channel, the engine to its parent. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export type LogLevel = keyof Logger;
const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** A logger that writes one redacted line a message to `write`, from `level` up. */
export function lineLogger(write: (line: string) => void, level: LogLevel = 'info'): Logger {
  const from = order.indexOf(level);
  const at = (name: LogLevel) => (message: string) => {
    if (order.indexOf(name) >= from) write(`${name === 'info' ? '' : `${name}: `}${redact(message)}`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export const silentLogger: Logger = lineLogger(() => undefined);

const secretShapes: readonly RegExp[] = [
  /\b(sk|pk|rk)-[A-Za-z0-9_-]{8,}/g,
  /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi,
  /\b(api[-_ ]?key|authorization|x-api-key|token|secret|password)(["']?\s*[:=]\s*["']?)[^\s"',;}]{4,}/gi,
];

const remembered = new Set<string>();

/** From now on, in this process, this exact text is taken out of everything that is redacted. */
export function rememberSecret(secret: string): void {
  if (secret.length >= 4) remembered.add(secret);
}

/** Replaces every remembered secret, and nothing else: for texts whose other words must stay as they are. */
export function withoutSecrets(text: string): string {
  let out = text;
  for (const secret of remembered) out = out.split(secret).join('[redacted]');
  return out;
}

/** Replaces what looks like a credential, every remembered secret and every one in `known`, by `[redacted]`. */
export function redact(text: string, known: readonly string[] = []): string {
  let out = withoutSecrets(text);
  for (const secret of known) if (secret.length >= 4) out = out.split(secret).join('[redacted]');
  out = out.replace(secretShapes[0]!, '[redacted]');
  out = out.replace(secretShapes[1]!, '$1 [redacted]');
  return out.replace(secretShapes[2]!, '$1$2[redacted]');
}
