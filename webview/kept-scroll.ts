/** What of the window it needs. */
interface ScrollingWindow {
  readonly scrollY: number;
  readonly innerHeight: number;
  readonly document: { readonly documentElement: { readonly scrollHeight: number } };
  addEventListener(name: string, listener: () => void): void;
  scrollTo(x: number, y: number): void;
}

/** What a person does to go elsewhere: from then on they lead. */
const gestures = ['wheel', 'keydown', 'pointerdown', 'touchmove'];
const settleMs = 100;
/** A page that is not long enough by then has become another one; later it would jump from under the person. */
const patienceMs = 2000;

/** Brings a page that is drawn anew back to where the person had scrolled, once it is long enough. */
export class KeptScroll {
  private readonly window: ScrollingWindow;
  private wanted: number | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param kept where it was, in px; anything else is taken for the top
   * @param onMove told where the person is when they have scrolled
   */
  constructor(window: ScrollingWindow, kept: unknown, onMove: (at: number) => void) {
    this.window = window;
    this.wanted = typeof kept === 'number' && kept > 0 ? kept : undefined;
    const forget = () => (this.wanted = undefined);
    for (const gesture of gestures) window.addEventListener(gesture, forget);
    if (this.wanted !== undefined) setTimeout(forget, patienceMs);
    window.addEventListener('scroll', () => {
      if (this.wanted !== undefined) return;
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        onMove(window.scrollY);
      }, settleMs);
    });
  }

  /** The page has another height now. */
  drawn(): void {
    const { document, innerHeight } = this.window;
    if (this.wanted === undefined || document.documentElement.scrollHeight - innerHeight < this.wanted)
      return;
    this.window.scrollTo(0, this.wanted);
    this.wanted = undefined;
  }
}
