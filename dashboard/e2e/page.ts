/** What a person reads on the wall. */
import { expect, type APIRequestContext, type Page } from '@playwright/test';
import type { TileView } from '../src/contracts/types.ts';
import { tiles } from './floor.ts';

export type Read = Record<string, string>;

/** Opens the wall with all queues close up (`tv`: as pages that turn) and waits until it is live and whole. */
export async function open(page: Page, search = '', view: 'floor' | 'tv' = 'floor'): Promise<void> {
  const query = new URLSearchParams(search);
  if (view === 'floor') query.set('view', view);
  await page.goto(`/wall?${query.toString()}`);
  await expect(page.locator('[data-connection="live"]')).toBeVisible();
  await expect(page.locator('[data-queue]').first()).toBeVisible();
  await expect(page.locator('[data-queue]:not(:has([data-value]))')).toHaveCount(0);
}

/** The numbers of every queue's tile. */
export async function numbers(page: Page): Promise<Record<string, Read>> {
  return page.locator('[data-queue]').evaluateAll((found) =>
    Object.fromEntries(
      found.map((tile) => [
        tile.getAttribute('data-queue') ?? '',
        Object.fromEntries(
          [...tile.querySelectorAll('[data-value]')]
            .filter((each) => each.getAttribute('data-value') !== 'longest')
            .map((each) => [each.getAttribute('data-value') ?? '', each.textContent])
            .concat([
              ['name', tile.querySelector('[data-open]')?.firstChild?.textContent?.trim() ?? ''],
              ['standing', tile.querySelector('[data-standing]')?.getAttribute('data-standing') ?? ''],
            ]),
        ),
      ]),
    ),
  );
}

export const minutes = (seconds: number | null) =>
  seconds === null ? '–' : `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
const floor = (share: number | null) => (share === null ? '–' : String(Math.floor(share * 100 + 1e-9)));
export const share = (value: number | null) => (value === null ? '–' : (value * 100).toFixed(1));

/** Service level still possible, worst to best. */
export function range(tile: TileView, definition = tile.definition): string {
  const worst = floor(tile.outlook?.worst[definition] ?? null);
  const best = floor(tile.outlook?.best[definition] ?? null);
  if (worst === best) return worst;
  return worst === '–' || best === '–' ? `${worst}…${best}` : `${worst}–${best}`;
}

/** Agents by state, as the strip groups them. */
export function strip(tile: Pick<TileView, 'agents'>): Read {
  const by = tile.agents?.by_state;
  const sum = (...states: string[]) =>
    by
      ? String(
          Object.entries(by)
            .filter(([key]) => states.includes(key.split(':')[0] ?? ''))
            .reduce((total, [, agents]) => total + (agents ?? 0), 0),
        )
      : '–';
  return {
    agents_available: sum('available'),
    agents_on_contact: sum('ringing', 'talking', 'hold'),
    agents_wrap_up: sum('wrap_up'),
    agents_not_ready: sum('not_ready'),
  };
}

/** The same as the API tells it, written as the wall does. */
export function expected(tile: TileView, language: 'en' | 'zh', definition = tile.definition): Read {
  const { service_level, abandonment_rate } = tile.target_ratios;
  const level = service_level[definition] ?? null;
  const count = (value: number | undefined) => (value === undefined ? '–' : String(value));
  return {
    name: tile.name[language],
    service_level: floor(level),
    standing:
      level === null ? 'no_data' : level * 100 >= (tile.target_percent ?? 0) - 1e-9 ? 'on_target' : 'below',
    waiting: String(tile.waiting),
    abandonment: share(abandonment_rate),
    offered: String(tile.target_counts.offered),
    lost: count(tile.outlook?.already_lost),
    to_win: count(tile.outlook?.still_to_win),
    possible: range(tile, definition),
    estimated: minutes(tile.estimated_wait_s),
    ...strip(tile),
    ...(tile.ghosts > 0 ? { ghosts: String(tile.ghosts) } : {}),
  };
}

/** The wall shows what the API says, for every queue; both may be on the move. */
export async function expectSameNumbers(
  page: Page,
  request: APIRequestContext,
  language: 'en' | 'zh',
  definition?: TileView['definition'],
): Promise<void> {
  await expect(async () => {
    const told = (await tiles(request)).filter((tile) => tile.level === 'queue');
    const shown = await numbers(page);
    expect(shown).toEqual(
      Object.fromEntries(told.map((tile) => [tile.id, expected(tile, language, definition)])),
    );
    expect(Object.keys(shown).length).toBeGreaterThanOrEqual(11);
  }).toPass({ timeout: 30_000 });
}

/** Where every box of the wall is, by its place in the page: which queue stands there does not matter. */
export async function boxes(page: Page): Promise<Record<string, string>> {
  return page.evaluate(() => {
    const where = (box: Element) => {
      const { x, y, width, height } = box.getBoundingClientRect();
      return [x, y, width, height].map((each) => each.toFixed(1)).join(' ');
    };
    const found: Record<string, string> = {};
    document.querySelectorAll('[data-box]').forEach((box, index) => {
      found[`${index} ${box.tagName} ${box.getAttribute('data-figure') ?? ''}`] = where(box);
    });
    return found;
  });
}
