import { clockTime, count, mean, NOTHING, percent } from '../domain/format.ts';
import type { MetricEntry, MetricRow } from '../domain/metrics.ts';
import type { Page } from '../page/page.svelte.ts';

/** A figure as it is written, unit included. */
export function written(page: Page, { kind, value }: Pick<MetricRow, 'kind' | 'value'>): string {
  if (value === null) return NOTHING;
  if (kind === 'seconds') return clockTime(value);
  if (kind === 'mean') return mean(value, page.tag);
  return kind === 'share' ? percent(value, page.tag) + page.m.percentUnit : count(value, page.tag);
}

/** What the catalogue says of a metric; null while it has not answered. */
export function entryOf(page: Page, id: string): MetricEntry | null {
  return page.metrics.find((each) => each.id === id) ?? null;
}
