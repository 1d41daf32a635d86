import { describe, expect, it } from 'vitest';
import type { FeedView } from '../../src/contracts/types.ts';
import { ageMs, CARRY_MS, current, feedTime, SiteClock } from '../../src/domain/clock.ts';
import { freshnessOf } from '../../src/domain/freshness.ts';

const feed = (at: number, rate = 1, age_s = 0, id = 'f'): FeedView => ({
  kind: 'feed', id, source: id, site: 's', at, rate, timezone: 'UTC', freshness: 'fresh', age_s,
    ahead_ms: null,
}); // prettier-ignore

describe("the feed's clock between two heartbeats", () => {
  it('runs at the rate of the feed', () => {
    expect(feedTime(feed(100_000, 60), 0, 1_000)).toBe(160_000);
    expect(feedTime(feed(100_000, 1), 500, 1_000)).toBe(100_500);
  });

  it('stands still once the feed is silent, and never runs ahead of it', () => {
    const farthest = 100_000 + CARRY_MS * 20;
    for (const now of [1_500, 5_000, 3_600_000]) expect(feedTime(feed(100_000, 20), 0, now)).toBe(farthest);
  });

  it('counts the age that it had when it came', () => {
    expect(ageMs(feed(0, 1, 30.4), 100, 1_100)).toBe(31_400);
    expect(feedTime(feed(100_000, 1, 1), 0, 100)).toBe(101_100);
    expect(feedTime(feed(100_000, 1, 30), 0, 0)).toBe(100_000 + CARRY_MS);
  });

  it('a feed at full speed (rate 0) is only as far as its word', () => {
    expect(feedTime(feed(100_000, 0), 0, 1_000)).toBe(100_000);
  });
});

describe("a site's clock", () => {
  const heard = (view: FeedView, receivedAt: number) => [{ feed: view, receivedAt }];

  it('does not tick backwards when the next heartbeat says a little less', () => {
    const clock = new SiteClock();
    expect(clock.read(heard(feed(100_000), 0), 1_200)).toBe(101_200);
    expect(clock.read(heard(feed(101_000), 1_200), 1_200)).toBe(101_200);
    expect(clock.read(heard(feed(101_000), 1_200), 1_500)).toBe(101_300);
  });

  it('follows a feed that begins anew at an earlier day', () => {
    const clock = new SiteClock();
    clock.read(heard(feed(1_000_000_000), 0), 0);
    expect(clock.read(heard(feed(900_000_000), 0), 0)).toBe(900_000_000);
  });

  it('goes by the feed that was heard last', () => {
    const dead = { feed: feed(5_000, 1, 90, 'dead'), receivedAt: 0 };
    const live = { feed: feed(1_000, 1, 0.5, 'live'), receivedAt: 0 };
    expect(current([dead, live], 0)).toBe(live);
    expect(new SiteClock().read([dead, live], 0)).toBe(1_500);
    expect(new SiteClock().read([], 0)).toBeNull();
  });
});

describe('freshness', () => {
  it('is what the server says, with the age', () => {
    expect(freshnessOf({ freshness: 'stale', ageMs: 12_900 }, null)).toEqual({ mark: 'stale', ageS: 12 });
  });

  it('a site that no feed ever spoke for has none', () => {
    expect(freshnessOf(null, null)).toEqual({ mark: 'no_feed', ageS: null });
  });

  it('a lost server makes everything old, also what was fresh', () => {
    expect(freshnessOf({ freshness: 'fresh', ageMs: 0 }, 4_200)).toEqual({ mark: 'old', ageS: 4 });
    expect(freshnessOf(null, 4_200)).toEqual({ mark: 'old', ageS: 4 });
  });
});
