import { faultsOf, type Faults } from '../domain/floor.ts';
import { send } from '../live/rest.ts';
import type { Page } from '../page/page.svelte.ts';
import { SHELL } from '../shell/words.ts';
import { FLOOR } from './words.ts';

/** Put a site or queue as it is described now, say that it is saved, or give back what is wrong; null: nothing is. */
export async function describe(
  page: Page,
  path: string,
  body: { record: object; why: string },
  version: number | undefined,
): Promise<Faults | null> {
  const t = page.words(FLOOR);
  const got = await send('PUT', `/v1/floor/${path}`, body, version);
  if (got.is === 'there') {
    page.toasts.say('good', t.saved);
    return null;
  }
  if (got.status === 409) return { '': t.stale };
  return got.status === 422 ? faultsOf(got.message) : { '': got.message || page.words(SHELL).away };
}
