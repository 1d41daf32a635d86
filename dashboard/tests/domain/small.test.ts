import { describe, expect, it } from 'vitest';
import type { Alert, Bar, DayView } from '../../src/contracts/types.ts';
import { ranked, unitOf } from '../../src/domain/alerts.ts';
import { place } from '../../src/domain/bars.ts';
import { read, write } from '../../src/page/address.ts';
import { step } from '../../src/wall/walk.ts';
import { sample } from '../samples.ts';

const DAY = sample('item_day') as DayView;

describe('the half-hours of a day', () => {
  it('stand by the local time of their start', () => {
    const { placed, slots } = place(DAY.bars, 'offered', 80);
    expect(placed.map((each) => [each.bar.label, each.slot])).toEqual([
      ['09:00', 18],
      ['09:30', 19],
      ['10:00', 20],
    ]);
    expect(slots).toBe(48);
    expect(placed.map((each) => each.standing)).toEqual(['below', 'on_target', 'on_target']);
  });

  it('when the clock goes back, the hour that comes twice takes two places', () => {
    const first = DAY.bars[0];
    if (!first) throw new Error('the sample has bars');
    const label = (slot: number) =>
      `${String(Math.floor(slot / 2)).padStart(2, '0')}:${slot % 2 ? '30' : '00'}`;
    const bars = Array.from({ length: 50 }, (_, i): Bar => ({
      ...first,
      start: i * 1_800_000,
      // At 02:00 it is 01:00 again.
      label: label(i < 4 ? i : i - 2),
    }));
    const { placed, slots } = place(bars, 'offered', 80);
    expect(slots).toBe(50);
    expect(new Set(placed.map((each) => each.slot)).size).toBe(50);
  });

  it('a day without contacts is empty', () => {
    expect(place([], 'offered', 80)).toEqual({ placed: [], slots: 48 });
  });

  it('of sites in several zones each half-hour stands by its local time, whenever it began', () => {
    const first = DAY.bars[0];
    if (!first) throw new Error('the sample has bars');
    const bars = ['06:30', '07:00', '22:30', '23:00'].map((label, i): Bar => ({
      ...first,
      label,
      start: first.start + (i % 2) * 1_800_000,
    }));
    expect(place(bars, 'offered', 80).placed.map((each) => each.slot)).toEqual([13, 14, 45, 46]);
  });
});

describe('alerts', () => {
  const firing = sample('item_alert_firing') as Alert;
  const pending = sample('item_alert_pending') as Alert;
  const resolved = sample('item_alert_resolved') as Alert;
  it('firing before pending before resolved, critical before warning, the newer first', () => {
    const warning: Alert = { ...firing, id: 'w', severity: 'warning' };
    const newer: Alert = { ...firing, id: 'n', since: firing.since + 1 };
    const inactive: Alert = { ...firing, id: 'i', state: 'inactive' };
    const shown = ranked([resolved, inactive, pending, warning, firing, newer]);
    expect(shown).toEqual([newer, firing, warning, pending, resolved]);
  });

  it('know the unit of their metric', () => {
    expect([unitOf('service_level'), unitOf('asa_s'), unitOf('queue_length')]).toEqual([
      'percent',
      'seconds',
      'contacts',
    ]);
  });
});

describe('the address', () => {
  it('keeps language, definition and details, and what others put there', () => {
    const place = {
      path: '/wall',
      language: 'zh',
      theme: 'light',
      definition: 'cisco_positive',
      details: 'bank/PS',
      rest: { kiosk: '1', site: 'bank' },
    } as const;
    const address = write(place);
    expect(address).toBe(
      '/wall?kiosk=1&site=bank&definition=cisco_positive&lang=zh&theme=light&details=bank/PS',
    );
    expect(read('/wall', address.slice('/wall'.length))).toEqual(place);
  });

  it('says nothing of what is as it comes', () => {
    const nothing = {
      path: '/',
      language: null,
      theme: null,
      definition: 'own',
      details: null,
      rest: {},
    } as const;
    expect(write(nothing)).toBe('/');
    expect(read('/', '?definition=nonsense&lang=tlh&theme=pink')).toEqual(nothing);
  });
});

describe('arrow keys', () => {
  // 0 1 2
  // 3 4
  const boxes = [0, 1, 2, 3, 4].map((i) => ({
    left: (i % 3) * 100,
    top: Math.floor(i / 3) * 60,
    width: 90,
    height: 50,
  }));
  it.each([
    [0, 'ArrowRight', 1],
    [2, 'ArrowRight', 3],
    [4, 'ArrowRight', null],
    [0, 'ArrowLeft', null],
    [1, 'ArrowDown', 4],
    [2, 'ArrowDown', 4],
    [3, 'ArrowUp', 0],
    [3, 'ArrowDown', null],
    [4, 'Home', 0],
    [0, 'End', 4],
    [0, 'x', null],
  ])('from %i, %s leads to %s', (from, key, to) => {
    expect(step(boxes, from, key)).toBe(to);
  });
});
