import { describe, expect, it } from 'vitest';
import type { Bar, HalfHourExpected } from '../../src/contracts/types.ts';
import { dayRows, roundUp, weeksBefore, type Earlier } from '../../src/domain/weeks.ts';
import { trayOf, trays } from '../../src/domain/inbox.ts';
import type { Alert } from '../../src/contracts/types.ts';
import { matchersOf } from '../../src/supervisor/deeds.ts';
import { sample } from '../samples.ts';

const bar = (label: string, offered: number) => ({ label, offered }) as Bar;
const expected = (label: string, contacts: number) => ({ label, contacts }) as HalfHourExpected;
const week = (label: string, offered: number) => ({ label, target_counts: { offered } }) as Earlier;

describe('a day beside earlier weeks', () => {
  it('has every half-hour that any of them has, in order', () => {
    const rows = dayRows([bar('10:30', 7), bar('09:00', 3)], [[week('10:30', 5), week('11:00', 1)]]);
    expect(rows.map((row) => [row.label, row.today?.offered, row.lastWeek?.target_counts.offered])).toEqual([
      ['09:00', 3, undefined],
      ['10:30', 7, 5],
      ['11:00', undefined, 1],
    ]);
  });

  it('usual is the mean of the weeks that have the half-hour; a week without it does not count as none', () => {
    const [row] = dayRows(
      [bar('09:00', 3)],
      [[week('09:00', 10)], [], [week('09:00', 5)], [week('10:00', 90)]],
    );
    expect(row).toMatchObject({ usual: 7.5, weeks: 2 });
    expect(dayRows([bar('09:00', 3)], [])[0]).toMatchObject({ usual: null, weeks: 0, lastWeek: null });
  });

  it('keeps both half-hours that the clock shows twice', () => {
    const rows = dayRows([bar('02:00', 1), bar('02:30', 2), bar('02:30', 4)], [[week('02:30', 8)]]);
    expect(rows.map((row) => [row.key, row.today?.offered, row.usual])).toEqual([
      ['02:00', 1, null],
      ['02:30', 2, 8],
      ['02:30#2', 4, null],
    ]);
  });

  it('has the half-hours that are to come, with what is expected of them', () => {
    const halves = [expected('02:00', 1.5), expected('02:30', 2), expected('02:30', 4), expected('09:00', 8)];
    const rows = dayRows([bar('02:00', 1), bar('02:30', 2), bar('02:30', 4)], [], halves);
    expect(rows.map((row) => [row.key, row.today?.offered, row.forecast?.contacts])).toEqual([
      ['02:00', 1, 1.5],
      ['02:30', 2, 2],
      ['02:30#2', 4, 4],
      ['09:00', undefined, 8],
    ]);
    expect(dayRows([bar('09:00', 3)], [])[0]?.forecast).toBeNull();
  });

  it('weeks before go over months, years and leap days', () => {
    expect([1, 4].map((weeks) => weeksBefore('2024-03-05', weeks))).toEqual(['2024-02-27', '2024-02-06']);
    expect(weeksBefore('1999-01-04', 1)).toBe('1998-12-28');
  });

  it.each([
    [0, 1],
    [1, 1],
    [3, 5],
    [5, 5],
    [11, 20],
    [51, 100],
    [100, 100],
    [2_001, 5_000],
  ])('an axis that holds %i ends at %i', (value, top) => {
    expect(roundUp(value)).toBe(top);
  });
});

describe('the inbox', () => {
  const firing = sample('item_alert_firing') as Alert;
  const alert = (id: string, change: Partial<Alert> = {}): Alert => ({ ...firing, id, ...change });

  it.each([
    ['open', {}],
    ['in_hand', { acknowledged_by: 'Ana' }],
    ['in_hand', { assignee: 'Bo' }],
    ['quiet', { snoozed_until: 5, acknowledged_by: 'Ana' }],
    ['quiet', { hidden_by: 'silence' }],
    ['over', { state: 'resolved', acknowledged_by: 'Ana', snoozed_until: 5 }],
    ['open', { state: 'stale' }],
  ] as const)('%s: %o', (tray, change) => {
    expect(trayOf(alert('a', change))).toBe(tray);
  });

  it('each tray is worst first, and what is inactive is in none', () => {
    const found = trays([
      alert('mild', { severity: 'info' }),
      alert('grave', { severity: 'critical' }),
      alert('nothing', { state: 'inactive' }),
    ]);
    expect(found.open.map((each) => each.id)).toEqual(['grave', 'mild']);
    expect([found.in_hand, found.quiet, found.over]).toEqual([[], [], []]);
  });
});

describe('what a silence matches', () => {
  const alert = { rule: 'late', scope: 'bank/[PS]*', site: 'bank' };
  it('names mean themselves, whatever signs they hold', () => {
    expect(matchersOf(alert, 'this')).toEqual([
      { name: 'rule', match: 'late' },
      { name: 'scope', match: 'bank/[[]PS][*]' },
    ]);
    expect(matchersOf(alert, 'rule')).toEqual([
      { name: 'rule', match: 'late' },
      { name: 'site', match: 'bank' },
    ]);
    expect(matchersOf(alert, 'scope')).toEqual([{ name: 'scope', match: 'bank/[[]PS][*]' }]);
    expect(matchersOf({ ...alert, site: null }, 'rule')).toHaveLength(2);
  });
});
