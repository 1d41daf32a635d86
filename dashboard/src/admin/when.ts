/** Moments as an administrator reads them: by the clock of this screen, to the second. */
import type { Page } from '../page/page.svelte.ts';

export function when(page: Page, at: number | null): string {
  if (at === null) return '–';
  return new Date(at).toLocaleString(page.tag, { dateStyle: 'short', timeStyle: 'medium' });
}
