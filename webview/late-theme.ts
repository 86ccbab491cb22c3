/**
 * The component library takes the theme's colours over when the window has loaded. On a page that comes with its first
 * picture the library comes after that: it would wait in vain, and keep the dark colours that it has by default. So
 * while it is evaluated, who waits for a window that has loaded is called. Imported before the library, which ends by
 * `loaded()`.
 */
const { addEventListener } = window;

if (document.readyState === 'complete')
  window.addEventListener = (
    name: string,
    listener: EventListenerOrEventListenerObject,
    options?: unknown,
  ) => {
    if (name === 'load' && typeof listener === 'function') queueMicrotask(() => listener(new Event('load')));
    else addEventListener.call(window, name, listener, options as AddEventListenerOptions | undefined);
  };

/** The library has been evaluated. */
export function loaded(): void {
  window.addEventListener = addEventListener;
}
