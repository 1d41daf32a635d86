import { describe, expect, it } from 'vitest';
import {
  FRAME_UNITS,
  perPage,
  TILE_GAP_UNITS,
  TILE_UNITS,
  tilePlan,
  type TilePlan,
} from '../../src/domain/legible.ts';

const SCREENS = [
  [1366, 768],
  [1920, 1080],
  [3840, 2160],
  [2560, 1080],
  [1080, 1920],
  [390, 844],
] as const;
const FLOORS = [1, 2, 3, 5, 11, 12, 13, 24, 100, 1_000];

function needed({ columns, rows, unit, scale }: TilePlan): { width: number; height: number } {
  return {
    width: (columns * TILE_UNITS.width * scale + (columns - 1) * TILE_GAP_UNITS + FRAME_UNITS.width) * unit,
    height: (rows * TILE_UNITS.height * scale + (rows - 1) * TILE_GAP_UNITS + FRAME_UNITS.height) * unit,
  };
}

describe.each(SCREENS)('on %i × %i', (width, height) => {
  it.each(FLOORS)('a page of a floor with %i queues needs no scrolling', (queues) => {
    for (const distance of [1, 4, 8, 16]) {
      const need = needed(tilePlan(queues, width, height, distance));
      expect(need.width).toBeLessThanOrEqual(width + 0.5);
      expect(need.height).toBeLessThanOrEqual(height + 0.5);
    }
  });

  it('more queues do not make tiles larger, and beyond a page they change nothing', () => {
    const plans = FLOORS.map((queues) => tilePlan(queues, width, height));
    plans.slice(1).forEach((plan, index) => {
      expect(plan.scale).toBeLessThanOrEqual((plans[index]?.scale ?? 0) + 1e-9);
    });
    expect(tilePlan(1_000, width, height)).toEqual(tilePlan(100, width, height));
  });
});

it.each([
  [1366, 768],
  [1920, 1080],
  [3840, 2160],
])('%i × %i: digits of a level can be read from eight metres on a screen of 55 inches', (width, height) => {
  const { unit, scale } = tilePlan(1_000, width, height);
  const digitMm = ((4.3 * 0.727 * scale * unit) / height) * 685;
  const minutesOfArc = (Math.atan(digitMm / 8_000) * 180 * 60) / Math.PI;
  expect(minutesOfArc).toBeGreaterThanOrEqual(16);
});

it('resolution changes nothing but the pixels of a unit', () => {
  const [small, large] = [tilePlan(40, 1920, 1080), tilePlan(40, 3840, 2160)];
  expect(large.unit).toBe(2 * small.unit);
  expect({ ...large, unit: 0 }).toEqual({ ...small, unit: 0 });
  expect(perPage(small)).toBe(12);
});

it('who stands nearer gets more on a page; nonsense is the usual distance', () => {
  expect(perPage(tilePlan(1_000, 1920, 1080, 4))).toBeGreaterThanOrEqual(30);
  expect(tilePlan(40, 1920, 1080, Number.NaN)).toEqual(tilePlan(40, 1920, 1080));
});
