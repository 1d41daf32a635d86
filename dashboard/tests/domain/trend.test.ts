import { describe, expect, it } from 'vitest';
import { change, line, POINTS, STEP_MS, Trends } from '../../src/domain/trend.ts';

describe('the trend of a queue', () => {
  it('has one point a half minute, the last value of each', () => {
    const trends = new Trends();
    trends.add('q', 0, 0.5, 'offered');
    trends.add('q', 20_000, 0.6, 'offered');
    trends.add('q', 31_000, 0.7, 'offered');
    expect(trends.of('q')).toEqual([
      { step: 0, level: 0.6 },
      { step: 1, level: 0.7 },
    ]);
  });

  it('keeps half an hour, however long it runs and however fast the feed is', () => {
    const trends = new Trends();
    for (let second = 0; second < 20_000; second += 1) trends.add('q', second * 1_000, 0.5, 'offered');
    expect(trends.of('q')).toHaveLength(POINTS);
    for (let jump = 0; jump < 500; jump += 1) trends.add('fast', jump * 60_000, 0.5, 'offered');
    expect(trends.of('fast')).toHaveLength(POINTS / 2);
    trends.forget('q');
    expect(trends.size).toBe(POINTS / 2);
  });

  it('begins anew with another definition, and with a feed that begins anew', () => {
    const trends = new Trends();
    trends.add('q', 1e6, 0.5, 'offered');
    trends.add('q', 1e6 + STEP_MS, 0.9, 'answered_only');
    expect(trends.of('q')).toHaveLength(1);
    trends.add('q', 1_000, 0.4, 'answered_only');
    expect(trends.of('q')).toEqual([{ step: 0, level: 0.4 }]);
  });

  it('a late word about a moment that is past changes nothing', () => {
    const trends = new Trends();
    trends.add('q', 2 * STEP_MS, 0.5, 'offered');
    trends.add('q', 2 * STEP_MS - 1, 0.1, 'offered');
    expect(trends.of('q')).toEqual([{ step: 2, level: 0.5 }]);
  });

  it('outlives a reload; what is not of its shape is let go', () => {
    const trends = new Trends();
    trends.add('q', 0, 0.123456, 'offered');
    trends.add('q', STEP_MS, null, 'offered');
    const again = new Trends();
    again.read(JSON.parse(JSON.stringify(trends.written())));
    expect(again.of('q')).toEqual([
      { step: 0, level: 0.1235 },
      { step: 1, level: null },
    ]);
    again.add('q', 2 * STEP_MS, 0.5, 'offered');
    expect(again.of('q')).toHaveLength(3);
    for (const odd of [null, 1, 'x', [1], [['a']], [['a', 'offered', [['b']]]]]) new Trends().read(odd);
    const other = new Trends();
    other.read([['a', 'offered', [['b', 1], [4, 0.5]]]]); // prettier-ignore
    expect(other.of('a')).toEqual([{ step: 4, level: 0.5 }]);
  });
});

describe('its line', () => {
  const points = [
    { step: 1, level: 0 },
    { step: 3, level: 1 },
    { step: 4, level: null },
    { step: 60, level: 0.5 },
  ];

  it('bridges what was not heard and leaves gaps where there was no data; the newest is at the right', () => {
    expect(line(points, 59, 10)).toBe('M0.0 10.0h-0.01L2.0 0.0M59.0 5.0h-0.01');
    expect(line([], 59, 10)).toBe('');
  });

  it('has gained or lost so many points; of one point nothing can be said', () => {
    expect(change(points)).toBe(50);
    expect(change([...points].reverse())).toBe(-50);
    expect(change(points.slice(0, 1))).toBeNull();
    expect(change([])).toBeNull();
  });
});
