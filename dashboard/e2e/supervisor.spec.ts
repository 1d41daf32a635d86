import { expect, test, type Page } from '@playwright/test';
import type { Alerts, Day, TileView } from '../src/contracts/types.ts';
import { axe } from './axe.ts';
import { arrive, end, foresee, tiles, wall } from './floor.ts';
import { range, share } from './page.ts';
import { screens } from './screens.ts';

async function openPage(page: Page, search = ''): Promise<void> {
  await page.goto(`/supervisor${search}`);
  await expect(page.locator('[data-connection="live"]')).toBeVisible();
  // The site itself and its queues that have had contacts: nobody has called the harbour's complaints.
  await expect(page.locator('[data-table="queues"] tbody tr')).toHaveCount(
    search.includes('site=hill') ? 7 : 6,
  );
}

const PERCENT = { en: ' %', zh: '%' };

/** A site's rows as the API tells them. */
function expected(
  told: readonly TileView[],
  site: string,
  language: 'en' | 'zh',
): Record<string, Record<string, string>> {
  const mine = told.filter((tile) => tile.id === site || tile.site === site);
  const withUnit = (value: number | null) => (value === null ? '–' : share(value) + PERCENT[language]);
  return Object.fromEntries(
    mine.map((tile) => [
      tile.id,
      {
        service_level: withUnit(tile.target_ratios.service_level[tile.definition] ?? null),
        waiting: String(tile.waiting),
        possible: range(tile),
        offered: String(tile.target_counts.offered),
        abandonment: withUnit(tile.target_ratios.abandonment_rate),
      },
    ]),
  );
}

async function shown(page: Page): Promise<Record<string, Record<string, string>>> {
  return page
    .locator('[data-table="queues"] tbody tr')
    .evaluateAll((rows) =>
      Object.fromEntries(
        rows.map((row) => [
          row.getAttribute('data-row') ?? '',
          Object.fromEntries(
            [...row.querySelectorAll('[data-number]')]
              .map((each): [string, string] => [each.getAttribute('data-number') ?? '', each.textContent])
              .filter(([name]) => name !== 'longest' && name !== 'asa'),
          ),
        ]),
      ),
    );
}

for (const language of ['en', 'zh'] as const) {
  test.describe(language, () => {
    test('the numbers of queues, half-hours and agents are the API’s', async ({ page, request }) => {
      await openPage(page, `?lang=${language}&site=harbour`);
      await expect(async () => {
        expect(await shown(page)).toEqual(expected(await tiles(request), 'harbour', language));
      }).toPass();
      const tile = (await (await request.get(`${wall()}/v1/tiles/harbour`)).json()) as TileView;
      const date = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Lisbon' }).format(tile.as_of);
      await expect(async () => {
        const day = (await (
          await request.get(`${wall()}/v1/days/${date}/intervals?scope=harbour`)
        ).json()) as Day;
        for (const half of day.intervals) {
          const row = page.locator(`[data-table="day"] [data-row="${half.label}"]`);
          await expect(row.locator('[data-cell="offered"]')).toHaveText(String(half.target_counts.offered));
          await expect(row.locator('[data-cell="answered"]')).toHaveText(String(half.target_counts.answered));
          await expect(row.locator('[data-cell="abandoned"]')).toHaveText(
            String(half.target_counts.abandoned),
          );
        }
        expect(day.intervals.length).toBeGreaterThan(0);
      }).toPass();
      await expect(page.locator('[data-table="agents"] tbody tr')).toHaveCount(6);
      await expect(
        page.locator('[data-table="agents"] [data-row="harbour-5"] [data-adherence]'),
      ).toHaveAttribute('data-adherence', 'out');
    });

    test('nothing for axe to find, dark and light, at three sizes without a scroll bar across', async ({
      page,
    }) => {
      for (const theme of ['dark', 'light']) {
        await openPage(page, `?lang=${language}&site=harbour&theme=${theme}`);
        await axe(page);
        await screens(page, `supervisor-${language}-${theme}`);
        const across = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(across).toBeLessThanOrEqual(0);
      }
    });
  });
}

