/** What came in lately, by source, and how fresh each source is. */
import type { FeedView, Letters, SourceTraffic, Traffic } from '../contracts/types.ts';

export type Worst = FeedView['freshness'];

export interface SourceRow {
  source: string;
  /** Its sites: of the feeds, and of the events. */
  sites: readonly string[];
  /** Of the worst of its feeds; null: nobody has heard of a clock of it. */
  freshness: Worst | null;
  /** null: not counted yet. */
  traffic: SourceTraffic | null;
}

const ORDER: readonly Worst[] = ['fresh', 'stale', 'no_feed'];

export function worst(feeds: readonly FeedView[]): Worst | null {
  const found = feeds.map((feed) => ORDER.indexOf(feed.freshness));
  return found.length === 0 ? null : (ORDER[Math.max(...found)] ?? null);
}

/** A row for every source that has a feed's clock, events or letters. */
export function sourceRows(feeds: readonly FeedView[], traffic: Traffic | null): SourceRow[] {
  const names = new Set([
    ...feeds.map((feed) => feed.source),
    ...(traffic?.sources ?? []).map((each) => each.source),
  ]);
  return [...names].sort().map((source) => {
    const mine = feeds.filter((feed) => feed.source === source);
    const counted = traffic?.sources.find((each) => each.source === source) ?? null;
    const sites = new Set([
      ...mine.map((feed) => feed.site),
      ...(counted?.sites ?? []).map((each) => each.site),
    ]);
    return {
      source,
      sites: [...sites].sort(),
      freshness: worst(mine),
      traffic: counted ?? (traffic === null ? null : nothingOf(source)),
    };
  });
}

function nothingOf(source: string): SourceTraffic {
  return { source, taken: 0, repeated: 0, rejected: 0, uncounted: 0, last_at: null, sites: [] };
}

/** '/v1/dead-letters?…' of what is asked for; what is empty is not said. */
export function lettersPath(
  wanted: { source?: string | null; reason?: string | null; text?: string | null; before?: number | null },
  limit: number,
): string {
  const query = new URLSearchParams();
  for (const name of ['source', 'reason', 'text'] as const) if (wanted[name]) query.set(name, wanted[name]);
  if (wanted.before !== null && wanted.before !== undefined) query.set('before', String(wanted.before));
  query.set('limit', String(limit));
  return `/v1/dead-letters?${query.toString()}`;
}

/** A page and the next older one as one page; of a letter that stands in both the first counts. */
export function joined(newer: Letters, older: Letters): Letters {
  const known = new Set(newer.letters.map((letter) => letter.offset));
  return {
    ...older,
    letters: [...newer.letters, ...older.letters.filter((letter) => !known.has(letter.offset))],
    looked_at: newer.looked_at + older.looked_at,
    sources: added(newer.sources, older.sources),
  };
}

function added(one: Letters['sources'], other: Letters['sources']): Letters['sources'] {
  const sum = { ...one };
  for (const [source, letters] of Object.entries(other)) sum[source] = (sum[source] ?? 0) + (letters ?? 0);
  return sum;
}
