/** Messages between host and webviews. The host owns all state: webviews post intents and receive snapshots. */

/** Webview → host: the page has loaded and can receive its first snapshot. */
export interface ReadyMessage {
  readonly type: 'ready';
}
