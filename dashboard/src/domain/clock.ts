/**
 * The floor's time is the feed's, not this screen's. A feed is heard about once a second; in between its clock is carried
 * on at its rate, but never further than the next word may be away: the clock of a silent feed stands still.
 */
import type { FeedView } from '../contracts/types.ts';

/** How far a clock is carried on after it was last heard, in real ms. */
export const CARRY_MS = 1_500;
/** Steps back up to so many real ms are jitter: the clock waits. Longer ones are a new run of the feed. */
const JITTER_MS = 5_000;

/** Real ms since the feed was last heard. `receivedAt` and `now` are on the scheduler's clock. */
export function ageMs(feed: FeedView, receivedAt: number, now: number): number {
  return feed.age_s * 1000 + Math.max(0, now - receivedAt);
}

/** Epoch ms on the feed's clock. */
export function feedTime(feed: FeedView, receivedAt: number, now: number): number {
  return feed.at + Math.min(ageMs(feed, receivedAt, now), CARRY_MS) * Math.max(feed.rate, 0);
}

/** One site's clock, that does not tick backwards. */
export class SiteClock {
  #shown: number | null = null;

  /** The time to show, given the feeds of the site; null without any. */
  read(feeds: readonly { feed: FeedView; receivedAt: number }[], now: number): number | null {
    const heard = current(feeds, now);
    if (heard === null) return null;
    const time = feedTime(heard.feed, heard.receivedAt, now);
    const jitter = JITTER_MS * Math.max(heard.feed.rate, 1);
    const held = this.#shown !== null && time < this.#shown && this.#shown - time <= jitter;
    if (!held) this.#shown = time;
    return this.#shown;
  }
}

/** A site may have had several feeds (a replay yesterday, the live one today): the one heard last counts. */
export function current<Heard extends { feed: FeedView; receivedAt: number }>(
  feeds: readonly Heard[],
  now: number,
): Heard | null {
  let best: Heard | null = null;
  for (const heard of feeds) {
    const age = ageMs(heard.feed, heard.receivedAt, now);
    if (best === null || age < ageMs(best.feed, best.receivedAt, now)) best = heard;
  }
  return best;
}
