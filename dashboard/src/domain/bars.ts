/** Where the half-hours of a local day stand in a line of 48 (46 or 50 on the days the clock changes). */
import type { Bar } from '../contracts/types.ts';
import { levelOf, standingOf, type DefinitionName, type Standing } from './standing.ts';

export const HALF_HOUR_MS = 30 * 60 * 1000;
export const SLOTS = 48;

export interface PlacedBar {
  bar: Bar;
  slot: number;
  /** 0…1 of the height; null without data. */
  level: number | null;
  standing: Standing;
}

/** Bars with their slots. The first one stands by its label, the others by the time since then, so that an hour
 *  that the clock shows twice does not put two bars on one place. */
export function place(
  bars: readonly Bar[],
  definition: DefinitionName,
  targetPercent: number | null,
): { placed: PlacedBar[]; slots: number } {
  const first = bars[0];
  if (first === undefined) return { placed: [], slots: SLOTS };
  const offset = slotOf(first.label);
  const placed = bars.map((bar) => {
    const level = levelOf(bar, definition);
    const slot = offset + Math.round((bar.start - first.start) / HALF_HOUR_MS);
    return { bar, slot, level, standing: standingOf(level, targetPercent) };
  });
  return { placed, slots: Math.max(SLOTS, ...placed.map((each) => each.slot + 1)) };
}

function slotOf(label: string): number {
  const [hours = '0', minutes = '0'] = label.split(':');
  return Number(hours) * 2 + Math.floor(Number(minutes) / 30);
}
