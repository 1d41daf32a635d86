import { describe, expect, it } from 'vitest';
import type { TileView } from '../../src/contracts/types.ts';
import { clockTime, dateOf, NOTHING, percent, percentDown, timeOfDay } from '../../src/domain/format.ts';
import { chosen, gapOf, levelOf, sharedTarget, standingOf } from '../../src/domain/standing.ts';
import { sample } from '../samples.ts';

const PS = sample('item_tile_queue') as TileView;
const EMPTY = sample('item_tile_queue_empty') as TileView;
const SALES = sample('item_tile_queue_waiting') as TileView;

describe('against the target', () => {
  it('reaching it is enough', () => {
    expect(standingOf(0.8, 80)).toBe('on_target');
    expect(standingOf(0.7999, 80)).toBe('below');
    expect(standingOf(1 - 0.1 - 0.1, 80)).toBe('on_target');
  });

  it('no data is no data, and never 0 % or 100 %', () => {
    expect(standingOf(null, 80)).toBe('no_data');
    expect(standingOf(0, 80)).toBe('below');
    expect(gapOf(null, 80)).toBeNull();
    expect(percentDown(null)).toBe(NOTHING);
    expect(percentDown(levelOf(EMPTY.target_ratios, 'offered'))).toBe('–');
    expect(percentDown(0)).toBe('0');
  });

  it('the first fixture: Cisco 77.8, 70, 80 %', () => {
    const shown = (['cisco_ignore', 'cisco_negative', 'cisco_positive'] as const).map((name) =>
      percent(levelOf(PS.target_ratios, name), 'en'),
    );
    expect(shown).toEqual(['77.8', '70.0', '80.0']);
  });

  it('a choice wins over the queue’s own definition', () => {
    expect(chosen('own', 'offered')).toBe('offered');
    expect(chosen('cisco_ignore', 'offered')).toBe('cisco_ignore');
  });

  it('several targets are weighed by what was offered', () => {
    expect(sharedTarget([PS, SALES])).toBeCloseTo((100 * 80 + 52 * 90) / 152, 10);
    expect(sharedTarget([EMPTY])).toBe(80);
    expect(sharedTarget([])).toBeNull();
  });
});

describe('numbers', () => {
  it('a share just under the target is not rounded up to it', () => {
    expect(percentDown(0.7999)).toBe('79');
    expect(percentDown(0.29)).toBe('29');
    expect(percentDown(0.999)).toBe('99');
    expect(percentDown(1)).toBe('100');
  });

  it('durations', () => {
    expect([0, 59.9, 60, 754, 3_725, null].map(clockTime)).toEqual([
      '0:00',
      '0:59',
      '1:00',
      '12:34',
      '1:02:05',
      '–',
    ]);
  });

  it('times and dates are those of the site', () => {
    const nine = 917_247_600_000;
    expect(timeOfDay(nine, 'Asia/Jerusalem', true)).toBe('09:00:00');
    expect(timeOfDay(nine, 'Asia/Shanghai', false)).toBe('15:00');
    expect(dateOf(nine, 'Asia/Jerusalem')).toBe('1999-01-25');
    expect(dateOf(nine, 'Pacific/Auckland')).toBe('1999-01-25');
  });
});
