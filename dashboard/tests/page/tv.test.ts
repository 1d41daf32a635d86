/** The wall on a screen: what stands on it, what turns its pages, and that weeks of it leave nothing behind. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentTile, Alert, Item, ServerMessage, Snapshot, TileView } from '../../src/contracts/types.ts';
import { wall as en } from '../../src/i18n/en/wall.ts';
import { Commands } from '../../src/live/commands.ts';
import { LiveStore } from '../../src/live/store.svelte.ts';
import { Page } from '../../src/page/page.svelte.ts';
import { wallFilters } from '../../src/wall/filters.ts';
import { readSettings, TURN_S } from '../../src/wall/tv/settings.ts';
import { Tv } from '../../src/wall/tv/tv.svelte.ts';
import WallPage from '../../src/wall/WallPage.svelte';
import { chance, HandClock } from '../clock.ts';
import { HeldWire } from '../live/wires.ts';
import { RICH } from '../rich.ts';
import { sample } from '../samples.ts';
import { inPseudo, strangers, texts as textsOf } from './stage.ts';

const QUEUE = sample('item_tile_queue') as TileView;
const ALERT = sample('item_alert_firing') as Alert;
const SITE = sample('snapshot') as Snapshot;

let clock: HandClock;
let wires: HeldWire[];
let page: Page;

beforeEach(() => {
  clock = new HandClock();
  wires = [];
  const open = () => {
    const wire = new HeldWire();
    wires.push(wire);
    return wire;
  };
  const store = new LiveStore({ open, scheduler: clock, random: () => 1 });
  const commands = new Commands({
    fetch: () => Promise.reject(new Error('no server')),
    scheduler: clock,
    newId: () => 'id',
  });
  page = new Page(store, commands, 'en', {
    path: '/wall',
    language: 'en',
    theme: null,
    definition: 'own',
    details: null,
    rest: {},
  });
  store.start();
});

const say = (message: ServerMessage) => {
  wires.at(-1)?.say(message);
  page.store.flush();
};

function hear(message: ServerMessage): void {
  wires.at(-1)?.accept();
  say(message);
}

const queue = (index: number, change: Partial<TileView> = {}): TileView => ({
  ...QUEUE,
  id: `bank/q${String(index).padStart(3, '0')}`,
  name: { en: `Queue ${index}`, zh: `队列 ${index}` },
  ...change,
});

/** A floor of so many queues at one site. */
function floor(count: number): Item[] {
  const others = SITE.items.filter((item) => item.kind !== 'tile' || item.level !== 'queue');
  return [...others, ...Array.from({ length: count }, (_, index) => queue(index))];
}

let seq = 0;
const snapshot = (items: Item[]): Snapshot => ({
  type: 'snapshot',
  epoch: `e${seq}`,
  seq: (seq += 1),
  items,
});
const update = (items: Item[], removed: string[] = []): ServerMessage => ({
  type: 'update',
  seq: (seq += 1),
  items,
  removed,
});

function wall(perPage: number, memory: Map<string, string> | null = null): Tv {
  const storage = memory && {
    getItem: (key: string) => memory.get(key) ?? null,
    setItem: (key: string, value: string) => void memory.set(key, value),
  };
  const tv = new Tv(page, storage);
  tv.perPage = perPage;
  tv.listen();
  tv.tick();
  return tv;
}

function pass(tv: Tv, ms: number): void {
  for (let passed = 0; passed < ms; passed += 500) {
    clock.advance(500);
    // The feed goes on talking, else the line is taken for dead.
    say(update([]));
    page.board.tick();
    tv.tick();
  }
}

