/** A local day's half-hours beside its forecast and the same half-hours of earlier weeks. */
import type { Bar, HalfHour, HalfHourExpected } from '../contracts/types.ts';

/** Weeks that "usual" is made of, as the API's own `earlier_offered`. */
export const EARLIER_WEEKS = 4;

/** What a half-hour of an earlier week is compared by. */
export type Earlier = Pick<HalfHour, 'label' | 'target_counts' | 'target_ratios'>;

export interface DayRow {
  /** Local time, and which of two if the clock showed it twice: '02:30', '02:30#2'. */
  key: string;
  label: string;
  today: Bar | null;
  lastWeek: Earlier | null;
  /** Mean of what was offered in the earlier weeks that have this half-hour; null without one. */
  usual: number | null;
  weeks: number;
  /** What was expected of it; null: nobody has brought a forecast of it. */
  forecast: HalfHourExpected | null;
}

/** YYYY-MM-DD so many weeks before. */
export function weeksBefore(date: string, weeks: number): string {
  return new Date(Date.parse(`${date}T12:00:00Z`) - weeks * 7 * 86_400_000).toISOString().slice(0, 10);
}

/** `earlier[0]` is last week, `earlier[1]` the week before …; what is not known of a week is an empty list. */
export function dayRows(
  today: readonly Bar[],
  earlier: readonly (readonly Earlier[])[],
  forecast: readonly HalfHourExpected[] = [],
): DayRow[] {
  const bars = keyed(today);
  const expected = keyed(forecast);
  const weeks = earlier.map(keyed);
  const keys = new Set([bars, expected, ...weeks].flatMap((day) => [...day.keys()]));
  return [...keys].sort().map((key) => {
    const offered = weeks.flatMap((week) => week.get(key)?.target_counts.offered ?? []);
    return {
      key,
      label: key.slice(0, 5),
      today: bars.get(key) ?? null,
      lastWeek: weeks[0]?.get(key) ?? null,
      usual: offered.length > 0 ? offered.reduce((sum, each) => sum + each, 0) / offered.length : null,
      weeks: offered.length,
      forecast: expected.get(key) ?? null,
    };
  });
}

function keyed<Each extends { label: string }>(day: readonly Each[]): Map<string, Each> {
  const found = new Map<string, Each>();
  for (const each of day) found.set(found.has(each.label) ? `${each.label}#2` : each.label, each);
  return found;
}

/** The top of an axis that holds a value: 1, 2, 5, 10, 20, 50 … */
export function roundUp(value: number): number {
  if (value <= 1) return 1;
  const ten = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * ten >= value) ?? 10) * ten;
}
