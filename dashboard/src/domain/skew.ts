/** How far a feed's clock is off. A little is the way of the events; a lot falsifies waits and half-hours. */
import type { FeedView } from '../contracts/types.ts';

export const SKEW_SHOWN_MS = 5_000;

/** Seconds that the source's clock runs ahead (behind: negative), if that is worth a word; else null. */
export function skewS(feed: Pick<FeedView, 'ahead_ms'>): number | null {
  const { ahead_ms: ahead } = feed;
  return ahead !== null && Math.abs(ahead) >= SKEW_SHOWN_MS ? Math.trunc(ahead / 1000) : null;
}
