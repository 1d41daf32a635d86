/** Roll-ups, agents, teams and all figures of the details: what stands there is what the API says. */
import { expect, test, type APIRequestContext, type Locator, type Page } from '@playwright/test';
import type { Evidence, TileView } from '../src/contracts/types.ts';
import { axe } from './axe.ts';
import { AGENTS, arrive, end, metrics, teams, tiles } from './floor.ts';
import { minutes, open, range, share, strip, type Read } from './page.ts';

async function tile(request: APIRequestContext, id: string): Promise<TileView> {
  const found = (await tiles(request)).find((each) => each.id === id);
  if (!found) throw new Error(`the API has no tile ${id}`);
  return found;
}

/** Texts of some values in a part of the page. */
async function values(part: Locator, names: string): Promise<Read> {
  const found = await part
    .locator('[data-value]')
    .evaluateAll((all) =>
      all.map((each) => [each.getAttribute('data-value') ?? '', each.textContent.trim()] as const),
    );
  return Object.fromEntries(found.filter(([name]) => names.split(' ').includes(name)));
}

/** Every row of figures in the details, as the API has it. */
function figures(view: TileView, unit: string): Read {
  const { target_ratios: ratios, target_counts: counts, outlook } = view;
  const percent = (value: number | null | undefined) => (value == null ? '–' : share(value) + unit);
  const agents: Read = view.agents
    ? {
        signed_in: String(view.agents.signed_in),
        occupancy: percent(view.agents.occupancy),
        utilisation: percent(view.agents.utilisation),
        adherence_rate: percent(view.agents.adherence_rate),
        conformance: percent(view.agents.conformance),
        shrinkage_planned: percent(view.agents.shrinkage_planned),
        shrinkage_actual: percent(view.agents.shrinkage_actual),
      }
    : {};
  return {
    [`service_level.${view.definition}`]: percent(ratios.service_level[view.definition]),
    'outlook.worst': percent(outlook?.worst[view.definition]),
    'outlook.best': percent(outlook?.best[view.definition]),
    'outlook.already_lost': String(outlook?.already_lost ?? '–'),
    'outlook.still_to_win': String(outlook?.still_to_win ?? '–'),
    waiting: String(view.waiting),
    mean_length: view.mean_length === null ? '–' : view.mean_length.toFixed(1),
    estimated_wait_s: minutes(view.estimated_wait_s),
    ...(view.ghosts > 0 ? { ghosts: String(view.ghosts) } : {}),
    offered: String(counts.offered),
    answered: String(counts.answered),
    answer_rate: percent(ratios.answer_rate),
    abandonment_rate: percent(ratios.abandonment_rate),
    flow_out_rate: percent(ratios.flow_out_rate),
    asa_s: minutes(ratios.asa_s),
    wait_abandoned_s: minutes(ratios.wait_abandoned_s),
    aht_s: minutes(ratios.aht_s),
    talk_s: minutes(ratios.talk_s),
    hold_s: minutes(ratios.hold_s),
    wrap_up_s: minutes(ratios.wrap_up_s),
    ...agents,
  };
}

async function shownFigures(details: Locator): Promise<Read> {
  const rows = await details
    .locator('[data-metric]')
    .evaluateAll((found) =>
      found.map((row) => [
        row.getAttribute('data-metric') ?? '',
        row.querySelector('[data-value]')?.firstChild?.textContent?.trim() ?? '',
      ]),
    );
  const { oldest_offered_at: ticking, ...shown } = Object.fromEntries(rows) as Read;
  expect(ticking).toMatch(/^–|\d+:\d\d$/);
  return shown;
}

async function details(page: Page, id: string): Promise<Locator> {
  await page.locator(`[data-open="${id}"]`).click();
  const dialog = page.locator('[data-dialog="details"]');
  await expect(dialog.locator('[data-metric]').first()).toBeVisible();
  return dialog;
}

