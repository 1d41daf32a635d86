/** What the wall wants of the live state: agents for their pauses, and the sites that its address names. */
import type { Filters } from '../contracts/types.ts';
import { readSettings } from './tv/settings.ts';

export function wallFilters({ rest }: { rest: Readonly<Record<string, string>> }): Filters {
  const { view, sites } = readSettings(rest);
  const kinds: Filters['kinds'] = ['tile', 'day', 'feed', 'alert', 'team'];
  return { sites, kinds: view === 'tv' ? [...kinds, 'agent'] : kinds };
}
