import { expect, test } from '@playwright/test';
import { open } from './page.ts';

const focused = 'document.activeElement?.getAttribute("data-open")';

test('the whole wall by keyboard alone', async ({ page }) => {
  await open(page);
  await page.keyboard.press('Tab');
  await expect(page.locator('.skip')).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  const queues = await page
    .locator('main [data-open]')
    .evaluateAll((all) => all.map((each) => each.getAttribute('data-open')));
  // A site stands before its queues; Tab goes to the worst queue first.
  expect(await page.evaluate(focused)).toBe(queues[1]);

  await page.keyboard.press('ArrowRight');
  expect(await page.evaluate(focused)).toBe(queues[2]);
  await page.keyboard.press('End');
  expect(await page.evaluate(focused)).toBe(queues.at(-1));
  await page.keyboard.press('ArrowUp');
  expect(await page.evaluate(focused)).not.toBe(queues.at(-1));
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');

  await page.keyboard.press('Enter');
  const details = page.locator('[data-dialog="details"]');
  await expect(details).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`details=${queues[1] ?? ''}`));
  await expect(details.locator('[data-counter="offered"]')).toHaveText(/^\d/);
  await page.keyboard.press('Escape');
  await expect(details).toHaveCount(0);
  await expect(page).not.toHaveURL(/details=/);
  expect(await page.evaluate(focused)).toBe(queues[1]);
});

test('?, A, D and L work everywhere, and the language is kept', async ({ page }) => {
  await open(page, '?lang=en');
  await page.keyboard.press('?');
  await expect(page.locator('[data-dialog="help"]')).toContainText('Worst first');
  await page.keyboard.press('Escape');
  await page.keyboard.press('a');
  await expect(page.locator('[data-dialog="alerts"]')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('d');
  await expect(page.locator('[data-definition]')).toHaveValue('offered');
  await page.keyboard.press('l');
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await expect(page).toHaveURL(/lang=zh/);
  await expect(page.getByRole('heading', { name: '港口' })).toBeVisible();
  await page.goto('/wall');
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
});

test('who wants no motion gets none', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await open(page);
  const moving = await page.evaluate(() => document.getAnimations().length);
  expect(moving).toBe(0);
});
