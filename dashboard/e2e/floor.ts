/** What the tests do with the floor: send events, ask the API, take the API away. */
import { randomUUID } from 'node:crypto';
import type { APIRequestContext } from '@playwright/test';
import type { Metrics, Teams, TeamView, Tiles, TileView } from '../src/contracts/types.ts';

function address(name: 'WALL' | 'INGEST' | 'KEY' | 'CONTROL'): string {
  const value = process.env[`FLOORWATCH_E2E_${name}`];
  if (value === undefined) throw new Error(`global-setup.ts has not set FLOORWATCH_E2E_${name}`);
  return value;
}

export const wall = (): string => address('WALL');

export async function control(action: 'stop' | 'start' | 'freeze' | 'thaw' | 'lend'): Promise<void> {
  const answer = await fetch(`${address('CONTROL')}/${action}`, { method: 'POST' });
  if (!answer.ok) throw new Error(`${action}: ${answer.status}`);
}

export async function signInLink(role = 'supervisor'): Promise<string> {
  return (await fetch(`${address('CONTROL')}/link/${role}`)).text();
}

export async function tiles(request: APIRequestContext): Promise<TileView[]> {
  const answer = await request.get(`${wall()}/v1/tiles`);
  if (!answer.ok()) throw new Error(`/v1/tiles: ${answer.status()}`);
  return ((await answer.json()) as Tiles).tiles;
}

interface Call {
  queue: string;
  contact: string;
  offered_at: string;
}

const SOURCE = 'e2e';
const HALF_HOUR_MS = 1_800_000;
const at = (ms: number): string => new Date(ms).toISOString();

const post = (events: object[]): Promise<void> =>
  send(
    'events',
    events.map((event) => ({ event_id: randomUUID(), source: SOURCE, ...event })),
  );

async function send(what: 'events' | 'schedules' | 'forecasts', items: object[]): Promise<void> {
  const body = JSON.stringify(items);
  const headers = { 'content-type': 'application/json', 'x-api-key': address('KEY') };
  const answer = await fetch(`${address('INGEST')}/v1/${what}`, { method: 'POST', headers, body });
  const text = await answer.text();
  if (!answer.ok || (JSON.parse(text) as { rejected: number }).rejected > 0)
    throw new Error(`${answer.status}: ${text}`);
}

/** Two inputs that can't be used: of a field that is missing, and of one that looks like markup. */
export async function refuse(): Promise<void> {
  const body = JSON.stringify([
    { type: 'offered', event_id: randomUUID(), source: SOURCE, occurred_at: at(Date.now()), contact: 'c' },
    { type: 'ended', event_id: randomUUID(), source: SOURCE, queue: 'harbour/sales', talk_s: '<b>long</b>' },
  ]);
  const headers = { 'content-type': 'application/json', 'x-api-key': address('KEY') };
  const answer = await fetch(`${address('INGEST')}/v1/events`, { method: 'POST', headers, body });
  if (answer.status !== 422) throw new Error(`${answer.status}: ${await answer.text()}`);
}

/** Calls that arrived `agoS` seconds ago and wait since. */
export async function arrive(queue: string, count: number, agoS = 0): Promise<Call[]> {
  const now = Date.now();
  const calls = Array.from({ length: count }, (): Call => ({
    queue,
    contact: randomUUID(),
    offered_at: at(now - agoS * 1000),
  }));
  await post(
    calls.map(({ queue, contact, offered_at }) => ({
      type: 'offered',
      occurred_at: offered_at,
      queue,
      contact,
    })),
  );
  return calls;
}

/** They are answered or give up, `afterS` seconds after they came; without it: now. */
export async function end(
  calls: readonly Call[],
  how: 'answered' | 'abandoned',
  afterS?: number,
): Promise<void> {
  const now = Date.now();
  const moment = (call: Call) => at(afterS === undefined ? now : Date.parse(call.offered_at) + afterS * 1000);
  await post(calls.map((call) => ({ type: how, occurred_at: moment(call), ...call })));
}

/** The agents that tests/e2e/floor.py describes: state, reason, and how many seconds ago it began. */
export const AGENTS = {
  'harbour-0': ['available', '', 130],
  'harbour-1': ['available', '', 40],
  'harbour-2': ['talking', '', 60],
  'harbour-3': ['hold', '', 20],
  'harbour-4': ['wrap_up', '', 10],
  'harbour-5': ['not_ready', 'meal', 900],
  'hill-0': ['available', '', 75],
  'hill-1': ['not_ready', 'inventory', 30],
} as const;
const TIMEZONES: Record<string, string> = { harbour: 'Europe/Lisbon', hill: 'Asia/Shanghai' };