describe('the address', () => {
  it('says how the wall is shown; nonsense in it is as if it were not there', () => {
    expect(readSettings({})).toEqual({
      view: 'tv', turnS: TURN_S, page: null, distanceM: 8, sites: null, sound: false, shift: true,
    }); // prettier-ignore
    const odd = { view: 'x', turn: '-3', page: '0', distance: 'far', sites: ',', sound: 'yes', shift: 'no' };
    expect(readSettings(odd)).toEqual(readSettings({}));
    expect(readSettings({ view: 'floor', turn: '0', page: '3', distance: '99', sites: 'a,b', sound: 'on', shift: 'off' })).toEqual({
      view: 'floor', turnS: 0, page: 3, distanceM: 16, sites: ['a', 'b'], sound: true, shift: false,
    }); // prettier-ignore
  });

  it('asks the server for agents where their pauses are shown, and for the sites that it names', () => {
    expect(wallFilters({ rest: {} })).toMatchObject({ sites: null });
    expect(wallFilters({ rest: {} }).kinds).toContain('agent');
    expect(wallFilters({ rest: { view: 'floor', sites: 'bank' } }).kinds).not.toContain('agent');
    expect(wallFilters({ rest: { sites: 'bank' } }).sites).toEqual(['bank']);
  });
});

describe('pages', () => {
  it('turn by themselves; a new alarm comes to the front at once', () => {
    hear(snapshot(floor(10)));
    const tv = wall(4);
    expect([tv.pages, tv.at, tv.ids.length]).toEqual([3, 0, 4]);
    pass(tv, TURN_S * 1000);
    expect(tv.at).toBe(1);
    say(update([{ ...ALERT, id: 'low|bank/q009', scope: 'bank/q009', severity: 'critical' }]));
    pass(tv, 500);
    expect([tv.at, tv.ids[0]]).toEqual([0, 'bank/q009']);
  });

  it('stop at a page that is in the address, and go on', () => {
    hear(snapshot(floor(10)));
    page.put('page', '2');
    const tv = wall(4);
    pass(tv, 60_000);
    expect([tv.at, tv.stopped, tv.stood]).toEqual([1, true, null]);
    tv.turn(1);
    expect(page.param('page')).toBe('3');
    tv.goTo(0);
    expect(page.param('page')).toBe('1');
    tv.stopOrGo();
    expect([tv.stopped, page.param('page')]).toEqual([false, null]);
    pass(tv, TURN_S * 1000);
    expect(tv.at).toBe(1);
    expect(tv.stood).toBeGreaterThanOrEqual(0);
  });

  it('stand while somebody has a tile in hand', () => {
    hear(snapshot(floor(10)));
    const tv = wall(4);
    tv.inHand = true;
    pass(tv, 60_000);
    expect(tv.at).toBe(0);
  });

  it('leave out what is hidden, and call queues what the wall calls them', () => {
    hear(snapshot(floor(3)));
    page.rest = { hide: 'bank/q001', order: 'bank/q002', 'name.bank/q002': 'Two!' };
    const tv = wall(4);
    expect(tv.ids).toEqual(['bank/q002', 'bank/q000']);
    expect(tv.ids.map((id) => tv.name(queue(Number(id.slice(-1)))))).toEqual(['Queue 2', 'Queue 0'].map((name, index) => (index === 0 ? 'Two!' : name))); // prettier-ignore
  });
});

it('sounds for an alert that is new, not for those that are there at the start', () => {
  let sounded = 0;
  hear(snapshot([...floor(2), { ...ALERT, severity: 'critical' }]));
  const tv = wall(4);
  tv.onAlarm = () => (sounded += 1);
  say(update([{ ...ALERT, severity: 'critical', value: 1 }]));
  expect(sounded).toBe(0);
  say(update([{ ...ALERT, id: 'low|bank/q001', scope: 'bank/q001', severity: 'critical' }]));
  expect(sounded).toBe(1);
});

it('the trend outlives a reload; a storage that is full costs only that', () => {
  const memory = new Map<string, string>();
  hear(snapshot(floor(2)));
  const tv = wall(4, memory);
  say(update([queue(0, { as_of: QUEUE.as_of + 60_000 })]));
  expect(tv.trend('bank/q000')).toHaveLength(2);
  tv.keep();
  expect(wall(4, memory).trend('bank/q000')).toHaveLength(2);
  const full = {
    getItem: () => '{broken',
    setItem: () => {
      throw new Error('full');
    },
  };
  const other = new Tv(page, full);
  other.keep();
  expect(other.trend('bank/q000')).toHaveLength(1);
});

