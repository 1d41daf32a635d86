import { expect, test } from '@playwright/test';
import { axe } from './axe.ts';
import { arrive, control, end } from './floor.ts';
import { boxes, expectSameNumbers, numbers, open } from './page.ts';

test.afterEach(async () => {
  await control('thaw');
});

for (const [language, lost, old] of [
  ['en', 'Connection lost', 'Old'],
  ['zh', '连接已中断', '旧数据'],
] as const) {
  test(`${language}: the server goes and comes back; the wall says so, keeps its numbers as old, and is current again`, async ({
    page,
    request,
  }) => {
    await open(page, `?lang=${language}`);
    await expectSameNumbers(page, request, language);
    await page.locator('[data-queue] [data-open]').first().focus();
    const before = { numbers: await numbers(page), boxes: await boxes(page) };

    await control('stop');
    await expect(page.locator('[data-lost]')).toContainText(lost);
    await expect(page.locator('[data-queue] [data-freshness="old"]')).toHaveCount(
      await page.locator('[data-queue]').count(),
    );
    await expect(page.locator('[data-queue] [data-freshness]').first()).toContainText(old);
    expect(await numbers(page)).toEqual(before.numbers);
    await axe(page);
    await page.screenshot({ path: `../test-results/screens/lost-${language}.png` });

    await end(await arrive('harbour/sales', 7, 30), 'answered', 4);
    await control('start');
    await expect(page.locator('[data-connection="live"]')).toBeVisible();
    await expect(page.locator('[data-lost]')).toHaveCount(0);
    await expect(page.locator('[data-queue] [data-freshness="fresh"]').first()).toBeVisible();
    await expectSameNumbers(page, request, language);
    expect((await numbers(page))['harbour/sales']).not.toEqual(before.numbers['harbour/sales']);
    expect(Object.keys(await boxes(page))).toEqual(Object.keys(before.boxes));
  });
}

test('a server that falls silent without hanging up is found out, and found again', async ({
  page,
  request,
}) => {
  await open(page);
  await control('freeze');
  await expect(page.locator('[data-lost]')).toContainText('Connection lost');
  await control('thaw');
  await expect(page.locator('[data-connection="live"]')).toBeVisible();
  await expectSameNumbers(page, request, 'en');
});
