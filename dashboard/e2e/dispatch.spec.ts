/** A dispatcher sees that Ridge is short, asks Bay for agents, gets them, and climbs a plan: on real services. */
import { expect, test, type Page } from '@playwright/test';
import type { Moves, Suggestions } from '../src/contracts/types.ts';
import { axe } from './axe.ts';
import { control, overrun, signInLink } from './floor.ts';
import { screens } from './screens.ts';

test.describe.configure({ mode: 'serial' });

let page: Page;

test.beforeAll(async ({ browser }) => {
  page = await (await browser.newContext()).newPage();
  await page.goto(await signInLink('dispatcher'));
  await overrun();
});

test.afterAll(() => page.context().close());

const suggested = async (): Promise<Suggestions> =>
  (await (await page.request.get('/v1/moves/suggestions')).json()) as Suggestions;
const suggestion = () => page.locator('[data-suggestion="bay|ridge/help"]');

test('the board and the suggestion are what the API says, in both languages', async () => {
  for (const language of ['en', 'zh'] as const) {
    await page.goto(`/dispatch?lang=${language}`);
    await expect(suggestion()).toBeVisible();
    await expect(async () => {
      const told = await suggested();
      const ridge = told.balance.find((each) => each.queue === 'ridge/help');
      const row = page.locator('[data-row="ridge/help"]');
      expect(ridge?.surplus).toBeLessThan(0);
      await expect(row.locator('[data-cell="needed"]')).toHaveText(String(ridge?.needed), { timeout: 1000 });
      await expect(row.locator('[data-cell="agents"]')).toHaveText(String(ridge?.agents), { timeout: 1000 });
      const found = told.suggestions.find((each) => each.id === 'bay|ridge/help');
      const step = found?.steps.find((each) => each.agents === found.agents);
      const level = (share: number | null | undefined) => `${Math.floor((share ?? 0) * 100 + 1e-9)}\\s*%`;
      const side = suggestion().locator('[data-side="ridge/help"]');
      const both = `${level(step?.taker.service_level_before)} → ${level(step?.taker.service_level_after)}`;
      await expect(side).toContainText(new RegExp(both), { timeout: 1000 });
    }).toPass();
    await axe(page);
    await screens(page, `dispatch-floor-${language}`);
  }
  await page.goto('/dispatch?lang=en&theme=dark');
  await expect(suggestion()).toBeVisible();
  await axe(page);
  await screens(page, 'dispatch-floor-dark');
});

test('a move is proposed, accepted, seen, and returned, and stands in the ledger', async () => {
  await page.goto('/dispatch?lang=en');
  await suggestion().locator('[data-propose]').click();
  const dialog = page.locator('[data-dialog="propose"]');
  await expect(dialog).toBeVisible();
  await axe(page);
  await dialog.locator('select[name="agents"]').selectOption('2');
  await dialog.locator('input[name="reason"]').fill('Ridge is overrun');
  await page.screenshot({ path: '../test-results/screens/dispatch-propose.png' });
  await dialog.locator('[data-confirm]').click();
  await expect(dialog).toHaveCount(0);

  await page.locator('[data-tab="moves"]').click();
  const move = page.locator('[data-move]');
  await expect(move).toHaveAttribute('data-state', 'proposed');
  await expect(page).toHaveURL(/part=moves/);
  await axe(page);
  const { moves } = (await (await page.request.get('/v1/moves')).json()) as Moves;
  expect(moves[0]?.terms.expected.map((side) => side.queue)).toEqual(['ridge/help', 'bay/help']);

  // A dispatcher may act for the giving site as well where no site is theirs alone.
  await move.locator('[data-act="accept"]').click();
  await expect(move).toHaveAttribute('data-state', 'accepted');
  expect(moves[0]?.terms.agents).toEqual(['bay-0', 'bay-1']);
  await control('lend');
  await expect(move).toHaveAttribute('data-state', 'effective');
  await expect(move.locator('[data-agent="bay-0"]')).toContainText('there');
  await screens(page, 'dispatch-moves');

  await move.locator('[data-act="return"]').click();
  await expect(page.locator('[data-move]')).toHaveCount(0);
  const row = page.locator('[data-table="ledger"] tbody tr');
  await expect(row).toHaveCount(1);
  await expect(row.locator('[data-cell="state"]')).toHaveText('Returned');
  await expect(row.locator('[data-cell="expectedTaker"]')).toContainText('pts');
  await axe(page);
  await screens(page, 'dispatch-ledger');
});

test('a proposal is declined', async () => {
  await page.goto('/dispatch?lang=en');
  await suggestion().locator('[data-propose]').click();
  await page.locator('[data-dialog="propose"] [data-confirm]').click();
  await expect(page.locator('[data-dialog="propose"]')).toHaveCount(0);
  await page.keyboard.press('m');
  const move = page.locator('[data-move]');
  await move.locator('[data-act="decline"]').click();
  await expect(move).toHaveCount(0);
  await expect(page.locator('[data-table="ledger"] tbody tr')).toHaveCount(2);
});

test('a plan is activated, its action done, and stood down', async () => {
  await page.goto('/dispatch?lang=en');
  await page.keyboard.press('p');
  const plan = page.locator('[data-plan="ridge-overrun"]');
  await expect(plan).toHaveAttribute('data-level', '0');
  await plan.locator('[data-act="activate"]').click();
  await expect(plan).toHaveAttribute('data-level', '1');
  await expect(plan).toContainText(/expected \d+\s*%/);
  await plan.locator('[data-action="call-in"] [data-act="done"]').click();
  await expect(plan.locator('[data-action="call-in"]')).toHaveAttribute('data-state', 'done');
  await axe(page);
  await screens(page, 'dispatch-plans');
  await plan.locator('[data-act="stand-down"]').click();
  await expect(plan).toHaveAttribute('data-level', '0');
});

test('by keyboard alone: to the suggestion, into the dialog, and out again', async () => {
  await page.goto('/dispatch?lang=en');
  await expect(suggestion()).toBeVisible();
  await suggestion().locator('[data-propose]').focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('[data-dialog="propose"]')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.locator('[data-dialog="propose"]')).toHaveCount(0);
  await expect(suggestion().locator('[data-propose]')).toBeFocused();
  await page.locator('[data-tab="floor"]').focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('[data-tab="moves"]')).toHaveAttribute('aria-selected', 'true');
});
