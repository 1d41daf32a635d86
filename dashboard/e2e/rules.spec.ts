/** An administrator makes a rule, is told what is wrong with it, tries it, and it fires; plans and limits beside it. */
import { readFile } from 'node:fs/promises';
import { expect, test, type Browser, type Page } from '@playwright/test';
import { axe } from './axe.ts';
import { signInLink, wall } from './floor.ts';
import { screens } from './screens.ts';

async function come(browser: Browser, role: string): Promise<Page> {
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
  const page = await context.newPage();
  await page.goto(await signInLink(role));
  return page;
}

test('a rule is made, tried, saved, and fires without a restart', async ({ browser }) => {
  const page = await come(browser, 'administrator');
  await page.goto('/rules?lang=en');
  await expect(page.locator('[data-row="too-many-wait"]')).toContainText('More than three waiting');
  await axe(page);

  await page.getByRole('button', { name: 'New rule' }).click();
  await page.getByLabel('Id', { exact: true }).fill('busy-sales');
  await page.getByLabel('Name, English').fill('Sales is busy');
  await page.getByLabel('Name, Chinese').fill('销售繁忙');
  await page.getByLabel('Which of them').fill('hill/sales');
  await page.getByLabel('Figure', { exact: true }).selectOption('offered');
  await page.getByLabel('Is', { exact: true }).selectOption('above');
  await page.getByLabel('Threshold', { exact: true }).fill('3');
  await page.getByLabel('Over at', { exact: true }).fill('5');
  await page.getByText('More of this comparison').click();
  await page.getByLabel('Says nothing under').fill('0');
  await page.getByLabel('Beyond it for').fill('0');

  await page.getByRole('button', { name: 'Would it fire now?' }).click();
  const clear = page.getByLabel('Over at', { exact: true });
  await expect(clear).toHaveAttribute('aria-invalid', 'true');
  await expect(clear).toBeFocused();
  await expect(page.locator('[data-faults]')).toContainText('Must be at or under the threshold (3.0).');
  await axe(page);
  await clear.fill('2');
  await page.getByRole('button', { name: 'Would it fire now?' }).click();
  await expect(page.locator('[data-would="1"]')).toContainText('Sales');
  await expect(page.locator('[data-faults]')).toBeHidden();

  await page.getByLabel('From', { exact: true }).selectOption('tiles');
  await page.locator('[data-run]').click();
  await expect(page.locator('[data-result]')).not.toHaveAttribute('data-result', '0');
  await expect(page.locator('[data-table="backtest"] tbody tr').first()).toContainText('Sales');
  await expect(page.locator('[data-day][data-fired]:not([data-fired="0"])').first()).toBeVisible();
  await axe(page);
  await screens(page, 'rules-backtest');

  await page.locator('[data-save]').click();
  const row = page.locator('[data-row="busy-sales"]');
  await expect(row.locator('.firing')).toHaveText('1');
  await screens(page, 'rules');
  const answer = await page.request.get(`${wall()}/v1/rules/busy-sales`);
  expect(((await answer.json()) as { rule: unknown }).rule).toMatchObject({
    when: { metric: 'offered', direction: 'above', threshold: 3, clear: 2 },
    for_s: 0,
  });

  await page.goto('/rules?lang=zh&edit=busy-sales');
  await expect(page.getByRole('heading', { name: '编辑 销售繁忙' })).toBeVisible();
  await page.getByLabel('阈值', { exact: true }).fill('');
  await page.locator('[data-save]').click();
  await expect(page.locator('[data-faults]')).toContainText('需要一个数字。');
  await axe(page);

  const supervisor = await come(browser, 'supervisor');
  await supervisor.goto('/rules?lang=en&edit=busy-sales');
  await expect(supervisor.getByText('An administrator may change this.')).toBeVisible();
  await expect(supervisor.locator('[data-save]')).toBeHidden();

  await page.goto('/rules?lang=en');
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator('[data-export]').click()]);
  const text = await readFile(await file.path(), 'utf8');
  await page.getByRole('button', { name: 'Import YAML' }).click();
  await page.getByLabel('or its text').fill(text.replace('threshold: 3\n', 'threshold: many\n'));
  await page.locator('[data-read-text]').click();
  await expect(page.locator('[data-dialog="import"] .error')).toContainText('(busy-sales).when');
  await page.getByLabel('or its text').fill(text.replace('id: "busy-sales"', 'id: "busy-sales-2"'));
  await page.locator('[data-read-text]').click();
  await expect(page.locator('[data-dialog="import"] [role="status"]')).toContainText(
    '1 new, 1 that there are',
  );
  await axe(page);
  await page.locator('[data-dialog="import"] [data-confirm]').click();

  for (const id of ['busy-sales-2', 'busy-sales']) {
    await page.locator(`[data-row="${id}"] [data-remove]`).click();
    await page.locator('[data-dialog="remove"] [data-confirm]').click();
    await expect(page.locator(`[data-row="${id}"]`)).toBeHidden();
  }
});

test('a plan is copied and changed, its report read; limits are changed', async ({ browser }) => {
  const page = await come(browser, 'administrator');
  await page.goto('/rules?tab=plans&lang=en');
  await page.getByRole('button', { name: 'How often Card lock is overrun' }).click();
  await expect(page.locator('[data-dialog="report"]')).toContainText(
    /It was neither proposed nor active|half-hour/,
  );
  await axe(page);
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Copy Card lock is overrun' }).click();
  await page.getByLabel('Id', { exact: true }).first().fill('complaints');
  await page.getByLabel('Name, English').first().fill('Complaints');
  await page.getByLabel('Its id').fill('hill/nothing*');
  await page.locator('[data-save]').click();
  await expect(page.locator('[data-faults]')).toContainText('by its id');
  await page.getByLabel('Its id').fill('hill/quiet');
  await page.getByRole('button', { name: 'Add a level' }).click();
  const level = page.locator('[data-level="2"]');
  await level.getByLabel('Name, English').first().fill('Partner centre');
  await level.getByLabel('Name, Chinese').first().fill('合作中心');
  await level.getByLabel('Figure', { exact: true }).first().selectOption('waiting');
  await axe(page);
  await screens(page, 'plans-edit');
  await page.locator('[data-save]').click();
  await expect(page.locator('[data-row="complaints"]')).toContainText('Second line → Partner centre');
  await page.locator('[data-row="complaints"] [data-remove]').click();
  await page.locator('[data-dialog="remove"] [data-confirm]').click();
  await expect(page.locator('[data-row="complaints"]')).toBeHidden();

  await page.goto('/rules?tab=limits&lang=zh');
  const before = page.getByLabel('数据源无声');
  await expect(before).toHaveValue('60');
  await before.fill('-1');
  await page.locator('[data-save]').click();
  await expect(before).toHaveAttribute('aria-invalid', 'true');
  await axe(page);
  await screens(page, 'limits-zh');
  for (const value of ['90', '60']) {
    await before.fill(value);
    await page.locator('[data-save]').click();
    await expect
      .poll(async () => {
        const answer = await page.request.get(`${wall()}/v1/adherence/limits`);
        return ((await answer.json()) as { limits: { unknown_s: number } }).limits.unknown_s;
      })
      .toBe(Number(value));
  }
});
