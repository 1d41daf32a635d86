/** Keeps the page's choices in the address and the browser, and asks the API for what does not come over the socket. */
import { write } from './address.ts';
import type { Definitions, Metrics } from '../contracts/types.ts';
import { LANGUAGES } from '../i18n/index.ts';
import { ask } from '../live/rest.ts';
import type { Page } from './page.svelte.ts';

export const LANGUAGE_KEY = 'floorwatch.language';

/** Call while a component is set up. */
export function keep(page: Page): void {
  $effect(() => {
    const search = write(location.search, page.place);
    if (search !== location.search)
      history.replaceState(null, '', location.pathname + search + location.hash);
  });
  $effect(() => {
    localStorage.setItem(LANGUAGE_KEY, page.language);
    document.documentElement.lang = LANGUAGES[page.language].tag;
    document.title = `${page.m.title} · ${page.m.wall}`;
  });
  $effect(() => {
    if (page.store.connection.phase === 'live') void askCatalogues(page);
  });
  $effect(() => {
    const again = () => document.visibilityState === 'visible' && page.store.retryNow();
    addEventListener('online', again);
    document.addEventListener('visibilitychange', again);
    return () => {
      removeEventListener('online', again);
      document.removeEventListener('visibilitychange', again);
    };
  });
}

async function askCatalogues(page: Page): Promise<void> {
  const [definitions, metrics] = await Promise.all([
    ask<Definitions>('/v1/definitions'),
    ask<Metrics>('/v1/metrics'),
  ]);
  if (definitions) page.definitions = definitions.definitions;
  if (metrics) page.metrics = metrics.metrics;
}
