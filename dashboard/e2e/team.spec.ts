/** A team lead's page on a real floor: harbour-5 is at a meal while work is planned, and the lead acts. */
import { expect, test, type Browser, type Page } from '@playwright/test';
import type { Alerts, Link, TeamTimeline } from '../src/contracts/types.ts';
import { axe } from './axe.ts';
import { signInLink, wall } from './floor.ts';
import { screens } from './screens.ts';

const TEAM = 'harbour/day';
const LATE = '[data-alert^="late-from-break|harbour-5|"]';
const LIMITS = '/v1/adherence/limits';
const NOBODY = { storageState: { cookies: [], origins: [] } };
const PERCENT = { en: ' %', zh: '%' };

type Method = 'POST' | 'PUT';

/** What a page of the floor's own asks of the API. */
async function order<Answer>(page: Page, method: Method, path: string, body: object): Promise<Answer> {
  const answer = await page.evaluate(
    async ([method, path, body]) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(path, { method, headers, body });
      return { ok: answer.ok, text: await answer.text() };
    },
    [method, path, JSON.stringify(body)] as const,
  );
  if (!answer.ok) throw new Error(`${path}: ${answer.text}`);
  return JSON.parse(answer.text) as Answer;
}

async function administer<Answer>(
  browser: Browser,
  method: Method,
  path: string,
  body: object,
): Promise<Answer> {
  const context = await browser.newContext(NOBODY);
  const admin = await context.newPage();
  await admin.goto(await signInLink('administrator'));
  const answer = await order<Answer>(admin, method, path, body);
  await context.close();
  return answer;
}

/** A lead of one team, signed in by the link of the account. */
async function lead(browser: Browser, name: string, team: string): Promise<Page> {
  await administer(browser, 'POST', '/v1/accounts', { name, role: 'team_lead', teams: [team] });
  const { path } = await administer<Link>(browser, 'POST', `/v1/accounts/${name}/link`, {});
  const page = await (await browser.newContext(NOBODY)).newPage();
  await page.goto(path);
  await order(page, 'PUT', '/v1/password', { password: 'correct horse battery', old: '' });
  return page;
}

const address = (search: string) => `/team?team=${encodeURIComponent(TEAM)}&${search}`;

/** The shares on the page, by agent and of the team. */
async function shown(page: Page): Promise<Record<string, (string | null)[]>> {
  const rows = page.locator('[data-agent]');
  const read: Record<string, (string | null)[]> = {};
  for (const row of await rows.all()) {
    const id = (await row.getAttribute('data-agent')) ?? '';
    read[id] = await row.locator('dl [data-value]').allTextContents();
  }
  read['team'] = await page
    .locator('[data-figure="adherence_rate"] [data-value], [data-figure="conformance"] [data-value]')
    .allTextContents();
  return read;
}

/** The same by the API: what the page was told when it asked last. */
function expected(told: TeamTimeline, unit: string): Record<string, string[]> {
  const share = (value: number | null) => (value === null ? '–' : (value * 100).toFixed(1));
  const withUnit = (value: number | null) => (value === null ? '–' : share(value) + unit);
  const rows = told.agents.map((each): [string, string[]] => [
    each.agent,
    [withUnit(each.shares.adherence_rate), withUnit(each.shares.conformance)],
  ]);
  return Object.fromEntries([
    ...rows,
    ['team', [share(told.shares.adherence_rate), share(told.shares.conformance)]],
  ]);
}

