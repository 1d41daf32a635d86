/** Everything that has to do with time, so that tests can hold it in their hands. Times are ms on a monotonic clock. */
export interface Scheduler {
  now(): number;
  /** Run once after `ms`; returns how to call it off. */
  after(ms: number, run: () => void): Cancel;
  /** Run once before the next frame is drawn; returns how to call it off. */
  frame(run: () => void): Cancel;
}

export type Cancel = () => void;

/**
 * The browser's. A hidden page draws no frames, so a frame is at most `HIDDEN_FRAME_MS` away: what arrives is applied
 * there too, and nothing piles up.
 */
export const browserScheduler: Scheduler = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  frame(run) {
    let done = false;
    const once = () => {
      if (done) return;
      done = true;
      cancel();
      run();
    };
    const frame = requestAnimationFrame(once);
    const timer = setTimeout(once, HIDDEN_FRAME_MS);
    const cancel = () => {
      done = true;
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
    return cancel;
  },
};

const HIDDEN_FRAME_MS = 1000;
