import type { Alert } from '../contracts/types.ts';
import { unitOf } from '../domain/alerts.ts';
import { clockTime, count, NOTHING } from '../domain/format.ts';
import type { Page } from '../page/page.svelte.ts';

/** A value of an alert's metric with its unit. */
export function alertValue(page: Page, alert: Alert, value: number | null): string {
  if (value === null) return NOTHING;
  const unit = unitOf(alert.metric);
  if (unit === 'seconds') return clockTime(value);
  const text = value.toLocaleString(page.tag, { maximumFractionDigits: 1 });
  return unit === 'percent' ? text + page.m.percentUnit : count(Math.round(value), page.tag);
}

/** The floor's name of what an alert is about. */
export function scopeName(page: Page, alert: Alert): string {
  const tile = page.store.tile(alert.scope);
  if (tile) return page.name(tile.name);
  return alert.scope_kind === 'all' ? page.m.allSites : alert.scope;
}

/** The site whose clock an alert goes by; an alert on all sites goes by the one that is furthest. */
export function alertTime(page: Page, alert: Alert): { site: string | null; time: number | null } {
  if (alert.scope_kind !== 'all') {
    const site = alert.scope.split('/')[0] ?? alert.scope;
    return { site, time: page.board.time(site) };
  }
  const times = page.board.sites.flatMap((site) => page.board.time(site.id) ?? []);
  return { site: null, time: times.length > 0 ? Math.max(...times) : null };
}
