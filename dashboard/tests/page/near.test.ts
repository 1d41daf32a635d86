import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LEAST_MS, MOST_MS, Near } from '../../src/wall/near.ts';
import { HandClock } from '../clock.ts';

/** A view that sees what the test says. Tiles are numbers: how many screens they are below the view's top. */
let see: (tiles: readonly [tile: number, isIntersecting: boolean][]) => void;

beforeEach(() => {
  vi.stubGlobal('innerHeight', 100);
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      constructor(seen: (entries: object[]) => void) {
        see = (tiles) => {
          seen(
            tiles.map(([tile, isIntersecting]) => ({
              target: tile,
              isIntersecting,
              boundingClientRect: { top: tile * 100, bottom: tile * 100 + 50 },
            })),
          );
        };
      }
      observe = vi.fn();
      unobserve = vi.fn();
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

/** `costMs`: what it takes to make a tile, or to take one away. */
function floor(tiles: readonly number[], costMs: number) {
  const clock = new HandClock();
  const near = new Near(clock);
  const told: [number, boolean][] = [];
  const ends = tiles.map((tile) =>
    near.watch(tile as unknown as Element, (isNear) => {
      told.push([tile, isNear]);
      clock.advance(costMs);
    }),
  );
  return { clock, near, told, ends };
}

test('what is in view comes first', () => {
  const { clock, told } = floor([-1, 0, 1, 0.5], 0);
  see([[-1, true], [1, true], [0, true], [0.5, true]]); // prettier-ignore
  expect(told).toEqual([]);
  clock.draw();
  expect(told).toEqual([[0, true], [0.5, true], [-1, true], [1, true]]); // prettier-ignore
});

test('the first frame makes much of the view, later ones what a third of their time allows', () => {
  const { clock, told } = floor(
    Array.from({ length: 60 }, (_, index) => index / 100),
    2,
  );
  see(Array.from({ length: 60 }, (_, index) => [index / 100, true]));
  clock.draw();
  expect(told).toHaveLength(MOST_MS / 2);
  const drawn = (ms: number) => {
    const before = told.length;
    clock.advance(ms);
    clock.draw();
    return told.length - before;
  };
  // 66 ms since the last frame began: a third is 22.
  expect(drawn(16)).toBe(11);
  // 22 of the last frame and 1 more: not even the least.
  expect(drawn(1)).toBe(4);
  expect(LEAST_MS).toBeLessThan(4 * 2);
});

test('who has changed places meanwhile is told the newest only, and who is gone nothing', () => {
  const { clock, told, ends } = floor([0, 1, 2], 0);
  see([[0, true], [1, true], [2, true]]); // prettier-ignore
  see([[1, false]]);
  ends[2]?.();
  clock.draw();
  expect(told).toEqual([[0, true], [1, false]]); // prettier-ignore
});

test('paper gets all tiles at once, and afterwards it is as before', () => {
  const { clock, near, told } = floor([0, 9], 0);
  see([[0, true], [9, false]]); // prettier-ignore
  clock.draw();
  told.length = 0;
  near.beforePrint();
  expect(told).toEqual([[0, true], [9, true]]); // prettier-ignore
  told.length = 0;
  near.afterPrint();
  clock.draw();
  expect(told).toEqual([[0, true], [9, false]]); // prettier-ignore
});
