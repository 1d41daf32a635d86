/** What the tests do with the floor: send events, ask the API, take the API away. */
import { randomUUID } from 'node:crypto';
import type { APIRequestContext } from '@playwright/test';
import type { Tiles, TileView } from '../src/contracts/types.ts';

function address(name: 'WALL' | 'INGEST' | 'KEY' | 'CONTROL'): string {
  const value = process.env[`FLOORWATCH_E2E_${name}`];
  if (value === undefined) throw new Error(`global-setup.ts has not set FLOORWATCH_E2E_${name}`);
  return value;
}

export const wall = (): string => address('WALL');

export async function control(action: 'stop' | 'start' | 'freeze' | 'thaw'): Promise<void> {
  const answer = await fetch(`${address('CONTROL')}/${action}`, { method: 'POST' });
  if (!answer.ok) throw new Error(`${action}: ${answer.status}`);
}

export async function signInLink(): Promise<string> {
  return (await fetch(`${address('CONTROL')}/link`)).text();
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
const at = (ms: number): string => new Date(ms).toISOString();

async function post(events: object[]): Promise<void> {
  const body = JSON.stringify(events.map((event) => ({ event_id: randomUUID(), source: SOURCE, ...event })));
  const headers = { 'content-type': 'application/json', 'x-api-key': address('KEY') };
  const answer = await fetch(`${address('INGEST')}/v1/events`, { method: 'POST', headers, body });
  const text = await answer.text();
  if (!answer.ok || (JSON.parse(text) as { rejected: number }).rejected > 0)
    throw new Error(`${answer.status}: ${text}`);
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
}
