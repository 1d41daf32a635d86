import { count } from '../domain/format.ts';
import type { Page } from '../page/page.svelte.ts';

/** 80 % in 20 s, 90 % in 4 h: seconds where the trade speaks of seconds. */
export function targetWords(page: Page, percent: number, seconds: number): string {
  const { m, tag } = page;

  let time = m.seconds(count(seconds, tag));
  if (seconds >= 300 && seconds % 60 === 0) time = m.minutes(count(seconds / 60, tag));
  if (seconds >= 3600 && seconds % 3600 === 0) time = m.hours(count(seconds / 3600, tag));
  return m.target(count(percent, tag), time);
}