for (const [language, unit] of [
  ['en', ' %'],
  ['zh', '%'],
] as const) {
  for (const id of ['harbour/sales', 'hill/claims', 'harbour', 'region:iberia', 'all']) {
    test(`${language}: every figure in the details of ${id} is the API’s, and each is explained by the catalogue`, async ({
      page,
      request,
    }) => {
      await open(page, `?lang=${language}`);
      const dialog = await details(page, id);
      await expect(async () =>
        expect(await shownFigures(dialog)).toEqual(figures(await tile(request, id), unit)),
      ).toPass();
      const told = new Map((await metrics(request)).map((each) => [each.id, each]));
      const rows = await dialog
        .locator('[data-metric]')
        .evaluateAll((found) =>
          found.map((row) => [
            row.getAttribute('data-metric') ?? '',
            ...[...row.children].map((cell) => cell.textContent.trim()),
          ]),
        );
      expect(rows.map(([metric, name, , meaning]) => [metric, name, meaning])).toEqual(
        rows.map(([metric = '']) => [
          metric,
          told.get(metric)?.name[language],
          told.get(metric)?.formula[language],
        ]),
      );
      if (id === 'harbour/sales' || id === 'all') await axe(page); // queues and sites have the same parts each
      await page.screenshot({
        path: `../test-results/screens/details-${id.replace(/\W/g, '-')}-${language}.png`,
      });
    });
  }

  test(`${language}: roll-ups of sites and regions, teams and agents by state on the wall are the API’s`, async ({
    page,
    request,
  }) => {
    await open(page, `?lang=${language}`);
    await expect(async () => {
      const told = await tiles(request);
      for (const view of told.filter((each) => each.level === 'site')) {
        const head = page.locator(`[data-site="${view.id}"] > header`);
        const read = await values(
          head.locator(':scope > *:not([data-team])'),
          'waiting agents_available agents_on_contact agents_wrap_up agents_not_ready',
        );
        expect(read).toEqual({ waiting: String(view.waiting), ...strip(view) });
        await expect(head.locator('[data-value="possible"]')).toHaveText(
          range(view) + (range(view) === '–' ? '' : unit),
        );
      }
      const regions = told.filter((each) => each.level === 'region');
      expect(regions.map((each) => each.id)).toEqual(['region:asia', 'region:iberia']);
      for (const view of regions) {
        const card = page.locator(`[data-region="${view.id}"]`);
        expect(await values(card, 'waiting agents_available')).toEqual({
          waiting: String(view.waiting),
          agents_available: strip(view)['agents_available'],
        });
      }
      for (const team of await teams(request)) {
        const row = page.locator(`[data-team="${team.id}"]`);
        expect(
          await values(row, 'agents_available agents_on_contact agents_wrap_up agents_not_ready agents_out'),
        ).toEqual({ ...strip(team), agents_out: String(team.agents.adherence['out'] ?? 0) });
      }
    }).toPass();
  });
}

test('agents: four groups that add up to who is signed in; who is at a meal without a plan for it is out', async ({
  page,
  request,
}) => {
  await open(page);
  await expect
    .poll(async () => (await tile(request, 'harbour')).agents?.by_state)
    .toEqual({ available: 2, talking: 1, hold: 1, wrap_up: 1, 'not_ready:meal': 1 });
  const dialog = await details(page, 'harbour');
  const state = (name: string) => dialog.locator(`[data-state="${name}"]`);
  await expect(state('available')).toContainText('Available 2');
  await expect(state('not_ready:meal')).toContainText('Not ready: Meal 1');
  await expect(dialog.locator('[data-adherence="out"]')).toContainText('Out 1');
  await expect(dialog.locator('[data-adherence="in"]')).toContainText('In 5');
  await expect(dialog.locator('[data-team-row="harbour/day"]')).toContainText('Day team');
  expect(Object.keys(AGENTS).filter((agent) => agent.startsWith('harbour'))).toHaveLength(6);
});

test('how long the first is available counts up by the feed’s clock', async ({ page }) => {
  await open(page);
  const dialog = await details(page, 'harbour');
  const longest = dialog.locator('[data-state="available"] small');
  const seconds = async () => {
    const [, m = '0', s = '0'] = /(\d+):(\d\d)$/.exec((await longest.textContent()) ?? '') ?? [];
    return Number(m) * 60 + Number(s);
  };
  const first = await seconds();
  expect(first).toBeGreaterThanOrEqual(130);
  await expect.poll(seconds).toBeGreaterThanOrEqual(first + 2);
});

