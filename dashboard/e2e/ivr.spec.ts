/** Voice menus: numbers like the API's, a drawing that keys and readers get about in, tables, files, addresses. */
import { expect, test, type APIRequestContext, type Page } from '@playwright/test';
import type { Day, FlowDay } from '../src/contracts/types.ts';
import { axe } from './axe.ts';
import { MENU_CALLS, wall } from './floor.ts';
import { share } from './page.ts';
import { screens } from './screens.ts';

const PERCENT = { en: ' %', zh: '%' };

async function openPage(page: Page, search = ''): Promise<void> {
  await page.goto(`/ivr${search}`);
  await expect(page.locator('[data-connection="live"]')).toBeVisible();
  await expect(page.locator('[data-figure="entered"]')).toBeVisible();
}

async function told<Answer>(request: APIRequestContext, path: string): Promise<Answer> {
  const answer = await request.get(`${wall()}${path}`);
  if (!answer.ok()) throw new Error(`${path}: ${answer.status()}`);
  return (await answer.json()) as Answer;
}

/** The day that the page shows, as the API tells it. */
async function flowDay(page: Page, request: APIRequestContext, search = ''): Promise<FlowDay> {
  const date = await page.locator('[data-date]').inputValue();
  return told<FlowDay>(request, `/v1/flows/harbour/main/days/${date}${search}`);
}

const cells = (page: Page, table: string) =>
  page
    .locator(`[data-table="${table}"] tbody tr`)
    .evaluateAll((rows) =>
      Object.fromEntries(
        rows.map((row) => [
          row.getAttribute('data-row') ?? '',
          Object.fromEntries(
            [...row.querySelectorAll('[data-cell]')].map((cell) => [
              cell.getAttribute('data-cell') ?? '',
              cell.textContent.trim(),
            ]),
          ),
        ]),
      ),
    );

for (const language of ['en', 'zh'] as const) {
  test.describe(language, () => {
    const written = (value: number | null) => (value === null ? '–' : share(value) + PERCENT[language]);

    test('figures, drawing and tables are the API’s', async ({ page, request }) => {
      await openPage(page, `?lang=${language}&flow=harbour/main`);
      const day = await flowDay(page, request);
      expect(day.counts.entered).toBe(MENU_CALLS);
      await expect(page.locator('[data-figure="entered"]')).toHaveText(String(MENU_CALLS));
      for (const [id, value] of Object.entries(day.figures))
        await expect(page.locator(`[data-share="${id}"]`)).toHaveText(written(value as number));

      for (const node of day.nodes.filter(({ counts }) => counts !== null && counts.entered > 0)) {
        const entered = (node.counts?.entered ?? 0) - node.repeats;
        const box = page.locator(`[data-flow-box="${node.id}"]`);
        await expect(box.locator('[data-box-calls]')).toHaveText(
          `${entered} · ${written(entered / MENU_CALLS)}`,
        );
        await expect(box).toContainText(node.name[language]);
      }
      const bands = await page
        .locator('path[data-band]')
        .evaluateAll((all) =>
          all.map((each): [string, string] => [
            each.getAttribute('data-band') ?? '',
            each.getAttribute('data-calls') ?? '',
          ]),
        );
      const drawn = day.links.filter(({ source, target }) => source !== target && target !== 'lost');
      expect(Object.fromEntries(bands)).toEqual(
        Object.fromEntries(drawn.map(({ source, target, value }) => [`${source}>${target}`, String(value)])),
      );
      for (const { source, value } of day.links.filter(({ target }) => target === 'lost'))
        await expect(page.locator(`[data-lost="${source}"]`)).toContainText(String(value));
      await expect(page.locator('[data-unvisited]')).toContainText({ en: 'News', zh: '公告' }[language]);
      await expect(page.locator('[data-warning="too_deep"]')).toContainText('4');
      await expect(page.locator('[data-warning="too_wide"]')).toContainText('7');

      await page.locator('[data-tab="nodes"]').click();
      const nodes = await cells(page, 'nodes');
      for (const node of day.nodes.filter(({ kind }) => kind === 'node'))
        expect(nodes[node.id]).toMatchObject({
          entered: String(node.counts?.entered),
          lost: String(node.counts?.lost),
          invalid: String(node.counts?.invalid),
          timeouts: String(node.counts?.timeouts),
          repeats: String(node.repeats),
          node_loss_rate: written(node.node_loss_rate),
        });
      expect(nodes['welcome']).toMatchObject({ repeats: '6', invalid: '6', timeouts: '6', width: '7' });

      await page.locator('[data-tab="halves"]').click();
      const date = await page.locator('[data-date]').inputValue();
      const whole = await told<Day>(request, `/v1/days/${date}/intervals?scope=harbour/main`);
      const halves = await cells(page, 'halves');
      expect(Object.keys(halves)).toEqual(whole.ivr.map(({ start }) => String(start)));
      for (const half of whole.ivr)
        expect(halves[half.start]).toMatchObject({
          label: half.label,
          entered: String(half.counts.entered),
          lost: String(half.counts.lost),
          containment: written(half.figures.containment),
        });
    });

    test('nothing for axe to find, dark and light, and no scroll bar across', async ({ page }) => {
      for (const theme of ['dark', 'light']) {
        await openPage(page, `?lang=${language}&theme=${theme}&flow=harbour/main&node=welcome`);
        await axe(page);
        await screens(page, `ivr-${language}-${theme}`);
        const across = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(across).toBeLessThanOrEqual(0);
      }
      await page.locator('[data-tab="nodes"]').click();
      await axe(page);
      await screens(page, `ivr-nodes-${language}`);
    });
  });
}

