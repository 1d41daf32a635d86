import { expect, it } from 'vitest';
import { daysLater, shareOf, warningsOf, waysOf } from '../../src/domain/menus.ts';
import { MENU } from '../menu.ts';

it('ways in and out of a box, most first, with their shares; hearing it again is neither', () => {
  expect(waysOf(MENU, 'main', 'out')).toEqual([
    { id: 'balance', value: 60, share: 60 / 102 },
    { id: 'queue:bank/PS', value: 30, share: 30 / 102 },
    { id: 'lost', value: 12, share: 12 / 102 },
  ]);
  expect(waysOf(MENU, 'main', 'in').map(({ id }) => id)).toEqual(['start', 'balance']);
  expect(waysOf(MENU, 'news', 'in')).toEqual([]);
});

it('a share of all calls; no calls, no share', () => {
  expect(shareOf(11, MENU)).toBe(0.1);
  expect(shareOf(0, { counts: { ...MENU.counts, entered: 0 } })).toBeNull();
});

it('what is wrong with a node is its own', () => {
  expect(warningsOf(MENU, 'main').map(({ fault }) => fault)).toEqual(['too_wide']);
  expect(warningsOf(MENU, 'vip')).toEqual([]);
});

it('days go on over the ends of months and years', () => {
  expect([daysLater('1999-01-31', 1), daysLater('2000-03-01', -1), daysLater('1999-12-31', 1)]).toEqual([
    '1999-02-01',
    '2000-02-29',
    '2000-01-01',
  ]);
});
