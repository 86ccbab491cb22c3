/**
 * What a page that comes with its first picture runs first: VS Code shows a page once all that it names has come, so
 * the page's own script is not run before that. It follows once the picture is on the screen, and takes what the host
 * has told meanwhile (host.ts).
 */
{
  const { page } = document.currentScript!.dataset;
  const early: MessageEvent<unknown>[] = [];
  const keep = (event: MessageEvent<unknown>) => void early.push(event);
  window.addEventListener('message', keep);
  Object.assign(window, {
    takeEarlyMessages() {
      window.removeEventListener('message', keep);
      return early.splice(0);
    },
  });
  window.addEventListener('load', () => requestAnimationFrame(() => setTimeout(() => void import(page!), 0)));
}