/** All sign in; those of the harbour are planned to be on queue now, so that who is at a meal is out. */
export async function staff(): Promise<void> {
  const now = Date.now();
  const events = Object.entries(AGENTS).flatMap(([agent, [state, reason, ago]]) => {
    const site = agent.split('-')[0] ?? '';
    const who = { agent, site };
    return [
      { type: 'agent_logged_in', occurred_at: at(now - 1_200_000), ...who },
      { type: 'agent_state_changed', occurred_at: at(now - ago * 1000), ...who, state, reason },
    ];
  });
  const start = now - 1_200_000;
  const plans = Object.keys(AGENTS)
    .filter((agent) => agent.startsWith('harbour'))
    .map((agent) => ({
      agent,
      site: 'harbour',
      date: new Intl.DateTimeFormat('sv-SE', { timeZone: TIMEZONES['harbour'] }).format(start),
      activities: [{ activity: 'on_queue', start: at(start), end: at(now + 7_200_000) }],
    }));
  await send('schedules', plans);
  await post(events);
}

/** What is expected of a queue's whole day of today: so many contacts in each half-hour, by its number. */
export async function foresee(queue: string, contacts: (index: number) => number): Promise<void> {
  const zone = TIMEZONES[queue.split('/')[0] ?? ''];
  const dateOf = (ms: number) => new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(ms);
  const date = dateOf(Date.now());
  const now = Math.floor(Date.now() / HALF_HOUR_MS) * HALF_HOUR_MS;
  const starts = Array.from({ length: 100 }, (_, index) => now + (index - 50) * HALF_HOUR_MS).filter(
    (start) => dateOf(start) === date,
  );
  const half_hours = starts.map((start, index) => ({
    start: at(start),
    contacts: contacts(index),
    aht_s: 180.5,
    required: index % 5,
  }));
  await send('forecasts', [{ queue, date, half_hours }]);
}

/** A queue's running half-hour gets what a floor has beside waits: talk, holds, transfers, flow-outs. */
export async function handle(queue: string): Promise<void> {
  const calls = await arrive(queue, 4, 240);
  await end(calls, 'answered', 12);
  const moment = (call: Call, afterS: number) => at(Date.parse(call.offered_at) + afterS * 1000);
  const [first, second] = calls;
  if (!first || !second) throw new Error('four calls arrived');
  await post([
    { type: 'held', occurred_at: moment(first, 40), ...first },
    { type: 'transferred', occurred_at: moment(second, 50), ...second, mode: 'blind', target: 'elsewhere' },
    ...calls.map((call) => ({
      type: 'ended',
      occurred_at: moment(call, 200),
      ...call,
      talk_s: 150,
      hold_s: 8,
      wrap_up_s: 22,
    })),
  ]);
  const left = await arrive(queue, 3, 220);
  await post(
    left.map((call, index) => ({
      type: 'flowed_out',
      occurred_at: moment(call, 30),
      ...call,
      reason: index === 0 ? 'callback' : 'overflow',
    })),
  );
}

export async function metrics(request: APIRequestContext): Promise<Metrics['metrics']> {
  const answer = await request.get(`${wall()}/v1/metrics`);
  if (!answer.ok()) throw new Error(`/v1/metrics: ${answer.status()}`);
  return ((await answer.json()) as Metrics).metrics;
}

export async function teams(request: APIRequestContext): Promise<TeamView[]> {
  const answer = await request.get(`${wall()}/v1/teams`);
  if (!answer.ok()) throw new Error(`/v1/teams: ${answer.status()}`);
  return ((await answer.json()) as Teams).teams;
}

/** Callers of a menu: the way of each, how it ended, and what went wrong; nodes are ten seconds apart. */
const CALLERS = [
  [6, ['welcome', 'accounts', 'balance'], 'contained', ''],
  [2, ['welcome', 'accounts', 'balance', 'statement'], 'contained', ''],
  [1, ['welcome', 'accounts', 'balance', 'statement', 'welcome', 'cards'], 'to_queue', 'harbour/cards'],
  [3, ['welcome', 'accounts', 'balance'], 'abandoned', ''],
  [5, ['welcome', 'accounts'], 'to_queue', 'harbour/sales'],
  [7, ['welcome', 'cards'], 'to_queue', 'harbour/cards'],
  [2, ['welcome', 'welcome', 'cards'], 'to_queue', 'harbour/alarm'],
  [4, ['welcome', 'welcome', 'loans'], 'to_queue', 'harbour/loans'],
  [3, ['welcome'], 'abandoned', ''],
  [2, ['vip'], 'to_queue', 'harbour/sales'],
  [1, ['welcome', 'accounts'], 'virtual', ''],
  [1, ['welcome', 'loans'], null, ''],
] as const;
const LEVELS = { welcome: 1, vip: 1, accounts: 2, cards: 2, loans: 2, balance: 3, statement: 4 };
/** So many called in all; of the menu's inputs so many failed. */
export const MENU_CALLS = 37;