test('from a number to its meaning, and to the contacts behind it', async ({ page }) => {
  await openPage(page, '?lang=en&site=harbour');
  const number = page.locator('[data-row="harbour/sales"] [data-number="service_level"]');
  const text = await number.textContent();
  await number.click();
  const dialog = page.locator('[data-dialog="metric"]');
  await expect(dialog.locator('[data-value="asked"]')).toContainText(text ?? '');
  await expect(dialog.locator('[data-value="formula"]')).not.toBeEmpty();
  await dialog.locator('[data-behind]').click();
  await expect(dialog.locator('[data-equal="true"]')).toBeVisible();
  await expect(dialog.locator('[data-contact]').first()).toBeVisible();
  await axe(page);
  await page.keyboard.press('Escape');
  await expect(number).toBeFocused();
});

test('an alert is acknowledged, assigned, noted, snoozed and silenced; a colleague sees it at once', async ({
  page,
  context,
  request,
}) => {
  await openPage(page, '?lang=en&site=harbour');
  const colleague = await context.newPage();
  await openPage(colleague, '?lang=zh&site=harbour');
  const calls = await arrive('harbour/alarm', 5, 1);
  const id = 'too-many-wait|harbour/alarm';
  const card = page.locator(`[data-alert="${id}"]`);
  const theirs = colleague.locator(`[data-alert="${id}"]`);
  await expect(page.locator('[data-tray="open"]').locator(card)).toBeVisible();

  await card.locator('[data-do="acknowledge"]').click();
  await expect(page.locator('[data-toast="good"]').last()).toContainText('Acknowledged');
  await expect(page.locator('[data-tray="in_hand"]').locator(card)).toBeVisible();
  await expect(theirs.locator('[data-acknowledged]')).toBeVisible();

  await card.locator('[data-do="assign"]').click();
  await page.locator('[data-field="text"]').fill('Maria');
  await page.locator('[data-confirm]').click();
  await expect(theirs.locator('[data-assignee]')).toContainText('Maria');

  await card.locator('[data-do="note"]').click();
  await page.locator('[data-confirm]').click();
  await expect(page.locator('[data-field="text"]')).toHaveAttribute('aria-invalid', 'true');
  await axe(page);
  await page.locator('[data-field="text"]').fill('Second line is called.');
  await page.locator('[data-confirm]').click();
  await expect(theirs.locator('[data-note]')).toContainText('Second line is called.');

  await card.locator('[data-do="snooze"]').click();
  await page.locator('[data-field="minutes"]').selectOption('15');
  await page.locator('[data-confirm]').click();
  const quiet = page.locator('[data-tray="quiet"]');
  await quiet.locator('summary').click();
  await expect(quiet.locator(card).locator('[data-snoozed]')).toBeVisible();
  await card.locator('[data-do="wake"]').click();
  await expect(page.locator('[data-tray="in_hand"]').locator(card)).toBeVisible();

  await card.locator('[data-do="silence"]').click();
  await page.locator('[data-field="text"]').fill('a drill');
  await page.locator('[data-confirm]').click();
  await expect(card.locator('[data-hidden]')).toHaveCount(1);
  await page.locator('[data-silences] summary').click();
  await page.locator('[data-silences]').getByText('a drill').waitFor();
  await page.locator('[data-do="end-silence"]').click();
  await expect(page.locator('[data-silences]')).toHaveCount(0);
  await expect(card.locator('[data-hidden]')).toHaveCount(0);

  const told = (await (await request.get(`${wall()}/v1/alerts`)).json()) as Alerts;
  const alert = told.alerts.find((each) => each.id === id);
  expect(alert).toMatchObject({ assignee: 'Maria', snoozed_until: null });
  expect(alert?.notes.map((note) => note.text)).toEqual(['Second line is called.']);
  await end(calls, 'answered');
  await expect(page.locator('[data-tray="over"]').locator(card)).toHaveCount(1);
  await colleague.close();
});

