/** Weeks of the wall on a screen, made short: many pages turned, the server lost and found again. A trace would hold on to nodes. */
import { expect, test, type CDPSession } from '@playwright/test';
import { arrive, control, end } from './floor.ts';
import { open } from './page.ts';

/** What is left on the page after the collector has been round. */
async function left(session: CDPSession): Promise<{ heap: number; nodes: number; listeners: number }> {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const value = (name: string) => metrics.find((each) => each.name === name)?.value ?? 0;
  return { heap: value('JSHeapUsedSize'), nodes: value('Nodes'), listeners: value('JSEventListeners') };
}

test.use({ trace: 'off' });

test('pages that turn and lines that are lost leave nothing behind', async ({ page }) => {
  test.setTimeout(240_000);
  await open(page, '?turn=1&distance=16&lang=en', 'tv');
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const round = async () => {
    await control('stop');
    await expect(page.locator('[data-lost]')).toBeVisible();
    await end(await arrive('hill/sales', 20, 1), 'answered');
    await control('start');
    await expect(page.locator('[data-connection="live"]')).toBeVisible();
    for (let turn = 0; turn < 40; turn += 1) await page.keyboard.press('PageDown');
  };
  await round();
  const before = await left(session);
  await round();
  await expect(async () => {
    const after = await left(session);
    expect(after.nodes).toBeLessThan(before.nodes * 1.1);
    expect(after.listeners).toBeLessThan(before.listeners * 1.1);
    expect(after.heap - before.heap).toBeLessThan(1_000_000);
  }).toPass();
});
