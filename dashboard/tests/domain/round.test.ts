import { describe, expect, it } from 'vitest';
import {
  advance,
  begin,
  goTo,
  pageOf,
  PAGES_BETWEEN,
  roundOf,
  turn,
  type Shown,
} from '../../src/domain/round.ts';
import { chance } from '../clock.ts';

const NONE: ReadonlySet<string> = new Set();
const ids = (count: number) => Array.from({ length: count }, (_, index) => `q${index}`);
const DWELL = { dwellMs: 10_000, perPage: 4 };

/** Ids in front, page by page, over some time. */
function watch(shown: Shown, order: string[], alarmed: ReadonlySet<string>, ms: number): string[] {
  const seen: string[] = [];
  const from = shown.since;
  for (let now = from; now < from + ms; now += 500) {
    shown = advance(shown, order, alarmed, DWELL, false, now);
    seen.push((shown.round.pages[pageOf(shown)] ?? []).join(' '));
  }
  return seen.filter((each, index) => each !== seen[index - 1]);
}

describe('a round', () => {
  it('has one page, empty, where there is nothing', () => {
    expect(roundOf([], NONE, 4)).toEqual({ pages: [[]], sequence: [0] });
  });

  it('shows alarmed queues first, the others as they stand', () => {
    expect(roundOf(ids(6), new Set(['q4']), 4).pages).toEqual([
      ['q4', 'q0', 'q1', 'q2'],
      ['q3', 'q5'],
    ]);
  });

  it('comes back to the alarmed page after every few others', () => {
    const { sequence } = roundOf(ids(32), new Set(['q9']), 4);
    expect(sequence).toEqual([0, 1, 2, 3, 0, 4, 5, 6, 0, 7]);
  });

  it('whatever is alarmed: each queue is on one page, each page is shown, an alarm is never away for long', () => {
    const random = chance(7);
    for (let run = 0; run < 300; run += 1) {
      const order = ids(Math.floor(random() * 60));
      const alarmed = new Set(order.filter(() => random() < 0.2));
      const { pages, sequence } = roundOf(order, alarmed, 1 + Math.floor(random() * 9));
      expect(pages.flat().sort()).toEqual([...order].sort());
      expect(new Set(sequence)).toEqual(new Set(pages.keys()));
      if (alarmed.size === 0) continue;
      let away = 0;
      for (const page of [...sequence, ...sequence]) {
        away = pages[page]?.some((id) => alarmed.has(id)) ? 0 : away + 1;
        expect(away).toBeLessThanOrEqual(PAGES_BETWEEN);
      }
    }
  });
});

describe('turning', () => {
  it('page after page, each its time, round and round', () => {
    const order = ids(10);
    expect(watch(begin(order, NONE, 4, 0), order, NONE, 40_000)).toEqual([
      'q0 q1 q2 q3',
      'q4 q5 q6 q7',
      'q8 q9',
      'q0 q1 q2 q3',
    ]);
  });

  it('a new order waits for the next round', () => {
    const shown = advance(begin(ids(8), NONE, 4, 0), [...ids(8)].reverse(), NONE, DWELL, false, 10_000);
    expect(shown.round.pages[pageOf(shown)]).toEqual(['q4', 'q5', 'q6', 'q7']);
    const next = advance(shown, [...ids(8)].reverse(), NONE, DWELL, false, 20_000);
    expect(next.round.pages[0]).toEqual(['q7', 'q6', 'q5', 'q4']);
  });

  it('a new alarm comes to the front at once; one that is known does not start again and again', () => {
    const shown = goTo(begin(ids(12), NONE, 4, 0), 2, 1_000);
    const alarmed = advance(shown, ids(12), new Set(['q6']), DWELL, false, 2_000);
    expect(alarmed.round.pages[pageOf(alarmed)]?.[0]).toBe('q6');
    const later = advance(alarmed, ids(12), new Set(['q6']), DWELL, false, 12_000);
    expect(pageOf(later)).toBe(1);
  });

  it('while it is held nothing turns, and it stands its full time afterwards', () => {
    let shown = begin(ids(8), NONE, 4, 0);
    for (let now = 0; now <= 60_000; now += 500) shown = advance(shown, ids(8), NONE, DWELL, true, now);
    expect(pageOf(shown)).toBe(0);
    expect(pageOf(advance(shown, ids(8), NONE, DWELL, false, 69_500))).toBe(0);
    expect(pageOf(advance(shown, ids(8), NONE, DWELL, false, 70_000))).toBe(1);
  });

  it('queues that come and go, or another size of page, do not lead away from where it was', () => {
    const shown = goTo(begin(ids(12), NONE, 4, 0), 1, 0);
    expect(pageOf(advance(shown, ids(13), NONE, DWELL, false, 100))).toBe(1);
    expect(pageOf(advance(shown, ids(3), NONE, DWELL, false, 100))).toBe(0);
    const smaller = advance(shown, ids(12), NONE, { ...DWELL, perPage: 2 }, false, 100);
    expect([smaller.round.pages.length, pageOf(smaller)]).toEqual([6, 1]);
    expect(advance(smaller, ids(12), NONE, { ...DWELL, perPage: 2 }, false, 200)).toBe(smaller);
  });

  it('by hand in both directions, and never without end', () => {
    const shown = begin(ids(12), NONE, 4, 0);
    expect(pageOf(turn(shown, -1, 0))).toBe(2);
    expect(pageOf(turn(turn(shown, 1, 0), 1, 0))).toBe(2);
    expect(pageOf(turn(turn(turn(shown, 1, 0), 1, 0), 1, 0))).toBe(0);
    expect(pageOf(goTo(shown, 99, 0))).toBe(2);
  });

  it('without a time to turn it never turns', () => {
    const shown = begin(ids(8), NONE, 4, 0);
    expect(pageOf(advance(shown, ids(8), NONE, { dwellMs: 0, perPage: 4 }, false, 1e9))).toBe(0);
  });
});
