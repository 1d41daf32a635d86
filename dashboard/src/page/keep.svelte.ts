/** Keeps the page's choices in the address and the browser, and asks the API for what does not come over the socket. */
import { read, write } from './address.ts';
import type { Definitions, Metrics, Session } from '../contracts/types.ts';
import { LANGUAGES } from '../i18n/index.ts';
import { ask } from '../live/rest.ts';
import type { Page } from './page.svelte.ts';

export const LANGUAGE_KEY = 'floorwatch.language';
export const THEME_KEY = 'floorwatch.theme';

/** Call while a component is set up. */
export function keep(page: Page): void {
  $effect(() => keepAddress(page));
  $effect(() => {
    localStorage.setItem(LANGUAGE_KEY, page.language);
    document.documentElement.lang = LANGUAGES[page.language].tag;
  });
  $effect(() => {
    if (page.theme !== null) localStorage.setItem(THEME_KEY, page.theme);
  });
  $effect(() => {
    if (page.store.connection.phase === 'live') void askAround(page);
  });
  $effect(() => {
    const again = () => document.visibilityState === 'visible' && page.store.retryNow();
    const back = () => page.take(read(location.pathname, location.search));
    addEventListener('online', again);
    addEventListener('popstate', back);
    document.addEventListener('visibilitychange', again);
    return () => {
      removeEventListener('online', again);
      removeEventListener('popstate', back);
      document.removeEventListener('visibilitychange', again);
    };
  });
}

/** Another page is a step that the browser's Back undoes; a choice on the same page is not, nor is where '/' leads. */
function keepAddress(page: Page): void {
  const address = write(page.place);
  if (address === location.pathname + location.search.replaceAll('%2F', '/')) return;
  const isStep = page.path !== location.pathname && location.pathname !== '/';
  if (isStep) history.pushState(null, '', address);
  else history.replaceState(null, '', address + location.hash);
}

async function askAround(page: Page): Promise<void> {
  const [session, definitions, metrics] = await Promise.all([
    ask<Session>('/v1/session'),
    ask<Definitions>('/v1/definitions'),
    ask<Metrics>('/v1/metrics'),
  ]);
  if (session) page.session = session;
  if (definitions) page.definitions = definitions.definitions;
  if (metrics) page.metrics = metrics.metrics;
}