test('by keyboard from box to box; what is behind one; the address keeps it', async ({ page, request }) => {
  await openPage(page, '?lang=en&flow=harbour/main');
  await page.locator('[data-flow-box="start"]').focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('[data-flow-box="welcome"]')).toBeFocused();
  await page.keyboard.press('Enter');
  const details = page.locator('[data-box-details="welcome"]');
  const day = await flowDay(page, request);
  const welcome = day.nodes.find(({ id }) => id === 'welcome');
  await expect(details.locator('[data-fact="lost"]')).toHaveText(String(welcome?.counts?.lost));
  const out = day.links.find(({ source, target }) => source === 'welcome' && target === 'accounts');
  await expect(details.locator('[data-ways="out"] [data-way="accounts"]')).toContainText(String(out?.value));
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowLeft');
  await expect(page.locator('[data-flow-box="welcome"]')).toBeFocused();
  await expect(page).toHaveURL(/node=welcome/);
  await page.keyboard.press('v');
  await expect(page.locator('[data-table="nodes"]')).toBeVisible();
  await page.reload();
  await expect(page.locator('[data-table="nodes"]')).toBeVisible();
  await page.keyboard.press('m');
  await expect(page.locator('[data-flow]')).toHaveValue('hill/night');
  await expect(page).toHaveURL(/flow=hill\/night/);
});

test('a half-hour, another day, and a menu without a definition', async ({ page, request }) => {
  await openPage(page, '?lang=en&flow=harbour/main');
  const half = page.locator('[data-half] option').nth(1);
  const start = await half.getAttribute('value');
  await page.locator('[data-half]').selectOption(start);
  const day = await flowDay(page, request, `?start=${start}`);
  await expect(page.locator('[data-figure="entered"]')).toHaveText(String(day.counts.entered));
  await expect(page).toHaveURL(new RegExp(`half=${start}`));
  await page.locator('[data-do="before"]').click();
  await expect(page.locator('[data-void="empty"]')).toContainText('Nobody has called');
  await expect(page.locator('[data-figure="containment"]')).toHaveText('0');
  await expect(page.locator('[data-share="containment"]')).toHaveText('–');
  await page.locator('[data-do="today"]').click();
  await expect(page.locator('[data-figure="entered"]')).toHaveText(String(MENU_CALLS));
  await page.locator('[data-flow]').selectOption('hill/night');
  await expect(page.locator('[data-figure="entered"]')).toHaveText('3');
  await expect(page.locator('[data-flow-box="queue:hill/sales"] [data-box-calls]')).toContainText('2');
  await expect(page.locator('[data-lost="start"]')).toContainText('1 lost');
  await expect(page.getByText('definition is not known')).toBeVisible();
});

test('a table as a file', async ({ page }) => {
  await openPage(page, '?lang=zh&flow=harbour/main&view=links');
  const saved = page.waitForEvent('download');
  await page.locator('[data-do="csv"]').click();
  const file = await saved;
  expect(file.suggestedFilename()).toMatch(/^floorwatch-harbour-main-\d{4}-\d\d-\d\d-links\.csv$/);
  const chunks: Buffer[] = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer);
  const [head, ...lines] = Buffer.concat(chunks).toString('utf8').trim().split('\r\n');
  expect(head).toContain('来电');
  expect(lines).toContain(`来电,欢迎,35,${35 / MENU_CALLS}`);
  await expect(page.locator('[data-table="links"] tbody tr')).toHaveCount(lines.length);
});
