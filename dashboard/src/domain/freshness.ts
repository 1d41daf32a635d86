/** How much a number on the wall can be believed to be about now. */
import type { FeedView } from '../contracts/types.ts';

/** 'old': this screen has lost the server, whatever the feed does. */
export type Mark = FeedView['freshness'] | 'old';

export interface Freshness {
  mark: Mark;
  /** Whole real seconds since the last word; null: there never was one. */
  ageS: number | null;
}

export function freshnessOf(
  feed: { freshness: FeedView['freshness']; ageMs: number } | null,
  lostForMs: number | null,
): Freshness {
  if (lostForMs !== null) return { mark: 'old', ageS: Math.floor(lostForMs / 1000) };
  if (feed === null) return { mark: 'no_feed', ageS: null };
  return { mark: feed.freshness, ageS: Math.floor(feed.ageMs / 1000) };
}
