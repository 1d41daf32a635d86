/** The running half-hour against the same half-hour of earlier weeks. */
import type { RunningView } from '../contracts/types.ts';

export type Pace = 'more' | 'usual' | 'fewer';
/** Within so much of the usual number it is as usual: arrivals are never exactly even. */
const USUAL = 0.15;
/** Before so much of the half-hour has gone, a pace is chance. */
const EARLY = 0.1;

/** Share of the half-hour that has gone, 0…1. */
export function elapsed(running: RunningView, now: number): number {
  return Math.min(1, Math.max(0, (now - running.start) / (running.end - running.start)));
}

/** How arrivals go against earlier weeks, which are of the whole half-hour; null: nothing to hold it against yet. */
export function paceOf(running: RunningView, gone: number): Pace | null {
  if (running.earlier_offered === null || running.earlier_offered <= 0 || gone < EARLY) return null;
  const share = running.counts.offered / (running.earlier_offered * gone);
  if (share > 1 + USUAL) return 'more';
  return share < 1 - USUAL ? 'fewer' : 'usual';
}
