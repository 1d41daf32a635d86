import { expect, test } from '@playwright/test';
import { axe } from './axe.ts';
import { arrive, end } from './floor.ts';
import { open } from './page.ts';

for (const [language, firing, resolved, rule] of [
  ['en', 'Firing', 'Resolved', 'More than three waiting'],
  ['zh', '告警中', '已恢复', '排队超过三人'],
] as const) {
  test(`${language}: an alert fires on the page and resolves`, async ({ page }) => {
    await open(page, `?lang=${language}`);
    const calls = await arrive('harbour/alarm', 5, 1);
    const chip = page.locator('[data-alert="too-many-wait|harbour/alarm"]');
    await expect(chip).toHaveAttribute('data-state', 'firing');
    await expect(chip).toContainText(firing);
    await expect(chip).toContainText(rule);
    await expect(chip).toContainText('5');
    const tile = page.locator('[data-queue="harbour/alarm"]');
    await expect(tile).toHaveClass(/critical/);
    // The site and the queue with a critical alert come first.
    await expect(page.locator('[data-queue]').first()).toHaveAttribute('data-queue', 'harbour/alarm');
    await axe(page);
    await page.screenshot({ path: `../test-results/screens/alert-${language}.png` });

    await end(calls, 'answered');
    await expect(chip).toHaveAttribute('data-state', 'resolved');
    await expect(chip).toContainText(resolved);
    await expect(tile).not.toHaveClass(/critical/);
    await page.keyboard.press('a');
    await expect(page.locator('[data-dialog="alerts"]')).toContainText(rule);
  });
}
