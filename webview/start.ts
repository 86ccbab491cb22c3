/**
 * What a page that comes with its first picture runs first: VS Code shows a page once all that it names has come, so
 * the page's own script is not run before that. It follows once the picture is on the screen, and takes what the host
 * has told meanwhile (host.ts). Where VS Code loads the page anew, after its tab was hidden or has moved to another
 * window, the picture is an old one and is not shown.
 */
{
  /** A picture is on the screen within this, in ms, by a clock that may be another machine's than the one that drew it. */
  const freshMs = 3000;
  const { page, drawn } = document.currentScript!.dataset;
  const early: MessageEvent<unknown>[] = [];
  const keep = (event: MessageEvent<unknown>) => void early.push(event);
  window.addEventListener('message', keep);
  Object.assign(window, {
    takeEarlyMessages() {
      window.removeEventListener('message', keep);
      return early.splice(0);
    },
  });
  const begin = () => void import(page!);
  if (Math.abs(Date.now() - Number(drawn)) > freshMs) {
    document.querySelector('#app')!.replaceChildren();
    begin();
  } else window.addEventListener('load', () => requestAnimationFrame(() => setTimeout(begin, 0)));
}
