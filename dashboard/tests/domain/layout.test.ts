import { describe, expect, it } from 'vitest';
import {
  BAND_GAP_UNITS,
  BAND_HEAD_UNITS,
  GAP_UNITS,
  HEAD_UNITS,
  LANE_GAP_UNITS,
  MARGIN_UNITS,
  plan,
  REGIONS_UNITS,
  teamRoom,
  type Plan,
} from '../../src/domain/layout.ts';

const SCREENS = [
  [1366, 768],
  [1920, 1080],
  [3840, 2160],
] as const;
const FLOORS = [[6, 6, 6, 6], [20], [5, 5, 5, 5], [3, 2], [1], [7, 1, 12], [2, 2, 2, 2, 2, 2, 2, 2, 2, 2]];

/** px that a plan needs for the sites in this order. */
function needed(fit: Plan, queues: readonly number[]): { width: number; height: number } {
  const wide =
    2 * MARGIN_UNITS +
    (fit.lanes - 1) * LANE_GAP_UNITS +
    fit.lanes * (BAND_HEAD_UNITS + fit.columns * (fit.tileWidth + GAP_UNITS));
  let high = HEAD_UNITS + MARGIN_UNITS;
  for (let i = 0; i < queues.length; i += fit.lanes) {
    const rows = Math.max(...queues.slice(i, i + fit.lanes).map((count) => Math.ceil(count / fit.columns)));
    high += rows * fit.tileHeight + (rows - 1) * GAP_UNITS + (i > 0 ? BAND_GAP_UNITS : 0);
  }
  return { width: wide * fit.unit, height: high * fit.unit };
}

describe.each(SCREENS)('on %i × %i', (width, height) => {
  it.each(FLOORS)('floor %#: no scrolling, and nothing sticks out', (...queues) => {
    const fit = plan(queues, width, height);
    expect(fit.scrolls).toBe(false);
    for (const order of [queues, [...queues].reverse()]) {
      const need = needed(fit, order);
      expect(need.width).toBeLessThanOrEqual(width + 0.5);
      expect(need.height).toBeLessThanOrEqual(height + 0.5);
    }
  });

  it('the order of the sites changes no size', () => {
    expect(plan([7, 1, 12], width, height)).toEqual(plan([12, 7, 1], width, height));
  });
});

it('agents and regions take room of their own, wherever there are any, and still nothing has to be scrolled', () => {
  const extras = { agents: true, regions: true };
  for (const [width, height] of SCREENS) {
    for (const queues of FLOORS) {
      const fit = plan(queues, width, height, extras);
      expect(fit.scrolls).toBe(false);
      const need = needed(fit, queues);
      expect(need.width).toBeLessThanOrEqual(width + 0.5);
      expect(need.height + REGIONS_UNITS * fit.unit).toBeLessThanOrEqual(height + 0.5);
      expect(fit.tileHeight).toBeGreaterThan(11.3);
    }
  }
});

it('a site has room for teams beside several rows of queues', () => {
  const fit = plan([6, 6, 6, 6], 1366, 768, { agents: true, regions: false });
  const rows = Math.ceil(6 / fit.columns);
  expect(teamRoom(fit, 6)).toBe(Math.floor((rows * fit.tileHeight + (rows - 1) * GAP_UNITS - 11.2) / 2.2));
  expect(teamRoom({ ...fit, columns: 6, tileHeight: 11.4 }, 6)).toBe(0);
  expect(teamRoom({ ...fit, columns: 2, tileHeight: 11.4 }, 6)).toBe(10);
});

it('twenty queues are as large on a 4K wall as on a laptop, seen from as far as it is larger', () => {
  const laptop = plan([5, 5, 5, 5], 1366, 768);
  const wall = plan([5, 5, 5, 5], 3840, 2160);
  expect(wall.unit / laptop.unit).toBeCloseTo(3840 / 1366, 1);
  expect(laptop.unit).toBeGreaterThan(14);
});

it('what cannot be read at once may be scrolled', () => {
  expect(plan(new Array(20).fill(20), 1366, 768)).toMatchObject({ scrolls: true });
  const phone = plan([6, 6], 390, 844);
  expect(phone.scrolls).toBe(true);
  expect(phone.columns).toBe(1);
});