test('a contact that nobody has heard of for long is a ghost: marked, explained, and not waiting', async ({
  page,
  request,
}) => {
  await open(page);
  await expect.poll(async () => (await tile(request, 'hill/claims')).ghosts).toBe(1);
  const box = page.locator('[data-queue="hill/claims"]');
  await expect(box.locator('[data-ghosts]')).toContainText('Ghosts: 1');
  await expect(page.locator('[data-queue="harbour/claims"] [data-ghosts]')).toHaveCount(0);
  const dialog = await details(page, 'hill/claims');
  await expect(dialog.locator('[data-value="ghosts"]')).toHaveText('1');
  await expect(dialog).toContainText('whose end nobody has told');
});

test('flow-outs by reason, holds and transfers stand in the details', async ({ page, request }) => {
  await open(page);
  const dialog = await details(page, 'harbour/sales');
  await expect(async () => {
    const { details: told } = await tile(request, 'harbour/sales');
    expect(told).toMatchObject({ held: 4, transferred_blind: 1, flow_outs: { overflow: 2, callback: 1 } });
    await expect(dialog.locator('[data-detail="held"]')).toHaveText(String(told.held));
    await expect(dialog.locator('[data-detail="transferred_blind"]')).toHaveText('1');
    await expect(dialog.locator('[data-flow-out="overflow"]')).toHaveText('2');
    await expect(dialog.locator('[data-flow-out="callback"]')).toHaveText('1');
  }).toPass();
});

test('the running half-hour: offered so far, what is possible, and that there are no earlier weeks yet', async ({
  page,
  request,
}) => {
  await open(page);
  const dialog = await details(page, 'harbour/cards');
  await expect(async () => {
    const { running } = await tile(request, 'harbour/cards');
    if (!running) throw new Error('there is a running half-hour');
    const part = dialog.locator(`[data-running="${running.start}"]`);
    await expect(part.locator('[data-value="running_offered"]')).toHaveText(String(running.counts.offered));
    await expect(part.locator('[data-value="running_lost"]')).toHaveText(
      String(running.outlook.already_lost),
    );
    await expect(part).toContainText('no earlier weeks yet');
    expect(running.earlier_offered).toBeNull();
  }).toPass();
});

test('already lost and still to win change places as T passes, and the range narrows to one number', async ({
  page,
}) => {
  await open(page);
  const calls = await arrive('hill/cards', 3, 17);
  const box = page.locator('[data-queue="hill/cards"]');
  const read = async () => [
    await box.locator('[data-value="lost"]').textContent(),
    await box.locator('[data-value="to_win"]').textContent(),
  ];
  await expect.poll(read).toEqual(['3', '0']);
  await expect(box.locator('[data-status]')).toHaveAttribute('data-status', 'provisional');
  await expect(box.locator('[data-value="possible"]')).toHaveText(/^\d+$/);
  await end(calls, 'answered');
  await expect.poll(read).toEqual(['0', '0']);
  await expect(box.locator('[data-status]')).toHaveAttribute('data-status', 'final');
});

for (const [language, same] of [
  ['en', 'the same'],
  ['zh', '一致'],
] as const) {
  test(`${language}: the contacts behind a number, of the rolling and of a clock half-hour, are as many as it counts`, async ({
    page,
    request,
  }) => {
    await open(page, `?lang=${language}`);
    const dialog = await details(page, 'harbour/cards');
    for (const which of ['rolling', /^\d+$/] as const) {
      const buttons = dialog.locator('[data-behind]');
      const names = await buttons.evaluateAll((all) =>
        all.map((each) => each.getAttribute('data-behind') ?? ''),
      );
      const name = names.find((each) => (which === 'rolling' ? each === which : which.test(each))) ?? '';
      await dialog.locator(`[data-behind="${name}"]`).click();
      const evidence = dialog.locator(`[data-evidence="${name}"]`);
      await expect(evidence.locator('[data-equal]')).toContainText(same);
      const query = name === 'rolling' ? 'window=rolling' : `interval=${name}`;
      const told = (await (
        await request.get(`/v1/contacts?queue=harbour/cards&${query}`)
      ).json()) as Evidence;
      expect(told.total).toBe(told.published.offered);
      await expect(evidence.locator('[data-value="evidence_total"]')).toHaveText(String(told.total));
      await expect(evidence.locator('[data-contact]')).toHaveCount(told.contacts.length);
      const shown = await evidence
        .locator('[data-contact]')
        .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-contact')));
      expect(shown).toEqual(told.contacts.map((each) => each.contact));
    }
    await axe(page);
    await page.screenshot({ path: `../test-results/screens/evidence-${language}.png` });
  });
}
