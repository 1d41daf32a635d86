/** The administrator's area: feeds and dead letters with the API's numbers, channels. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test, type Browser, type Page } from '@playwright/test';
import type { Forecast, Letters, TileView, Traffic } from '../src/contracts/types.ts';
import { axe } from './axe.ts';
import { refuse, signInLink, wall } from './floor.ts';
import { screens } from './screens.ts';

const run = promisify(execFile);
const NOBODY = { storageState: { cookies: [], origins: [] } };
let admin: Page;

async function administrator(browser: Browser): Promise<Page> {
  const page = await (await browser.newContext(NOBODY)).newPage();
  await page.goto(await signInLink('administrator'));
  return page;
}

test.beforeAll(async ({ browser }) => {
  admin = await administrator(browser);
});

async function asked<Answer>(path: string): Promise<Answer> {
  return (await (await admin.request.get(`${wall()}${path}`)).json()) as Answer;
}

test('feeds: how fresh, and what came in lately, as the API counts it', async () => {
  await refuse();
  await admin.goto('/admin?lang=en&part=feeds');
  const row = admin.locator('[data-table="sources"] [data-row="e2e"]');
  await expect(row.locator('[data-freshness="fresh"]')).toBeVisible();
  await expect(async () => {
    await admin.getByRole('button', { name: 'Count now' }).click();
    const told = await asked<Traffic>('/v1/feeds/traffic?minutes=15');
    const e2e = told.sources.find((source) => source.source === 'e2e');
    expect(e2e?.rejected).toBeGreaterThan(0);
    for (const cell of ['taken', 'repeated', 'rejected', 'uncounted'] as const)
      expect(await row.locator(`[data-cell="${cell}"]`).innerText()).toBe(e2e?.[cell].toLocaleString('en'));
  }).toPass();
  await axe(admin);
  await screens(admin, 'admin-feeds-en');
  await row.locator('[data-cell="rejected"] a').click();
  await expect(admin).toHaveURL(/part=letters&source=e2e/);
});

test('dead letters: newest first, searched, as text, in Chinese', async () => {
  await admin.goto('/admin?lang=zh&part=letters');
  const told = await asked<Letters>('/v1/dead-letters?limit=50');
  await expect(admin.locator('[data-letter]').first()).toHaveAttribute(
    'data-letter',
    String(told.letters[0]?.offset),
  );
  await expect(admin.locator('[data-record]').first()).toContainText('<b>');
  await axe(admin);
  await screens(admin, 'admin-letters-zh');
  await admin.getByLabel('文字').fill('no-such-thing');
  await admin.keyboard.press('Enter');
  await expect(admin.locator('[data-void="empty"]')).toContainText('没有符合条件');
  await expect(admin).toHaveURL(/text=no-such-thing/);
  const [file] = await Promise.all([
    admin.waitForEvent('download'),
    (async () => {
      await admin.getByRole('button', { name: '清除' }).click();
      await admin.getByRole('button', { name: /CSV/ }).click();
    })(),
  ]);
  expect(file.suggestedFilename()).toBe('dead-letters.csv');
});

test('the floor: a queue gets another target, which holds at once and stands in the journal', async () => {
  await admin.goto('/admin?lang=en&part=floor');
  await admin.getByRole('button', { name: 'Change hill/quiet' }).click();
  const dialog = admin.locator('[data-dialog="queue"]');
  await dialog.locator('[data-field="target_percent"]').fill('101');
  await admin.keyboard.press('Enter');
  await expect(dialog.locator('[data-field="target_percent"]')).toHaveAttribute('aria-invalid', 'true');
  await axe(admin);
  await screens(admin, 'admin-queue-en');
  await dialog.locator('[data-field="target_percent"]').fill('77');
  await dialog.getByLabel('Why').fill('agreed with the business');
  await admin.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(admin.locator('[data-row="hill/quiet"]')).toContainText('77 % in 20 s');
  await axe(admin);
  await screens(admin, 'admin-floor-en');
  await expect
    .poll(async () => (await asked<{ target_percent: number }>('/v1/tiles/hill/quiet')).target_percent)
    .toBe(77);
  const told = await asked<{ entries: { why: string; changes: object }[] }>(
    '/v1/journal?kind=floor_step&subject=queue|hill/quiet',
  );
  expect(told.entries[0]).toMatchObject({
    why: 'agreed with the business',
    changes: { target_percent: '77.0' },
  });
});

test('schedules: a file is checked line by line before it is taken, in Chinese', async () => {
  await admin.goto('/admin?lang=zh&part=schedules');
  const rows = [
    'agent,site,date,activity,start,end',
    'hill-1,hill,2026-03-02,on_queue,07:00,10:00',
    'hill-0,hill,2026-03-02,sleeping,07:00,10:00',
  ];
  await admin
    .getByLabel('文件', { exact: true })
    .setInputFiles({ name: 'plan.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) });
  await admin.getByRole('button', { name: '检查文件' }).click();
  await expect(admin.locator('[data-value="things"]')).toHaveText('1');
  await expect(admin.locator('[data-table="faults"] tbody tr')).toHaveCount(1);
  await expect(admin.locator('[data-table="faults"]')).toContainText('line 3');
  await axe(admin);
  await screens(admin, 'admin-schedules-zh');
  await admin.locator('[data-take]').click();
  await expect(admin.locator('[data-take]')).toBeHidden();
});

test('forecasts: a bad line is told and costs its half-hour, the rest is taken and told by the API', async () => {
  await admin.goto('/admin?lang=en&part=forecasts');
  const rows = [
    'queue,date,start,contacts',
    'hill/sales,2026-03-02,09:00,12.5',
    'hill/sales,2026-03-02,09:30,many',
  ];
  await admin
    .getByLabel('File', { exact: true })
    .setInputFiles({ name: 'forecast.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) });
  await admin.getByRole('button', { name: 'Check the file' }).click();
  await expect(admin.locator('[data-value="things"]')).toHaveText('1');
  await expect(admin.locator('[data-value="lost"]')).toHaveText('1');
  await expect(admin.locator('[data-table="faults"]')).toContainText('line 3');
  await axe(admin);
  await screens(admin, 'admin-forecasts-en');
  await admin.locator('[data-take]').click();
  await expect(admin.locator('[data-take]')).toBeHidden();
  await expect
    .poll(async () => (await asked<Forecast>('/v1/forecasts?queue=hill/sales&date=2026-03-02')).half_hours)
    .toMatchObject([{ label: '09:00', contacts: 12.5 }]);
});

test('first steps: a key is made, and the command that is shown sends an event that is counted', async () => {
  const offered = async () => (await asked<TileView>('/v1/tiles/hill/quiet')).target_counts.offered;
  const before = await offered();
  await admin.goto('/admin?lang=en&part=start');
  await admin.getByRole('button', { name: 'Make a key' }).click();
  await expect(admin.locator('[data-secret]')).toContainText('fw_');
  await admin.getByLabel('Queue', { exact: true }).fill('hill/quiet');
  const command = (await admin.locator('[data-command]').textContent()) ?? '';
  await expect(async () => {
    const { stdout } = await run('bash', ['-c', command]); // ingest hears of the key a moment later
    expect(JSON.parse(stdout)).toMatchObject({ accepted: 2, rejected: 0 });
  }).toPass();
  await expect.poll(offered).toBeGreaterThan(before);
  await expect(admin.locator('[data-step="see"]')).toHaveAttribute('data-standing', 'done');
  await axe(admin);
  await screens(admin, 'admin-start-en');
});

test('channels: none is set up, and the page says how', async () => {
  await admin.goto('/admin?lang=en&part=channels');
  await expect(admin.locator('[data-void="empty"]').first()).toContainText('There is no channel yet');
  await axe(admin);
  await screens(admin, 'admin-channels-en');
});
