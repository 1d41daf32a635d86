/** Names and numbers as the page writes them. */
import { NOTHING, percentDown } from '../domain/format.ts';
import { points } from '../domain/dispatch.ts';
import type { Page } from '../page/page.svelte.ts';
import { DISPATCH } from './words.ts';

/** A queue, centre or region by its name, else by its id. */
export function nameOf(page: Page, id: string): string {
  const tile = page.store.tile(id);
  return tile ? page.name(tile.name) : id;
}

/** Centre and queue: names of queues repeat. */
export function queueName(page: Page, id: string): string {
  const site = id.split('/')[0] ?? id;
  return `${nameOf(page, site)} · ${nameOf(page, id)}`;
}

export const fromTo = (giver: string, queue: string): string => `${giver} → ${queue}`;

export function share(page: Page, value: number | null): string {
  const text = percentDown(value);
  return text === NOTHING ? text : text + page.m.percentUnit;
}

/** +3.5, −2 with a real minus; a whole number without decimals. */
export function signed(page: Page, value: number | null): string {
  if (value === null) return NOTHING;
  const rounded = Math.round(value * 10) / 10;
  const text = Math.abs(rounded).toLocaleString(page.tag, { maximumFractionDigits: 1 });
  return rounded === 0 ? text : (rounded > 0 ? '+' : '−') + text;
}

export function decimal(page: Page, value: number | null): string {
  return value === null ? NOTHING : value.toLocaleString(page.tag, { maximumFractionDigits: 1 });
}

export function change(page: Page, side: Parameters<typeof points>[0] | undefined): string {
  const value = side === undefined ? null : points(side);
  return value === null ? NOTHING : page.words(DISPATCH).points(signed(page, value));
}
