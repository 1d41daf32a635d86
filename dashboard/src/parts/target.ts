import { count } from '../domain/format.ts';
import type { TileView } from '../contracts/types.ts';
import type { Page } from '../page/page.svelte.ts';

/** 80 % in 20 s, 90 % in 4 h: seconds where the trade speaks of seconds. Null: there is none, or it is of several. */
export function targetWords(
  page: Page,
  { target_percent: percent, target_s: seconds }: Pick<TileView, 'target_percent' | 'target_s'>,
): string | null {
  if (percent === null || seconds === null) return null;
  const { m, tag } = page;
  let time = m.seconds(count(seconds, tag));
  if (seconds >= 300 && seconds % 60 === 0) time = m.minutes(count(seconds / 60, tag));
  if (seconds >= 3600 && seconds % 3600 === 0) time = m.hours(count(seconds / 3600, tag));
  return m.target(count(percent, tag), time);
}
