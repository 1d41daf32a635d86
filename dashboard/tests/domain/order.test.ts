import { describe, expect, it } from 'vitest';
import { classOf, order, reorder, type Rank } from '../../src/domain/order.ts';
import { chance } from '../clock.ts';

const rank = (id: string, gap: number | null, more: Partial<Rank> = {}): Rank => ({
  id,
  gap,
  critical: false,
  current: true,
  ...more,
});

describe('worst first', () => {
  it('a firing critical alert, then the gap, then no data, last what has no feed', () => {
    const ranks = [
      rank('good', -15),
      rank('dead', 40, { current: false }),
      rank('silent', null),
      rank('bad', 12),
      rank('alarm', -2, { critical: true }),
    ];
    expect(order(ranks)).toEqual(['alarm', 'bad', 'good', 'silent', 'dead']);
    expect(reorder([], ranks, 3)).toEqual(order(ranks));
  });

  it('equals stand by id', () => {
    expect(order([rank('b', 1), rank('a', 1)])).toEqual(['a', 'b']);
  });
});

describe('no jumping about', () => {
  it('a gap that is larger by less than the margin overtakes nobody', () => {
    const ranks = [rank('a', 10), rank('b', 12.9)];
    expect(reorder(['a', 'b'], ranks, 3)).toEqual(['a', 'b']);
    expect(reorder(['a', 'b'], [rank('a', 10), rank('b', 13)], 3)).toEqual(['b', 'a']);
  });

  it('numbers that swing within the margin never move anything', () => {
    const random = chance(7);
    const ids = ['a', 'b', 'c', 'd'];
    let shown = ids;
    for (let i = 0; i < 200; i += 1) {
      shown = reorder(shown, ids.map((id) => rank(id, 10 + random() * 2.9)), 3); // prettier-ignore
      expect(shown).toEqual(ids);
    }
  });

  it('an alert moves at once, however small the gap', () => {
    expect(reorder(['a', 'b'], [rank('a', 30), rank('b', -5, { critical: true })], 3)).toEqual(['b', 'a']);
  });

  it('with an infinite margin only the new find their place', () => {
    const ranks = [rank('a', 1), rank('b', 50, { critical: true }), rank('new', 20)];
    expect(reorder(['a', 'b'], ranks, Infinity)).toEqual(['new', 'a', 'b']);
  });

  it('who is gone is left out', () => {
    expect(reorder(['a', 'gone', 'b'], [rank('a', 5), rank('b', 4)], 3)).toEqual(['a', 'b']);
  });
});

it('on any floor: everybody once, better classes first, and nobody behind who should have been overtaken', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = chance(seed);
    const floor = (): Rank[] =>
      Array.from({ length: 12 }, (_, i) =>
        rank(`q${i}`, random() < 0.2 ? null : random() * 60 - 20, {
          critical: random() < 0.15,
          current: random() < 0.9,
        }),
      );
    let shown: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      const ranks = floor();
      const byId = new Map(ranks.map((each) => [each.id, each]));
      shown = reorder(shown, ranks, 3);
      expect(new Set(shown).size, `seed ${seed}`).toBe(12);
      const inOrder = shown.map((id) => byId.get(id) ?? rank('?', 0));
      for (const [i, after] of inOrder.entries()) {
        const before = inOrder[i - 1];
        if (!before) continue;
        expect(classOf(before), `seed ${seed}`).toBeLessThanOrEqual(classOf(after));
        if (classOf(before) === classOf(after))
          expect((after.gap ?? 0) - (before.gap ?? 0), `seed ${seed}`).toBeLessThan(3);
      }
    }
  }
});