test('a lead sees who is late and what the day was, coaches by keyboard and excuses in one step', async ({
  browser,
}) => {
  test.slow(); // many screens
  // What the floor told of its past left gaps, of which nobody knows anything: it is out for certain since just now.
  await administer(browser, 'PUT', LIMITS, { late_from_break_s: 0 });
  const page = await lead(browser, 'Lea', TEAM);
  const card = page.locator(LATE);
  for (const language of ['en', 'zh'] as const) {
    await page.goto(address(`lang=${language}`));
    await expect(card).toContainText(
      { en: 'Late from break: harbour-5', zh: '休息超时未归：harbour-5' }[language],
    );
    await expect(page.locator('[data-agent]')).toHaveCount(6);
    await expect(page.locator('[data-agent]').first()).toHaveAttribute('data-agent', 'harbour-5');
    await expect(page.locator('[data-track]')).toHaveCount(6);
    await expect(async () => {
      // The numbers grow with the time: those on the page are of the answer that it got last.
      const [answer] = await Promise.all([
        page.waitForResponse((each) => each.url().endsWith(`/v1/teams/${TEAM}/timeline`)),
        page.reload(),
      ]);
      const told = (await answer.json()) as TeamTimeline;
      expect(told.incomplete).toBeNull();
      await expect(page.locator(`[data-as-of="${told.as_of}"]`)).toBeVisible({ timeout: 5_000 });
      expect(await shown(page)).toEqual(expected(told, PERCENT[language]));
    }).toPass();
    const theme = { en: 'light', zh: 'dark' }[language];
    await page.goto(address(`lang=${language}&theme=${theme}`));
    await expect(page.locator('[data-track]')).toHaveCount(6);
    await axe(page);
    await screens(page, `team-${language}-${theme}`);
    const across = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(across).toBeLessThanOrEqual(0);
  }

  const told = async () =>
    ((await (await page.request.get(`${wall()}/v1/alerts?team=${TEAM}`)).json()) as Alerts).alerts;
  await expect(async () => {
    const shown = await page
      .locator('[data-alert]')
      .evaluateAll((all) => all.map((each) => each.dataset['alert']));
    const open = (await told()).filter((alert) => ['firing', 'stale'].includes(alert.state));
    expect([...shown].sort()).toEqual(open.map((alert) => alert.id).sort());
  }).toPass();

  await card.locator('[data-act="coach"]').focus();
  await page.keyboard.press('Enter');
  await expect(card).toHaveAttribute('data-handled', 'coached');

  await page.setViewportSize({ width: 390, height: 844 });
  await card.locator('[data-act="excuse"]').click();
  const dialog = page.locator('[data-dialog="excuse"]');
  await axe(page);
  await dialog.locator('[data-reason]').fill('Break was moved');
  await page.screenshot({ path: '../test-results/screens/team-excuse.png' });
  await dialog.locator('[data-give]').click();
  const late = page.locator('[data-agent="harbour-5"]');
  await expect(late).toHaveAttribute('data-adherence', 'ignored');
  await expect(late.locator('[data-span="excused"]')).toHaveAttribute('title', /Break was moved \(Lea\)/);
  await expect(card).toHaveCount(0);
  const mine = (await told()).find((alert) => alert.id.startsWith('late-from-break|harbour-5'));
  expect(mine).toMatchObject({ handled: 'excused', state: 'resolved' });
});

test('a lead of another team sees none of it, and dismisses what is of no concern', async ({ browser }) => {
  const page = await lead(browser, 'Leo', 'hill/late');
  await page.goto(address('lang=en'));
  await expect(page.locator('[data-void="empty"]')).toContainText('This team is not yours');
  await expect(page.locator('[data-agent], [data-alert]')).toHaveCount(0);
  await axe(page);
  expect((await page.request.get(`${wall()}/v1/teams/${TEAM}/timeline`)).status()).toBe(404);
  await page.locator('select[data-team]').selectOption('hill/late');
  await expect(page.locator('[data-agent]')).toHaveCount(2);
  expect(new URL(page.url()).searchParams.get('team')).toBe('hill/late');
  await expect(page.locator('[data-void="empty"]')).toContainText('Nobody needs you now');

  const limits = { states: [{ state: 'not_ready', reason: 'inventory', after_s: 10 }] };
  await administer(browser, 'PUT', LIMITS, limits);
  const card = page.locator('[data-alert^="long-in-state|hill-1|"]');
  await expect(card).toContainText('Long in not ready (inventory): hill-1');
  await card.locator('[data-act="dismiss"]').click();
  await expect(page.locator('[data-toast="good"]').last()).toContainText('Dismissed');
  await expect(card).toHaveCount(0);
  const { alerts } = (await (await page.request.get(`${wall()}/v1/alerts`)).json()) as Alerts;
  const mine = alerts.filter((alert) => alert.team !== '');
  expect(new Set(mine.map((alert) => alert.team))).toEqual(new Set(['hill/late']));
  expect(mine.filter((alert) => alert.scope === 'hill-1').map((alert) => alert.handled)).toEqual([
    'dismissed',
  ]);
  await administer(browser, 'PUT', LIMITS, {});
});
