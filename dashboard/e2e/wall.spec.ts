import { expect, test } from '@playwright/test';
import type { Day } from '../src/contracts/types.ts';
import { DEFINITION_NAMES } from '../src/domain/standing.ts';
import { axe } from './axe.ts';
import { arrive, end } from './floor.ts';
import { boxes, expectSameNumbers, numbers, open } from './page.ts';

for (const language of ['en', 'zh'] as const) {
  test.describe(language, () => {
    test('every number on the wall is the API’s, also when calls come in', async ({ page, request }) => {
      await open(page, `?lang=${language}`);
      await expectSameNumbers(page, request, language);
      const before = await numbers(page);
      await end(await arrive('hill/sales', 3, 90), 'answered', 61);
      await expect(async () =>
        expect((await numbers(page))['hill/sales']).not.toEqual(before['hill/sales']),
      ).toPass();
      await expectSameNumbers(page, request, language);
    });

    test('nothing for axe to find: wall, details, help, alerts', async ({ page }) => {
      await open(page, `?lang=${language}`);
      await axe(page);
      await page.locator('[data-open="harbour/cards"]').click();
      await expect(page.locator('[data-dialog="details"] [data-formula="offered"]')).not.toBeEmpty();
      await axe(page);
      await page.keyboard.press('Escape');
      await page.keyboard.press('?');
      await expect(page.locator('[data-dialog="help"]')).toBeVisible();
      await axe(page);
      await page.keyboard.press('Escape');
      await page.keyboard.press('a');
      await expect(page.locator('[data-dialog="alerts"]')).toBeVisible();
      await axe(page);
    });

    for (const [width, height] of [
      [1366, 768],
      [3840, 2160],
    ] as const) {
      test(`fits on ${width} × ${height} without scrolling, with glyphs for everything`, async ({ page }) => {
        await page.setViewportSize({ width, height });
        await open(page, `?lang=${language}`);
        await page.evaluate(() => document.fonts.ready);
        const size = await page.evaluate(() => [
          document.documentElement.scrollWidth,
          document.documentElement.scrollHeight,
        ]);
        expect(size).toEqual([width, height]);
        // No text may stick out of its tile, or of the screen.
        const cut = await page
          .locator(
            '[data-queue] :is(dt, dd, .target, .standing, .freshness), [data-site] > header *, header.bar *',
          )
          .evaluateAll((texts) =>
            texts
              .filter((text) => {
                if (text.closest('.unseen, select, svg') || text.closest('svg')) return false;
                const frame = text.closest('[data-queue], [data-site] > header')?.getBoundingClientRect();
                const { left, right, bottom } = text.getBoundingClientRect();
                return (
                  left < (frame?.left ?? 0) ||
                  right > (frame?.right ?? innerWidth) + 0.5 ||
                  bottom > (frame?.bottom ?? innerHeight) + 0.5
                );
              })
              .map(
                (text) =>
                  `${text.closest('[data-queue]')?.getAttribute('data-queue') ?? ''} ${text.textContent.trim()}`,
              ),
          );
        expect(cut).toEqual([]);
        const loaded = await page.evaluate(() =>
          [...document.fonts].filter((font) => font.status === 'loaded').map((font) => font.family),
        );
        expect(loaded.join()).toContain('Inter Variable');
        if (language === 'zh') expect(loaded.join()).toContain('Noto Sans SC Variable');
        await page.screenshot({ path: `../test-results/screens/wall-${language}-${width}.png` });
      });
    }
  });
}

test('each definition shows its own service level, formula and address, and outlives a reload', async ({
  page,
  request,
}) => {
  await open(page);
  for (const definition of DEFINITION_NAMES) {
    await page.locator('[data-definition]').selectOption(definition);
    await expect(page).toHaveURL(new RegExp(`definition=${definition}`));
    await expectSameNumbers(page, request, 'en', definition);
  }
  await page.locator('[data-definition]').selectOption('cisco_positive');
  await page.reload();
  await expect(page.locator('[data-definition]')).toHaveValue('cisco_positive');
  await page.locator('[data-open="harbour/cards"]').click();
  await expect(page.locator('[data-formula="cisco_positive"]')).toHaveText(
    '(answered ≤ T + abandoned ≤ T) ÷ offered',
  );
});

test('a queue without contacts has no data: a dash and the word, not 0 and not 100 %', async ({ page }) => {
  await end(await arrive('harbour/quiet', 1, 40 * 60), 'answered', 5);
  await open(page);
  const tile = page.locator('[data-queue="harbour/quiet"]');
  await expect(tile.locator('[data-value="service_level"]')).toHaveText('–');
  await expect(tile).toContainText('No data');
});

