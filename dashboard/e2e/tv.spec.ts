/** The wall on a screen, on real services: what it says is what the API says, and weeks of it are no problem. */
import { expect, test, type Page } from '@playwright/test';
import { axe } from './axe.ts';
import { arrive, control, end, tiles } from './floor.ts';
import { expected, open } from './page.ts';

test.afterEach(async () => {
  await control('thaw');
});

/** What stands on the page in front, by queue. */
async function shown(page: Page): Promise<Record<string, Record<string, string>>> {
  return page
    .locator('[data-queue]')
    .evaluateAll((found) =>
      Object.fromEntries(
        found.map((tile) => [
          tile.getAttribute('data-queue') ?? '',
          Object.fromEntries([
            ...[...tile.querySelectorAll('[data-value]')]
              .filter((each) => each.getAttribute('data-value') !== 'longest')
              .map((each) => [each.getAttribute('data-value') ?? '', each.textContent] as const),
            ['name', tile.querySelector('[data-open]')?.firstChild?.textContent?.trim() ?? ''] as const,
          ]),
        ]),
      ),
    );
}

const at = (page: Page) => page.locator('[data-page]').getAttribute('data-page');

for (const language of ['en', 'zh'] as const) {
  test(`${language}: every number is the API’s, on every page, at every size, and axe finds nothing`, async ({
    page,
    request,
  }) => {
    await open(page, `?lang=${language}&turn=0`, 'tv');
    await axe(page);
    for (const [width, height] of [
      [3840, 2160],
      [390, 844],
      [1366, 768],
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.evaluate(() => document.fonts.ready);
      const size = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.scrollHeight,
      ]);
      expect(size).toEqual([width, height]);
      const pages = Number(await page.locator('[data-page]').getAttribute('data-pages'));
      const seen = new Set<string>();
      for (let turn = 0; turn < pages; turn += 1) {
        await expect(async () => {
          const told = new Map((await tiles(request)).map((tile) => [tile.id, tile]));
          for (const [id, read] of Object.entries(await shown(page))) {
            const tile = told.get(id);
            if (!tile) throw new Error(`the API has no tile ${id}`);
            expect(expected(tile, language)).toMatchObject(read);
            seen.add(id);
          }
        }).toPass();
        await page.keyboard.press('PageDown');
      }
      expect(seen.size).toBe(11);
      await page.screenshot({ path: `../test-results/screens/tv-${language}-${width}.png` });
    }
    await page.keyboard.press('e');
    await expect(page.locator('[data-dialog="arrange"]')).toBeVisible();
    await axe(page);
    await page.keyboard.press('Escape');
    await page.keyboard.press('t');
    await page.keyboard.press('t');
    await axe(page);
  });
}

test('no text sticks out of its tile', async ({ page }) => {
  for (const [search, width, height] of [
    ['?lang=en', 1366, 768],
    ['?lang=zh', 1366, 768],
    ['?lang=en', 3840, 2160],
  ] as const) {
    await page.setViewportSize({ width, height });
    await open(page, search, 'tv');
    const cut = await page
      .locator('[data-queue] :is(dt, dd, .target, .standing, h2, li, .big)')
      .evaluateAll((texts) =>
        texts.flatMap((text) => {
          const frame = text.closest('[data-queue]')?.getBoundingClientRect();
          const { left, right, bottom } = text.getBoundingClientRect();
          const out =
            frame && (left < frame.left || right > frame.right + 0.5 || bottom > frame.bottom + 0.5);
          return out ? [`${text.tagName} ${text.textContent.trim()}`] : [];
        }),
      );
    expect(cut).toEqual([]);
  }
});

test('pages turn by themselves, by key and by button, and stop; all of it is in the address', async ({
  page,
}) => {
  await open(page, '?turn=1&distance=16', 'tv');
  const pages = Number(await page.locator('[data-page]').getAttribute('data-pages'));
  expect(pages).toBeGreaterThan(1);
  const first = await at(page);
  await expect.poll(() => at(page)).not.toBe(first);
  await page.keyboard.press(' ');
  await expect(page.locator('[data-stopped]')).toBeVisible();
  const stopped = await at(page);
  await expect(page).toHaveURL(new RegExp(`page=${stopped ?? ''}`));
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => at(page)).not.toBe(stopped);
  const here = await at(page);
  await page.reload();
  await expect(page.locator('[data-connection="live"]')).toBeVisible();
  await expect.poll(() => at(page)).toBe(here);
  await page.locator('[data-turn="-1"]').click();
  await expect.poll(() => at(page)).toBe(stopped);
  await page.locator('[data-stop]').click();
  await expect(page).not.toHaveURL(/page=/);
});