test('a proposed plan is activated, its action is done, and it is stood down', async ({ page }) => {
  await openPage(page, '?lang=zh&site=harbour');
  const calls = await arrive('harbour/alarm', 5, 1);
  const card = page.locator('[data-plan="card-lock"]');
  await expect(card).toHaveAttribute('data-proposed', '1');
  await card.locator('[data-do="activate"]').click();
  await page.locator('[data-field="text"]').fill('停电');
  await axe(page);
  await page.locator('[data-confirm]').click();
  await expect(card).toHaveAttribute('data-level', '1');
  await card.locator('[data-act="done"]').click();
  await expect(card.locator('[data-action="second-line"]')).toHaveAttribute('data-state', 'done');
  await end(calls, 'answered');
  await card.locator('[data-do="stand-down"]').click();
  await page.locator('[data-confirm]').click();
  await expect(card).toHaveCount(0);
});

test('what somebody else has changed meanwhile is not done, and shown as it is now', async ({
  page,
  request,
}) => {
  await openPage(page, '?lang=en&site=harbour');
  const calls = await arrive('harbour/alarm', 5, 1);
  const card = page.locator('[data-alert="too-many-wait|harbour/alarm"]');
  await card.locator('[data-do="note"]').click();
  await page.locator('[data-field="text"]').fill('mine');
  // The page's own line is held, so that it still shows what was.
  await page.route('**/notes', async (route) => {
    const other = `${wall()}/v1/alerts/too-many-wait%7Charbour%2Falarm/acknowledge`;
    expect((await request.post(other)).status()).toBe(200);
    await route.continue();
  });
  await page.locator('[data-confirm]').click();
  await expect(page.locator('[data-toast="bad"]')).toContainText('somebody changed it meanwhile');
  await page.unroute('**/notes');
  await expect(card.locator('[data-acknowledged]')).toBeVisible();
  await page.locator('[data-confirm]').click();
  await expect(card.locator('[data-note]').last()).toContainText('mine');
  await end(calls, 'answered');
});

test('by keyboard: to the alerts and the day, sites, order of the table, help; the address keeps it', async ({
  page,
}) => {
  await openPage(page, '?lang=en');
  await expect(page).toHaveURL(/site=harbour/);
  await page.keyboard.press('Tab');
  await expect(page.locator('.skip')).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('a');
  await expect(page.locator('#inbox')).toBeFocused();
  await page.keyboard.press('h');
  await expect(page.locator('#day')).toBeFocused();
  await page.locator('[data-table="queues"] [data-sort="offered"]').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await expect(page.locator('[data-table="queues"] th[aria-sort="descending"]')).toBeVisible();
  await expect(page.locator('[data-table="queues"] tbody tr').first()).toHaveAttribute('data-row', 'harbour');
  await page.keyboard.press('s');
  await expect(page).toHaveURL(/site=hill/);
  await expect(page.locator('[data-row="hill/sales"]').first()).toBeVisible();
  await page.keyboard.press('t');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.keyboard.press('?');
  await expect(page.locator('[data-dialog="help"]')).toContainText('Next site');
  await page.keyboard.press('Escape');
  await page.reload();
  await expect(page.locator('[data-site]')).toHaveValue('hill');
  await page.goBack();
});

test('the day as a file, and on paper', async ({ page }) => {
  await openPage(page, '?lang=zh&site=harbour&queue=harbour/sales');
  await expect(page.locator('[data-table="day"] tbody tr').first()).toBeVisible();
  const saved = page.waitForEvent('download');
  await page.locator('[data-do="csv"]').click();
  const file = await saved;
  expect(file.suggestedFilename()).toMatch(/^floorwatch-harbour-sales-\d{4}-\d\d-\d\d\.csv$/);
  const chunks: Buffer[] = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer);
  const [head, ...lines] = Buffer.concat(chunks).toString('utf8').trim().split('\r\n');
  expect(head).toContain('时段');
  const rows = await page.locator('[data-table="day"] tbody tr').count();
  expect(lines).toHaveLength(rows);
  await page.emulateMedia({ media: 'print' });
  await expect(page.locator('[data-bar]')).toBeHidden();
  await expect(page.locator('[data-table="queues"]')).toBeHidden();
  await expect(page.locator('[data-table="day"]')).toBeVisible();
  await page.screenshot({ path: '../test-results/screens/supervisor-print.png', fullPage: true });
});