/** The harbour's voice menu some minutes ago; and the hill's, whose calls tell of no nodes. */
export async function callMenus(): Promise<void> {
  const now = Date.now() - 300_000;
  const events = CALLERS.flatMap(([count, nodes, outcome, queue]) =>
    Array.from({ length: count }, () => {
      const visit = { flow: 'harbour/main', contact: randomUUID() };
      const inside = { ...visit, entered_at: at(now) };
      const step = (index: number) => at(now + index * 10_000);
      const first = nodes[0];
      return [
        { type: 'ivr_entered', occurred_at: at(now), ...visit, segment: first === 'vip' ? 'vip' : '' },
        ...nodes.map((node, index) => ({
          type: 'ivr_node_visited',
          occurred_at: step(index),
          ...inside,
          node,
          depth: LEVELS[node],
        })),
        ...(nodes.length > 2 && nodes[1] === 'welcome'
          ? (['invalid', 'timeout'] as const).map((fault, index) => ({
              type: 'ivr_input_failed',
              occurred_at: at(now + 3_000 + index),
              ...inside,
              node: 'welcome',
              fault,
            }))
          : []),
        ...(outcome === null
          ? []
          : [{ type: 'ivr_exited', occurred_at: step(nodes.length), ...inside, outcome, queue }]),
      ];
    }).flat(),
  );
  const night = Array.from({ length: 3 }, (_, index) => {
    const visit = { flow: 'hill/night', contact: randomUUID() };
    const outcome = index === 0 ? 'abandoned' : 'to_queue';
    return [
      { type: 'ivr_entered', occurred_at: at(now), ...visit },
      {
        type: 'ivr_exited',
        occurred_at: at(now + 20_000),
        ...visit,
        entered_at: at(now),
        outcome,
        queue: outcome === 'to_queue' ? 'hill/sales' : '',
      },
    ];
  }).flat();
  await post([...events, ...night]);
}

/** Some minutes of a floor: each queue its own level, two of them bad, one without any call. */
export async function fill(): Promise<void> {
  const floor = [
    ['sales', 12, 1, 1],
    ['cards', 4, 8, 2],
    ['loans', 19, 1, 0],
    ['claims', 9, 2, 1],
    ['alarm', 6, 0, 0],
  ] as const;
  for (const site of ['harbour', 'hill']) {
    for (const [queue, soon, late, lost] of floor) {
      const id = `${site}/${queue}`;
      await end(await arrive(id, soon, 420), 'answered', 7);
      if (late > 0) await end(await arrive(id, late, 300), 'answered', 55);
      if (lost > 0) await end(await arrive(id, lost, 200), 'abandoned', 33);
    }
  }
  await end(await arrive('hill/quiet', 1, 100), 'answered', 3);
  await handle('harbour/sales');
  // Nobody has told what became of this one, and its queue allows an hour.
  await arrive('hill/claims', 1, 7_200);
  await staff();
  await callMenus();
}

/** Half an hour of two centres with the same skill: Bay has ten agents and little to do, Ridge six and far too much. */
export async function overrun(): Promise<void> {
  const now = Date.now();
  const agents = [
    ...Array.from({ length: 10 }, (_, number) => `bay-${number}`),
    ...Array.from({ length: 6 }, (_, number) => `ridge-${number}`),
  ];
  await post(
    agents.flatMap((agent) => {
      const who = { agent, site: agent.split('-')[0] };
      const state = agent.startsWith('bay') ? 'available' : 'talking';
      return [
        { type: 'agent_logged_in', occurred_at: at(now - 1_800_000), ...who },
        { type: 'agent_state_changed', occurred_at: at(now - 600_000), ...who, state },
      ];
    }),
  );
  for (const [queue, each, waitS] of [
    ['bay/help', 1, 5],
    ['ridge/help', 5, 60],
  ] as const) {
    for (let agoS = 1500; agoS >= 300; agoS -= 100) {
      const calls = await arrive(queue, each, agoS);
      const lost = queue === 'ridge/help' ? calls.slice(0, 1) : [];
      const taken = calls.slice(lost.length);
      await end(lost, 'abandoned', 90);
      await end(taken, 'answered', waitS);
      await post(
        taken.map((call) => ({
          type: 'ended',
          occurred_at: at(Date.parse(call.offered_at) + (waitS + 180) * 1000),
          ...call,
          talk_s: 160,
          hold_s: 0,
          wrap_up_s: 20,
        })),
      );
    }
  }
}
