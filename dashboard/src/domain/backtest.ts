/** What a backtest found, for people: spans of days, and a strip of each day with the times of firing on it. */
import type { Firing, RuleResult } from '../contracts/types.ts';

export const DAY_MS = 86_400_000;

export interface Stretch {
  /** Shares of the day, 0…1. */
  from: number;
  to: number;
}

export interface DayStrip {
  /** '2026-06-01' */
  date: string;
  stretches: Stretch[];
  /** Seconds of the day in which something fired, each counted once. */
  firedS: number;
}

/** Midnight UTC of a date, epoch ms; null: it is none. */
export function midnight(date: string): number | null {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

export function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** [start, end) of two dates, the last one included; null: they are none, or the wrong way round. */
export function spanOf(from: string, to: string): { start: number; end: number } | null {
  const [start, last] = [midnight(from), midnight(to)];
  return start === null || last === null || last < start ? null : { start, end: last + DAY_MS };
}

/** The days of a span, UTC, with what fired on each; overlapping times of several scopes are one stretch. */
export function strips(firings: readonly Firing[], start: number, end: number): DayStrip[] {
  const days: DayStrip[] = [];
  for (let day = Math.floor(start / DAY_MS) * DAY_MS; day < end; day += DAY_MS) {
    const stretches: Stretch[] = [];
    const within = firings
      .map((one) => [Math.max(one.start, day), Math.min(one.end ?? end, day + DAY_MS)] as const)
      .filter(([from, to]) => to > from)
      .sort(([a], [b]) => a - b);
    for (const [from, to] of within) {
      const [share, until] = [(from - day) / DAY_MS, (to - day) / DAY_MS];
      const before = stretches.at(-1);
      if (before && share <= before.to) before.to = Math.max(before.to, until);
      else stretches.push({ from: share, to: until });
    }
    const firedS = stretches.reduce((sum, each) => sum + (each.to - each.from) * 86_400, 0);
    days.push({ date: dateOf(day), stretches, firedS: Math.round(firedS) });
  }
  return days;
}

/** '0:04', '18:13': hours and minutes. */
export function hours(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
}

/** Whether the answer lists fewer than it counts. */
export function isCut(result: Pick<RuleResult, 'firings' | 'times'>): boolean {
  return result.firings.length < result.times;
}
