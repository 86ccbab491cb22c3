import { ConfigurationError } from '../shared/errors.ts';

/**
 * A base URL in the one form under which its key is kept: no slash at the end, no user, query or fragment. Two
 * spellings of one address are one server; anything that differs in it is another, and gets no key of this one.
 * @throws ConfigurationError `bad-base-url`, `secret-in-base-url`.
 */
export function normaliseBaseUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text.trim());
    if (!/^https?:$/.test(url.protocol)) throw new TypeError('not http');
  } catch {
    throw new ConfigurationError(
      'bad-base-url',
      `“${text.trim().slice(0, 100)}” is not the address of a server.`,
      'Give a base URL with http:// or https://; most end in /v1.',
    );
  }
  // What stands there may be a key, so the sentence does not repeat it.
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new ConfigurationError(
      'secret-in-base-url',
      'A base URL is only scheme, host and path.',
      'Leave out user names, passwords, “?…” and “#…”; the key is asked for by itself.',
    );
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** True where requests stay on this machine. */
export function isLoopback(baseURL: string): boolean {
  const { hostname } = new URL(baseURL);
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    /^(127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
  );
}

/** True where a key would travel readable for everyone on the way. */
export function isReadableOnTheWay(baseURL: string): boolean {
  return new URL(baseURL).protocol === 'http:' && !isLoopback(baseURL);
}
