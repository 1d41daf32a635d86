/** People come in, change their password and go out; an administrator makes accounts, keys, and lets screens in. */
import { expect, test, type Browser, type Page } from '@playwright/test';
import { axe } from './axe.ts';
import { signInLink, wall } from './floor.ts';
import { screens } from './screens.ts';

const NOBODY = { storageState: { cookies: [], origins: [] } };
const PASSWORD = 'correct horse battery';

async function administrator(browser: Browser): Promise<Page> {
  const page = await (await browser.newContext(NOBODY)).newPage();
  await page.goto(await signInLink('administrator'));
  return page;
}

test('an account is made, its person sets a password by the link, signs out and in again', async ({
  browser,
}) => {
  const admin = await administrator(browser);
  await admin.goto('/accounts?lang=en');
  await expect(admin.locator('[data-void="empty"], [data-table="accounts"]')).toBeVisible();
  await axe(admin);
  await admin.getByRole('button', { name: 'Add an account' }).click();
  await admin.getByLabel('Name').fill('Ana Reis');
  await admin.getByLabel('Role').selectOption('supervisor');
  await admin.getByLabel('Sites').fill('harbour');
  await axe(admin);
  await admin.keyboard.press('Enter');
  const link = (await admin.locator('[data-dialog="once"] [data-secret]').textContent()) ?? '';
  expect(link).toContain(`${wall()}/sign-in?token=`);
  await admin.keyboard.press('Escape');
  await expect(admin.locator('[data-row="Ana Reis"]')).toContainText('no password yet');
  await screens(admin, 'accounts');

  const ana = await (await browser.newContext(NOBODY)).newPage();
  await ana.goto(link);
  const dialog = ana.locator('[data-dialog="password"]');
  await expect(dialog).toBeVisible();
  await axe(ana);
  await dialog.getByLabel('New password', { exact: true }).fill('short');
  await dialog.getByLabel('New password again').fill('short');
  await ana.keyboard.press('Enter');
  await expect(dialog).toContainText('shorter than 12');
  await dialog.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await dialog.getByLabel('New password again').fill(PASSWORD);
  await ana.keyboard.press('Enter');
  await expect(dialog).toBeHidden();

  await ana.goto('/devices?lang=zh');
  await expect(ana.getByRole('heading', { name: '屏幕' })).toBeVisible();
  await ana.locator('[data-account] summary').click();
  await ana.getByRole('button', { name: '退出登录' }).click();
  // The notice comes with the end of the session, the page at the beginning a moment later.
  await ana.waitForURL(({ pathname }) => pathname !== '/devices');
  await expect(ana.locator('[data-notice="sign-in"]')).toBeVisible();

  await ana.goto('/devices?lang=zh');
  await expect(ana.locator('[data-notice="sign-in"]')).toBeVisible();
  await axe(ana);
  await screens(ana, 'sign-in-form');
  await ana.getByLabel('姓名').fill('ana reis');
  await ana.getByLabel('密码', { exact: true }).fill('not the password');
  await ana.keyboard.press('Enter');
  await expect(ana.locator('[data-notice="sign-in"]')).toContainText('不匹配');
  await ana.getByLabel('密码', { exact: true }).fill(PASSWORD);
  await ana.keyboard.press('Enter');
  await expect(ana.getByRole('heading', { name: '屏幕' })).toBeVisible();
  const session = (await (await ana.request.get(`${wall()}/v1/session`)).json()) as {
    name: string;
    sites: string[];
  };
  expect([session.name, session.sites]).toEqual(['Ana Reis', ['harbour']]);
  await ana.goto('/accounts');
  await expect(ana.locator('[data-notice="not-yours"]')).toBeVisible();
});

test('a key is shown once, opens the API and is revoked', async ({ browser, playwright }) => {
  const admin = await administrator(browser);
  await admin.goto('/accounts?lang=en&tab=keys');
  await admin.getByRole('button', { name: 'Make a key' }).click();
  await admin.getByLabel('Name').fill('roster');
  await admin.keyboard.press('Enter');
  const secret = (await admin.locator('[data-secret]').textContent()) ?? '';
  await admin.keyboard.press('Escape');
  const program = await playwright.request.newContext({
    ...NOBODY,
    extraHTTPHeaders: { authorization: `Bearer ${secret}` },
  });
  expect((await program.get(`${wall()}/v1/tiles`)).status()).toBe(200);
  await axe(admin);
  await screens(admin, 'keys');
  await admin.getByRole('button', { name: 'Revoke roster' }).click();
  await admin.locator('[data-dialog="revoke"] [data-confirm]').click();
  await expect(admin.locator('[data-table="keys"]')).toContainText('revoked');
  expect((await program.get(`${wall()}/v1/tiles`)).status()).toBe(401);
  await program.dispose();
});

test('a screen is let in by its code and sent away', async ({ browser, playwright }) => {
  const screen = await playwright.request.newContext(NOBODY);
  const offer = (await (await screen.post(`${wall()}/v1/devices`)).json()) as {
    code: string;
    secret: string;
    path: string;
  };
  const claim = { data: { code: offer.code, secret: offer.secret } };
  const admin = await administrator(browser);
  await admin.goto(`${offer.path}&lang=en`);
  await expect(admin.getByLabel('Code on the screen')).toHaveValue(offer.code);
  await admin.getByLabel('What the screen is called').fill('Hall');
  await admin.keyboard.press('Enter');
  await expect(admin.locator('[data-table="screens"]')).toContainText('Hall');
  await axe(admin);
  await screens(admin, 'devices');
  expect(await (await screen.post(`${wall()}/v1/devices/claim`, claim)).json()).toEqual({
    state: 'approved',
  });
  expect((await screen.get(`${wall()}/v1/tiles`)).status()).toBe(200);

  await admin.getByRole('button', { name: 'Send away Hall' }).click();
  await admin.locator('[data-dialog="send-away"] [data-confirm]').click();
  await expect(admin.locator('[data-table="screens"]')).toContainText('sent away');
  expect((await screen.get(`${wall()}/v1/tiles`)).status()).toBe(401);
  await screen.dispose();
});