describe('in the pseudo-language nothing else is to be read', () => {
  const NO_LANGUAGE =
    /\bEsc\b|\bAnonymous Bank\b|␣|\b[SEV]\b|中文|\bbank\/\w+|lisbon\/sales|\ball\b|from_mars/g;
  const names = RICH.items.flatMap((item) =>
    'name' in item && typeof item.name !== 'string' ? [item.name.en, item.name.zh] : [],
  );
  const rest = () => strangers(textsOf(WallPage, page, {}), names, NO_LANGUAGE);

  it.each([null, 'arrange'])('the wall, dialog %s', (dialog) => {
    inPseudo(page);
    hear({
      ...RICH,
      items: [
        ...RICH.items,
        { kind: 'agent', id: 'x', site: 'bank', queues: ['bank/PS'], state: 'not_ready', reason: 'lunch', since: QUEUE.as_of - 65_000 } as unknown as AgentTile,
      ],
    }); // prettier-ignore
    page.rest = { hide: 'bank/IN', page: '1' };
    page.dialog = dialog;
    const read = textsOf(WallPage, page, {});
    expect(read).toContain(`⟦${en.stopped}`);
    expect(read).toContain('1:05');
    expect(rest()).toBe('');
  });

  it('all queues hidden is said, not a void', () => {
    inPseudo(page);
    hear(RICH);
    page.rest = { hide: RICH.items.flatMap((item) => (item.kind === 'tile' ? [item.id] : [])).join(',') };
    expect(textsOf(WallPage, page, {})).toContain(`⟦${en.allHidden}`);
    expect(rest()).toBe('');
  });
});

describe('weeks', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const QUEUES = 40;
  const heapKb = () => {
    collect();
    return process.memoryUsage().heapUsed / 1024;
  };

  /** Some hundred updates with alerts and agents that come and go, then a lost line and a server that has restarted. */
  function live(tv: Tv, random: () => number, day: number): void {
    for (let turn = 0; turn < 200; turn += 1) {
      const at = QUEUE.as_of + (day * 200 + turn) * 1_000;
      const tiles = Array.from({ length: 10 }, () =>
        queue(Math.floor(random() * QUEUES), { as_of: at, waiting: Math.floor(random() * 9) }),
      );
      const id = `low${day}-${turn}|bank/q001`;
      const agent = { kind: 'agent', id: `a${day}-${turn}`, queues: ['bank/q001'], state: 'not_ready', reason: 'meal', since: at } as unknown as AgentTile; // prettier-ignore
      say(update([...tiles, { ...ALERT, id, scope: 'bank/q001' }, agent]));
      clock.advance(500);
      page.board.tick();
      tv.tick();
      say(update([], [`alert|${id}`, `agent|${agent.id}`]));
    }
    wires.at(-1)?.break();
    clock.advance(2_000);
    hear(snapshot(floor(QUEUES)));
    // Lines that are gone are the test's, not the wall's.
    wires.splice(0, wires.length - 1);
  }

  it('leave nothing behind: thousands of updates and dozens of lost lines, and the heap is what it was', () => {
    hear(snapshot(floor(QUEUES)));
    const tv = wall(12);
    const random = chance(11);
    for (let day = 0; day < 4; day += 1) live(tv, random, day);
    const [before, timers] = [heapKb(), clock.waiting];
    for (let day = 4; day < 24; day += 1) live(tv, random, day);
    expect(heapKb() - before).toBeLessThan(400);
    expect(clock.waiting).toBeLessThanOrEqual(timers);
    expect(page.store.connection.phase).toBe('live');
    expect(page.store.all('agent').length + page.store.all('alert').length).toBeLessThan(10);
    expect(tv.pauses.size).toBeLessThanOrEqual(1);
  }, 120_000);
});