test('boxes do not move when numbers change', async ({ page }) => {
  await open(page);
  // Somebody has a tile in hand, so the order stands.
  await page.locator('[data-queue] [data-open]').first().focus();
  const before = await boxes(page);
  const read = await numbers(page);
  const calls = await arrive('harbour/claims', 120, 1);
  await end(await arrive('hill/claims', 1_200, 70), 'answered', 62);
  await expect(page.locator('[data-queue="hill/claims"] [data-value="offered"]')).toHaveText('1,212');
  await expect(page.locator('[data-queue="harbour/claims"] [data-value="waiting"]')).toHaveText('120');
  expect(await boxes(page)).toEqual(before);
  await end(calls, 'answered');
  await expect(page.locator('[data-queue="harbour/claims"] [data-value="waiting"]')).toHaveText('0');
  expect(await boxes(page)).toEqual(before);
  expect(await numbers(page)).not.toEqual(read);
});

test('the longest wait counts up each second by the feed’s clock', async ({ page }) => {
  await open(page);
  const calls = await arrive('hill/loans', 1, 65);
  const wait = page.locator('[data-queue="hill/loans"] [data-value="longest"]');
  await expect(wait).toHaveText(/^1:\d\d$/);
  const seen = new Set<string>();
  await expect(async () => {
    seen.add((await wait.textContent()) ?? '');
    expect(seen.size).toBeGreaterThanOrEqual(4);
  }).toPass({ intervals: [100] });
  const seconds = [...seen].map((text) => Number(text.split(':')[0]) * 60 + Number(text.split(':')[1]));
  expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
  await end(calls, 'answered');
  await expect(wait).toHaveText('–');
});

test('sites and queues stand worst first', async ({ page }) => {
  await open(page);
  const order = () =>
    page
      .locator('[data-site="harbour"] [data-queue]')
      .evaluateAll((tiles) => tiles.map((tile) => tile.getAttribute('data-queue')));
  await expect.poll(async () => (await order())[0]).toBe('harbour/cards');
});

test('the half-hours of the day stand in the tile and, as a table, in the details', async ({
  page,
  request,
}) => {
  await open(page);
  const tile = page.locator('[data-queue="harbour/sales"]');
  await expect(tile.locator('svg[data-bars]')).toHaveAttribute(
    'aria-label',
    /^Half-hours today: \d of \d on target/,
  );
  await page.locator('[data-open="harbour/sales"]').click();
  const details = page.locator('[data-dialog="details"]');
  const date = await details.locator('[data-day]').getAttribute('data-day');
  await expect(async () => {
    const answer = await request.get(`/v1/days/${date ?? ''}/intervals?scope=harbour/sales`);
    const told = ((await answer.json()) as Day).intervals;
    const shown = await details
      .locator('[data-half-hour]')
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent.trim())));
    expect(told.length).toBeGreaterThan(0);
    expect(shown.map((row) => [row[0], row[3], row[4], row[5], row[6]])).toEqual(
      told.map(({ label, status, target_counts: { offered, answered, abandoned } }) => [
        label,
        String(offered),
        String(answered),
        String(abandoned),
        status === 'final' ? 'Final' : 'Provisional',
      ]),
    );
  }).toPass();
});

test('on a floor that scrolls, tiles within half a screen of the view are whole, the others keep their name and place', async ({
  page,
}) => {
  await open(page);
  await page.setViewportSize({ width: 800, height: 200 });
  const tiles = () =>
    page.locator('[data-queue]').evaluateAll((all) =>
      all.map((tile) => {
        const { top, bottom, width, height } = tile.getBoundingClientRect();
        return {
          isNear: bottom > -innerHeight / 2 && top < 1.5 * innerHeight,
          isWhole: tile.querySelector('[data-value="service_level"]') !== null,
          place: [top + scrollY, width, height].map(Math.round).join(' '),
        };
      }),
    );
  const settled = async () => {
    await expect(async () => {
      const found = await tiles();
      expect(found.map((each) => each.isWhole)).toEqual(found.map((each) => each.isNear));
      expect(new Set(found.map((each) => each.isWhole)).size).toBe(2);
    }).toPass();
    return (await tiles()).map((each) => each.place);
  };
  const atTop = await settled();
  const name = page.locator('main [data-queue] [data-open]').first();
  await name.focus();
  await page.evaluate(() => {
    scrollTo(0, document.documentElement.scrollHeight);
  });
  expect(await settled()).toEqual(atTop);
  // Who was there is there still, and can be found; the keys lead on from there.
  await expect(name).toBeFocused();
  await expect(name).toContainText(/\w/);
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('main [data-queue] [data-open]').nth(1)).toBeFocused();
  expect(await settled()).toEqual(atTop);

  await page.evaluate(() => {
    addEventListener('beforeprint', () => {
      const blank = document.querySelectorAll('[data-queue]:not(:has([data-value]))');
      document.body.dataset['blank'] = String(blank.length);
    });
  });
  await page.pdf();
  expect(await page.locator('body').getAttribute('data-blank')).toBe('0');
  expect(await settled()).toEqual(atTop);
});
