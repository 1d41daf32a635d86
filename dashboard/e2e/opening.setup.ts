/** The first minutes of an installation: nobody is signed in, then there is no queue, then there are. */
import { expect, test } from '@playwright/test';
import { SIGNED_IN } from '../playwright.config.ts';
import { axe } from './axe.ts';
import { fill, signInLink, tiles } from './floor.ts';
import { screens } from './screens.ts';

test('who is not signed in is told how, in both languages, and goes on by the link', async ({
  page,
  context,
  browser,
}) => {
  await page.goto('/wall');
  const notice = page.locator('[data-notice="sign-in"]');
  await expect(notice).toContainText('Please sign in');
  await expect(notice).toContainText('请登录');
  await axe(page);
  await page.screenshot({ path: '../test-results/screens/sign-in.png' });

  await page.goto(await signInLink());
  await page.goto('/wall');
  const empty = page.locator('[data-notice="empty"]');
  await expect(empty).toContainText('No queue yet');
  await axe(page);
  await page.screenshot({ path: '../test-results/screens/empty.png' });
  await context.storageState({ path: SIGNED_IN });

  const admin = await (await browser.newContext({ storageState: { cookies: [], origins: [] } })).newPage();
  await admin.goto(await signInLink('administrator'));
  await admin.goto('/wall?lang=zh');
  await admin.getByRole('link', { name: '快速上手' }).click();
  await expect(admin.locator('[data-step="key"]')).toHaveAttribute('data-standing', 'now');
  await expect(admin.locator('[data-step="see"]')).toContainText('正在等待');
  await axe(admin);
  await screens(admin, 'admin-start-zh');

  await fill();
  await expect(page.locator('[data-queue]')).toHaveCount(11);
  await expect(admin.locator('[data-step="see"]')).toHaveAttribute('data-standing', 'done');
  await expect(async () => {
    const told = await tiles(page.request);
    expect(told.find((tile) => tile.id === 'all')?.target_counts.offered).toBe(2 * 66 + 1 + 7);
  }).toPass();
});

test('a sign-in link works once', async ({ browser }) => {
  const link = await signInLink();
  const first = await browser.newPage();
  await first.goto(link);
  await first.goto('/wall');
  await expect(first.locator('[data-connection="live"]')).toBeVisible();
  const second = await browser.newPage();
  const answer = await second.goto(link);
  expect(answer?.status()).toBe(403);
});
