import type { Cancel, Scheduler } from '../src/live/scheduler.ts';

/** Time in the hand: it moves when `advance` is called, and runs what is due on the way, in order. */
export class HandClock implements Scheduler {
  #now = 0;
  #timers: { at: number; order: number; run: () => void }[] = [];
  #frames: (() => void)[] = [];
  #order = 0;

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): Cancel {
    const timer = { at: this.#now + ms, order: (this.#order += 1), run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  frame(run: () => void): Cancel {
    this.#frames.push(run);
    return () => {
      this.#frames = this.#frames.filter((each) => each !== run);
    };
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#timers
        .filter((timer) => timer.at <= until)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = until;
  }

  draw(): void {
    const frames = this.#frames;
    this.#frames = [];
    for (const run of frames) run();
  }

  get waiting(): number {
    return this.#timers.length;
  }
}

/** Chance by seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