test('the forecast: how to bring one; then beside the day, with the API’s numbers, in the file and on paper', async ({
  page,
  request,
}) => {
  await openPage(page, '?lang=zh&site=harbour&queue=harbour/loans');
  const hint = page.locator('[data-hint="forecast"]');
  const line = page.locator('[data-chart] [data-line="forecast"]');
  await expect(hint).toContainText('floorwatch forecasts import');
  await expect(line).toHaveCount(0);
  await expect(page.locator('[data-table="day"] [data-sort="forecast"]')).toHaveCount(0);

  await foresee('harbour/loans', (index) => index * 2.5);
  await page.reload();
  await expect(line).toHaveCount(1);
  await expect(hint).toHaveCount(0);
  const tile = (await (await request.get(`${wall()}/v1/tiles/harbour`)).json()) as TileView;
  const date = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Lisbon' }).format(tile.as_of);
  const told = async (scope: string) =>
    (await (await request.get(`${wall()}/v1/days/${date}/intervals?scope=${scope}`)).json()) as Day;
  const one = (value: number | null | undefined) =>
    value?.toLocaleString('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 }) ?? '–';
  await expect(async () => {
    const day = await told('harbour/loans');
    const halves = day.forecast?.half_hours ?? [];
    expect(halves.length).toBeGreaterThanOrEqual(46);
    const seen = await page
      .locator('[data-table="day"] tbody tr')
      .evaluateAll((rows) =>
        rows.map((row) =>
          ['label', 'forecast', 'forecast_aht', 'required', 'beside'].map(
            (key) => row.querySelector(`[data-cell="${key}"]`)?.textContent.trim() ?? '',
          ),
        ),
      );
    expect(seen.map((row) => row.slice(0, 4))).toEqual(
      halves.map((half) => [half.label, one(half.contacts), one(half.aht_s), one(half.required)]),
    );
    const [came] = day.intervals;
    const expected = halves.find((half) => half.start === came?.start);
    const beside = (came?.target_counts.offered ?? 0) - (expected?.contacts ?? 0);
    expect(seen.find((row) => row[0] === came?.label)?.[4]).toBe(
      beside.toLocaleString('zh-CN', { signDisplay: 'exceptZero', maximumFractionDigits: 1 }),
    );
  }).toPass();
  await expect(page.locator('[data-chart] figcaption')).toContainText('预测业务量');
  await expect(page.locator('[data-chart] svg[role="img"]')).toHaveAttribute('aria-label', /预测同期/);
  await axe(page);
  await screens(page, 'supervisor-forecast-zh');

  const saved = page.waitForEvent('download');
  await page.locator('[data-do="csv"]').click();
  const chunks: Buffer[] = [];
  for await (const chunk of await (await saved).createReadStream()) chunks.push(chunk as Buffer);
  const [head, ...rows] = Buffer.concat(chunks).toString('utf8').trim().split('\r\n');
  const column = head?.split(',').indexOf('预测业务量') ?? -1;
  expect(rows.map((row) => Number(row.split(',')[column]))).toEqual(
    (await told('harbour/loans')).forecast?.half_hours.map((half) => half.contacts),
  );
  await page.emulateMedia({ media: 'print' });
  await expect(line).toHaveCount(1);
  await expect(page.locator('[data-table="day"] [data-sort="forecast"]')).toBeVisible();
  await page.emulateMedia({ media: null });

  // Of the whole site, queues without a forecast are named.
  await openPage(page, '?lang=en&site=harbour');
  await expect(hint).toContainText('The forecast lacks:');
  await expect(hint).toContainText('Sales');
  await expect(hint).not.toContainText('Loans');
});

test('boxes do not move when numbers change', async ({ page }) => {
  await openPage(page, '?lang=en&site=hill');
  const where = () =>
    page.locator('[data-table="queues"] td').evaluateAll((cells) =>
      cells.map((cell) => {
        const { x, y, width, height } = cell.getBoundingClientRect();
        return [x, y, width, height].map((each) => each.toFixed(1)).join(' ');
      }),
    );
  const number = page.locator('[data-row="hill/quiet"] [data-number="waiting"]');
  await expect(number).toHaveText('0');
  await page.locator('[data-table="queues"] [data-sort="name"]').click();
  const before = await where();
  const calls = await arrive('hill/quiet', 3);
  await expect(number).toHaveText('3');
  expect(await where()).toEqual(before);
  await end(calls, 'answered');
});
