/** The wall and its dialogs in the pseudo-language: what stands there without brackets was not taken from the catalogue. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Alert, DayView, Definitions, ServerMessage, Snapshot } from '../../src/contracts/types.ts';
import { en } from '../../src/i18n/en.ts';
import type { Page } from '../../src/page/page.svelte.ts';
import WallPage from '../../src/wall/WallPage.svelte';
import type { HandClock } from '../clock.ts';
import { agentsNow, METRICS, REGION, RICH, TEAM } from '../rich.ts';
import { sample } from '../samples.ts';
import { inPseudo, stage, strangers, texts as textsOf, type Stage } from './stage.ts';

/** Words that belong to no language: commands, keys, units of formulas, ids, names of zones. */
const NO_LANGUAGE =
  /floorwatch \w+|POST \/v1\/events|\bEsc\b|\bEnter\b|\bT\b|\b[ADL]\b|Asia\/Jerusalem|Europe\/Lisbon|\bUTC\b|bank(?:\/PS)?|region:levant|\ball\b|from_mars|anonymous-bank|中文/g;

const SNAPSHOT = sample('snapshot') as Snapshot;
const DEFINITIONS = (sample('rest_definitions') as Definitions).definitions;

let clock: HandClock;
let page: Page;
let hear: Stage['hear'];

beforeEach(() => {
  ({ clock, page, hear } = stage('/wall?view=floor'));
  inPseudo(page);
  page.definitions = DEFINITIONS;
  page.metrics = METRICS;
});

const texts = () => textsOf(WallPage, page, {});

function strangeLess(): string {
  const names = RICH.items.flatMap((item) =>
    'name' in item && typeof item.name !== 'string' ? [item.name.en, item.name.zh] : [],
  );
  const formulas = [
    ...DEFINITIONS.flatMap((each) => [each.formula, each.formula_zh, each.source]),
    ...METRICS.flatMap(({ name, formula }) => [name.en, name.zh, formula.en, formula.zh]),
  ];
  return strangers(texts(), [...names, ...formulas], NO_LANGUAGE);
}

describe('in the pseudo-language nothing else is to be read', () => {
  it('the wall', () => {
    hear(SNAPSHOT);
    expect(texts()).toContain(`⟦${en.standing.below}`);
    expect(texts()).toContain('Regular service');
    expect(strangeLess()).toBe('');
  });

  it('the details of a queue', () => {
    hear(SNAPSHOT);
    page.details = 'bank/PS';
    expect(texts()).toContain(`⟦${en.counter.flowed_out}`);
    expect(strangeLess()).toBe('');
  });

  it('the wall with agents, teams, regions, ghosts and a clock that is off', () => {
    hear(RICH);
    const read = texts();
    for (const word of [REGION.name.en, TEAM.name.en, `⟦${en.ghostsNow('2')}`, `⟦${en.clockBehind('1:05')}`])
      expect(read).toContain(word);
    expect(strangeLess()).toBe('');
  });

  it.each(['bank/PS', 'bank', 'region:levant', 'all'])('all details of %s', (id) => {
    hear(RICH);
    page.details = id;
    const read = texts();
    for (const word of ['Formula of aht_s', `⟦${en.flowOut.unknown}`, 'from_mars', `⟦${en.reason.lunch}`])
      expect(read).toContain(word);
    expect(read.includes(`⟦${en.adherenceState.in}`)).toBe(true);
    expect(strangeLess()).toBe('');
  });

  it('the details of all sites, where half-hours of several zones began at one moment', () => {
    const bars = (sample('item_day') as DayView).bars.map((bar) => ({ ...bar, start: 0 }));
    hear({ ...RICH, items: [...RICH.items, { kind: 'day', id: 'all', date: '1999-01-25', bars }] });
    page.details = 'all';
    for (const bar of bars) expect(texts()).toContain(bar.label);
  });

  it('a state of agents that a newer server tells of is shown as it is called', () => {
    hear(RICH);
    page.details = 'bank';
    hear({
      type: 'update',
      seq: 13,
      items: [{ ...REGION, id: 'bank', level: 'site', agents: agentsNow({ by_state: { juggling: 4 } }) }],
      removed: [],
    });
    expect(texts()).toContain('juggling');
  });

  it.each(['help', 'alerts'] as const)('the dialog %s', (dialog) => {
    hear(SNAPSHOT);
    page.dialog = dialog;
    expect(strangeLess()).toBe('');
  });

  it('the wall after the server was lost', () => {
    hear(SNAPSHOT);
    clock.advance(20_000);
    expect(page.board.lostForMs).toBeGreaterThan(0);
    expect(texts()).toContain('Connection lost');
    expect(strangeLess()).toBe('');
  });

  it('nothing there yet, no queue yet, no server', () => {
    expect(texts()).toContain(en.loading);
    expect(strangeLess()).toBe('');
    hear({ ...SNAPSHOT, items: [] });
    expect(texts()).toContain(en.emptyHint);
    expect(strangeLess()).toBe('');
  });
});