test('queues are renamed, hidden and ordered; the address brings it all back', async ({ page }) => {
  await open(page, '?lang=en', 'tv');
  await page.keyboard.press('e');
  const row = page.locator('[data-arranged="hill/quiet"]');
  await row.locator('.name').fill('Grievances');
  await row.locator('.name').press('Tab');
  await page.locator('[data-arranged="hill/loans"] input[type="checkbox"]').uncheck();
  const order = () =>
    page
      .locator('[data-arranged]')
      .evaluateAll((rows) => rows.map((each) => each.getAttribute('data-arranged')));
  const before = await order();
  await page.locator(`[data-arranged="${before[1] ?? ''}"] [data-up]`).click();
  await expect.poll(async () => (await order()).slice(0, 2)).toEqual([before[1], before[0]]);
  await page.keyboard.press('Escape');
  await page.reload();
  await expect(page.locator('[data-connection="live"]')).toBeVisible();
  await expect(page.locator('[data-queue="hill/loans"]')).toHaveCount(0);
  await expect(page.locator('[data-hidden="1"]')).toBeVisible();
  await expect(page.locator('[data-queue="hill/quiet"]')).toContainText('Grievances');
  await expect(page.locator('[data-queue]').first()).toHaveAttribute('data-queue', before[1] ?? '');
});

test('a pause stands with its reason and counts up by the feed’s clock', async ({ page }) => {
  await open(page, '?lang=en', 'tv');
  const pause = page.locator('[data-queue="harbour/sales"] [data-pause="meal"]');
  await expect(pause).toContainText('Meal 1');
  const seconds = async () => {
    const [, m = '0', s = '0'] = /(\d+):(\d\d)/.exec((await pause.textContent()) ?? '') ?? [];
    return Number(m) * 60 + Number(s);
  };
  const first = await seconds();
  expect(first).toBeGreaterThanOrEqual(900);
  await expect.poll(seconds).toBeGreaterThanOrEqual(first + 2);
});

test('sound is off as it comes; switched on by a key it is on, and after a reload it says that it waits for one', async ({
  page,
}) => {
  await open(page, '?lang=en', 'tv');
  const sound = page.locator('[data-sound]');
  await expect(sound).toHaveAttribute('data-sound', 'off');
  await page.keyboard.press('s');
  await expect(page).toHaveURL(/sound=on/);
  await expect(sound).toHaveAttribute('data-sound', 'on');
  await page.keyboard.press('s');
  await expect(sound).toHaveAttribute('data-sound', 'off');
  await expect(page).not.toHaveURL(/sound=/);
});

test('another release that is served is loaded by itself', async ({ page }) => {
  let build = '';
  await page.route('**/v1/build', async (route) => {
    if (build === '') await route.continue();
    else await route.fulfill({ json: { build } });
  });
  await open(page, '?lang=en&sites=hill', 'tv');
  await page.evaluate(() => ((window as unknown as { before: boolean }).before = true));
  build = 'ffffffffffff';
  await control('stop');
  await control('start');
  // Asked while the page is being replaced, it cannot answer: ask again.
  await expect
    .poll(() =>
      page.evaluate(() => (window as unknown as { before?: boolean }).before ?? false).catch(() => 'loading'),
    )
    .toBe(false);
  await expect(page.locator('[data-connection="live"]')).toBeVisible();
  await expect(page).toHaveURL(/sites=hill/);
});

test('a new critical alert comes to the first page at once', async ({ page }) => {
  await open(page, '?turn=0&distance=16&lang=en', 'tv');
  await page.keyboard.press('PageDown');
  const calls = await arrive('harbour/alarm', 5, 1);
  const first = page.locator('[data-queue]').first();
  await expect(first).toHaveAttribute('data-queue', 'harbour/alarm');
  await expect(first).toHaveClass(/critical/);
  await page.screenshot({ path: '../test-results/screens/tv-alarm.png' });
  await end(calls, 'answered');
  await expect(page.locator('[data-queue="harbour/alarm"]')).not.toHaveClass(/critical/);
});

test('a screen that nobody has signed in shows a code, and is a viewer once it was approved, also after a reload', async ({
  browser,
  request,
}) => {
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
  const screen = await context.newPage();
  await screen.goto('/wall?lang=en&turn=0');
  const code = screen.locator('[data-device-code]');
  await expect(code).toHaveAttribute('data-device-code', /^[A-Z]{4}-[A-Z]{4}$/);
  await axe(screen);
  await screen.screenshot({ path: '../test-results/screens/tv-code.png' });
  const text = (await code.getAttribute('data-device-code')) ?? '';
  const approved = await request.post(`/v1/devices/${text}/approve`, { data: { name: 'Hall', sites: null } });
  expect(approved.status(), await approved.text()).toBe(201);
  await expect(screen.locator('[data-connection="live"]')).toBeVisible();
  await expect(screen.locator('[data-queue]').first()).toBeVisible();
  await expect(screen).toHaveURL(/turn=0/);
  await screen.reload();
  await expect(screen.locator('[data-connection="live"]')).toBeVisible();
  const session = (await (await context.request.get('/v1/session')).json()) as { role: string; by: string };
  expect(session).toMatchObject({ role: 'viewer', by: 'device' });
  await context.close();
});
