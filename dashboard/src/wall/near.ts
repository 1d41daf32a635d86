/** Tells tiles whether they are near the view: only those are worth their two hundred nodes. */
import type { Scheduler } from '../live/scheduler.ts';

/**
 * Within half a screen of the view, above and below: half a second for who scrolls a screen a second. A whole screen would be
 * half as many tiles again that are brought up to date each second.
 */
const MARGIN = '50% 0%';
/**
 * What tiles that come and go may take: a third of the time, the rest is for drawing and for numbers that change. It goes by
 * the time since the last frame, so that where frames are slow the view does not stay empty.
 */
const SHARE = 1 / 3;
export const LEAST_MS = 5;
export const MOST_MS = 50;

type Tell = (isNear: boolean) => void;

export class Near {
  #scheduler: Pick<Scheduler, 'frame' | 'now'>;
  #observer: IntersectionObserver;
  #tiles = new Map<Element, Tell>();
  #near = new Set<Element>();
  /** What has not been told yet, the first to be told first. */
  #due = new Set<Element>();
  #scheduled = false;
  #toldAt = -Infinity;

  constructor(scheduler: Pick<Scheduler, 'frame' | 'now'>) {
    this.#scheduler = scheduler;
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: MARGIN });
  }

  /** `tell` is called in a frame of its own choosing, and has done its work when it returns. Returns how to end it. */
  watch(tile: Element, tell: Tell): () => void {
    this.#tiles.set(tile, tell);
    this.#observer.observe(tile);
    return () => {
      this.#observer.unobserve(tile);
      for (const known of [this.#tiles, this.#near, this.#due]) known.delete(tile);
    };
  }

  /** Paper has no view: all tiles are near, at once, until `afterPrint`. */
  beforePrint(): void {
    for (const tell of this.#tiles.values()) tell(true);
  }

  afterPrint(): void {
    this.#tellSoon(this.#tiles.keys());
  }

  #seen(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#near.add(target);
      else this.#near.delete(target);
    }
    const [inView, others] = [entries.filter(isInView), entries.filter((each) => !isInView(each))];
    this.#tellSoon([...inView, ...others].map(({ target }) => target));
  }

  #tellSoon(tiles: Iterable<Element>): void {
    for (const tile of tiles) this.#due.add(tile);
    if (this.#scheduled || this.#due.size === 0) return;
    this.#scheduled = true;
    this.#scheduler.frame(() => this.#tellSome());
  }

  #tellSome(): void {
    this.#scheduled = false;
    const now = this.#scheduler.now();
    const until = now + Math.min(MOST_MS, Math.max(LEAST_MS, (now - this.#toldAt) * SHARE));
    this.#toldAt = now;
    for (const tile of this.#due) {
      this.#due.delete(tile);
      this.#tiles.get(tile)?.(this.#near.has(tile));
      if (this.#scheduler.now() >= until) break;
    }
    this.#tellSoon([]);
  }
}

function isInView({ boundingClientRect: { top, bottom } }: IntersectionObserverEntry): boolean {
  return bottom > 0 && top < innerHeight;
}
