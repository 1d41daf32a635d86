/**
 * What a wall's address says of how it is shown. Everything is there, nothing is kept elsewhere: a wall comes back after a
 * power cut, a reload or a release as it was, and its link shows the same on another screen.
 *
 *   view=floor     all queues at once, close up (else: pages that turn)
 *   turn=12        seconds that a page stands; 0: never turned
 *   page=3         stopped at page 3
 *   distance=8     metres to those who read it (on 55 inches)
 *   sites=a,b      these sites alone
 *   sound=on       a tone for a new critical alert
 *   shift=off      no moving against burn-in
 */
import { clampDistance, REFERENCE_M } from '../../domain/legible.ts';

export interface WallSettings {
  view: 'tv' | 'floor';
  turnS: number;
  /** From 1; null: pages turn. */
  page: number | null;
  distanceM: number;
  sites: string[] | null;
  sound: boolean;
  shift: boolean;
}

export const TURN_S = 12;
const LONGEST_TURN_S = 600;

export function readSettings(words: Readonly<Record<string, string>>): WallSettings {
  const turn = number(words['turn']);
  const page = number(words['page']);
  const sites = (words['sites'] ?? '').split(',').filter((id) => id !== '');
  return {
    view: words['view'] === 'floor' ? 'floor' : 'tv',
    turnS: turn === null || turn < 0 ? TURN_S : Math.min(LONGEST_TURN_S, turn),
    page: page === null || page < 1 ? null : Math.floor(page),
    distanceM: clampDistance(number(words['distance']) ?? REFERENCE_M),
    sites: sites.length > 0 ? sites : null,
    sound: words['sound'] === 'on',
    shift: words['shift'] !== 'off',
  };
}

function number(text: string | undefined): number | null {
  const value = text === undefined || text.trim() === '' ? NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}
