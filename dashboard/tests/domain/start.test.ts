/** The first steps of an empty installation. */
import { describe, expect, it } from 'vitest';
import type { Queue } from '../../src/contracts/types.ts';
import { addressOf, command, isNamed, isQueueId, standings } from '../../src/domain/start.ts';

const queue = (id: string, en: string, zh = en) => ({ id, name: { en, zh } }) as Queue;
const nothing = { keys: 0, tiles: 0, queues: [], walls: 0 };

describe('the first steps', () => {
  it('begin with a key; with one, an event is to be sent', () => {
    expect(standings(nothing)).toMatchObject({ key: 'now', send: 'later', wall: 'later' });
    expect(standings({ ...nothing, keys: 1 })).toMatchObject({ key: 'done', send: 'now', see: 'later' });
  });

  it('a number is seen as soon as there is one, whichever way it came', () => {
    const seen = { ...nothing, tiles: 1, queues: [queue('home/sales', 'sales')] };
    expect(standings(seen)).toEqual({ key: 'done', send: 'done', see: 'done', name: 'now', wall: 'later' });
  });

  it('are over with a named queue and a wall', () => {
    const seen = { keys: 1, tiles: 1, queues: [queue('home/sales', 'Sales')], walls: 1 };
    expect(Object.values(standings(seen))).toEqual(Array(5).fill('done'));
  });
});

it('a queue has the end of its id as its name until somebody gives it one', () => {
  expect(isNamed(queue('home/sales', 'sales'))).toBe(false);
  expect(isNamed(queue('home/sales', 'sales', '销售'))).toBe(true);
});

it('events go where the installation says, else to this host', () => {
  const here = { protocol: 'http:', hostname: 'floor.example' };
  expect(addressOf({ address: '', port: 8101 }, here)).toBe('http://floor.example:8101');
  expect(addressOf({ address: 'https://in.example/', port: 8101 }, here)).toBe('https://in.example');
});

it('the command is valid JSON once the shell has put the time in, and nothing can break out of it', () => {
  const body = /-d '(.*)'$/s.exec(command('http://x:1', 'fw_k', 'home/sales'))?.[1] ?? '';
  const events = JSON.parse(body.replaceAll("'$NOW'", '2026-03-02T10:00:00Z')) as { type: string }[];
  expect(events.map((event) => event.type)).toEqual(['offered', 'answered']);
  expect(isQueueId('home/sales')).toBe(true);
  expect(isQueueId("home/sales'; rm")).toBe(false);
  expect(isQueueId('home')).toBe(false);
});
