/** Where the half-hours of a local day stand in a line of 48 (46 or 50 on the days the clock changes). */
import type { Bar } from '../contracts/types.ts';
import { levelOf, standingOf, type DefinitionName, type Standing } from './standing.ts';

export const HALF_HOUR_MS = 30 * 60 * 1000;
export const SLOTS = 48;
/** A clock change moves labels by so much at most. */
const CLOCK_CHANGE_SLOTS = 4;

export interface PlacedBar {
  bar: Bar;
  slot: number;
  /** 0…1 of the height; null without data. */
  level: number | null;
  standing: Standing;
}

/** Bars with their slots. The first one stands by its label, the others by the time since then, so that an hour
 *  that the clock shows twice does not put two bars on one place. Of sites in several time zones, added up by their local
 *  time, each stands by its label. */
export function place(
  bars: readonly Bar[],
  definition: DefinitionName,
  targetPercent: number | null,
): { placed: PlacedBar[]; slots: number } {
  const first = bars[0];
  if (first === undefined) return { placed: [], slots: SLOTS };
  const offset = slotOf(first.label);
  const sinceFirst = (bar: Bar) => offset + Math.round((bar.start - first.start) / HALF_HOUR_MS);
  const apart = (bar: Bar) => (((sinceFirst(bar) - slotOf(bar.label)) % SLOTS) + SLOTS) % SLOTS;
  const oneClock = bars.every((bar) => Math.min(apart(bar), SLOTS - apart(bar)) <= CLOCK_CHANGE_SLOTS);
  const placed = bars.map((bar) => {
    const level = levelOf(bar, definition);
    const slot = oneClock ? sinceFirst(bar) : slotOf(bar.label);
    return { bar, slot, level, standing: standingOf(level, targetPercent) };
  });
  return { placed, slots: Math.max(SLOTS, ...placed.map((each) => each.slot + 1)) };
}

function slotOf(label: string): number {
  const [hours = '0', minutes = '0'] = label.split(':');
  return Number(hours) * 2 + Math.floor(Number(minutes) / 30);
}
