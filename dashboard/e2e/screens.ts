import type { Page } from '@playwright/test';

/** A desk's screen, a phone, a 4K wall. */
export const SIZES = {
  desk: { width: 1366, height: 768 },
  phone: { width: 390, height: 844 },
  wall: { width: 3840, height: 2160 },
} as const;

/**
 * test-results/screens/NAME-SIZE.png at the three sizes, to be looked at. The page keeps the last size.
 * Only with FLOORWATCH_PICTURES=1: a page drawn anew for a 4K wall takes seconds, and nothing is asserted by it.
 */
export async function screens(page: Page, name: string): Promise<void> {
  if (process.env['FLOORWATCH_PICTURES'] !== '1') return;
  for (const size of ['phone', 'wall', 'desk'] as const) {
    await page.setViewportSize(SIZES[size]);
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: `../test-results/screens/${name}-${size}.png` });
  }
}