describe('the board', () => {
  it('sites and queues, worst first; what has no number is a dash and never 0 or 100 %', () => {
    hear(SNAPSHOT);
    expect(page.board.sites).toEqual([
      { id: 'bank', queues: ['bank/PS', 'bank/IN'], feeds: ['anonymous-bank|bank'], teams: [] },
      { id: 'lisbon', queues: ['lisbon/sales'], feeds: ['simulator|lisbon'], teams: [] },
    ]);
    expect(texts()).toContain(`⟦${en.standing.no_data}`);
  });

  it('counts a wait by the feed’s clock, and stops with the feed', () => {
    hear(SNAPSHOT);
    const tile = page.store.tile('lisbon/sales');
    if (!tile) throw new Error('the sample has it');
    // The feed was 3.2 s silent: carried on by the most that is allowed.
    expect(page.board.longestWaitS(tile)).toBe(48.5 + 1.5);
    clock.advance(3_000);
    expect(page.board.longestWaitS(tile)).toBe(50);
  });

  it('regions, teams and agents are taken in as they appear, and make room once', () => {
    hear(SNAPSHOT);
    expect([page.board.regions, page.board.hasAgents]).toEqual([[], false]);
    hear(RICH);
    expect([page.board.regions, page.board.hasAgents]).toEqual([['region:levant'], true]);
    expect(page.board.sites.map((site) => site.teams)).toEqual([['bank/day'], []]);
    hear({ type: 'update', seq: 14, items: [], removed: ['tile|region:levant', 'team|bank/day'] });
    expect([page.board.regions, page.board.hasAgents]).toEqual([[], true]);
    expect(page.board.sites.map((site) => site.teams)).toEqual([[], []]);
  });

  it('counts how long somebody has been available, of a roll-up by the site that it comes from', () => {
    hear(RICH);
    const bank = page.store.tile('bank');
    if (!bank) throw new Error('the sample has it');
    const seconds = page.board.longestAvailableS(bank);
    expect(seconds).toBeGreaterThanOrEqual(83);
    expect(page.board.longestAvailableS(REGION)).toBe(seconds);
    expect(page.board.longestAvailableS({ ...bank, agents: null })).toBeNull();
  });

  it('keeps identity of its lists while only numbers change', () => {
    hear(SNAPSHOT);
    page.board.tick();
    const { sites } = page.board;
    hear(sample('update') as ServerMessage);
    clock.advance(6_000);
    page.board.tick();
    expect(page.board.sites).toBe(sites);
  });

  it('nothing changes place while somebody has a tile in hand', () => {
    hear(SNAPSHOT);
    page.board.tick();
    const elsewhere: Alert = {
      ...(sample('item_alert_firing') as Alert),
      id: 'low|lisbon/sales',
      scope: 'lisbon/sales',
    };
    hear({
      type: 'update',
      seq: 13,
      items: [elsewhere, sample('item_alert_resolved') as Alert],
      removed: [],
    });
    const order = () => page.board.sites.map((site) => site.id);
    clock.advance(6_000);
    page.board.hold();
    page.board.tick();
    expect(order()).toEqual(['bank', 'lisbon']);
    page.board.release();
    page.board.tick();
    expect(order()).toEqual(['lisbon', 'bank']);
  });
});
