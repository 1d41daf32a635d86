/** What came in lately by source; pages of dead letters. */
import { describe, expect, it } from 'vitest';
import type { FeedView, Letters, LetterView, Traffic } from '../../src/contracts/types.ts';
import { joined, lettersPath, sourceRows } from '../../src/domain/feeds.ts';

const feed = (source: string, site: string, freshness: FeedView['freshness']) =>
  ({ id: `${source}|${site}`, source, site, freshness }) as FeedView;

const traffic = {
  since: 0,
  until: 1,
  incomplete: null,
  sources: [
    {
      source: 'acd',
      taken: 3,
      repeated: 1,
      rejected: 0,
      uncounted: 0,
      last_at: 5,
      sites: [{ site: 'hill', taken: 3, repeated: 1, last_at: 5 }],
    },
    { source: 'fax', taken: 0, repeated: 0, rejected: 2, uncounted: 0, last_at: null, sites: [] },
  ],
} satisfies Traffic;

describe('sources', () => {
  it('have a row each, whoever knows of them; the worst of its feeds is its freshness', () => {
    const feeds = [
      feed('acd', 'harbour', 'fresh'),
      feed('acd', 'bay', 'stale'),
      feed('wfm', 'hill', 'no_feed'),
    ];
    const rows = sourceRows(feeds, traffic);
    expect(rows.map(({ source, freshness, sites }) => [source, freshness, sites])).toEqual([
      ['acd', 'stale', ['bay', 'harbour', 'hill']],
      ['fax', null, []],
      ['wfm', 'no_feed', ['hill']],
    ]);
    expect(rows.map((row) => [row.traffic?.taken, row.traffic?.rejected])).toEqual([
      [3, 0],
      [0, 2],
      [0, 0],
    ]);
  });

  it('what is not counted yet is not nothing', () => {
    expect(sourceRows([feed('acd', 'harbour', 'fresh')], null)[0]?.traffic).toBeNull();
  });
});

describe('dead letters', () => {
  it('are asked for by what was typed alone', () => {
    expect(lettersPath({ source: null, reason: '', text: 'a&b' }, 50)).toBe(
      '/v1/dead-letters?text=a%26b&limit=50',
    );
    expect(lettersPath({ source: 'acd', before: 0 }, 5)).toBe('/v1/dead-letters?source=acd&before=0&limit=5');
  });

  it('an older page goes on from the newer one, and no letter stands twice', () => {
    const page = (offsets: number[], next: number | null, sources: Letters['sources']): Letters => ({
      letters: offsets.map((offset) => ({ offset }) as LetterView),
      next,
      held: 9,
      looked_at: offsets.length,
      sources,
    });
    const both = joined(page([8, 7], 7, { acd: 2 }), page([7, 3], null, { acd: 1, wfm: 1 }));
    expect(both.letters.map((letter) => letter.offset)).toEqual([8, 7, 3]);
    expect([both.next, both.looked_at, both.sources]).toEqual([null, 4, { acd: 3, wfm: 1 }]);
  });
});
