import { beforeEach, expect, it } from 'vitest';
import type { CodeOffer } from '../../src/contracts/types.ts';
import { AWAY_MS, DeviceSignIn } from '../../src/live/device.ts';
import { HandClock } from '../clock.ts';

const offer = (code: string): CodeOffer => ({
  code,
  secret: `secret of ${code}`,
  path: `/devices?code=${code}`,
  expires_at: 0,
  ask_every_s: 3,
});
const answer = (status: number, body: unknown = {}, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers });

let clock: HandClock;
let answers: (Response | Error)[];
let asked: string[];
let codes: (string | null)[];
let approved: number;

function device(): DeviceSignIn {
  return new DeviceSignIn({
    fetch: (path, init) => {
      asked.push(`${path} ${init.body as string}`);
      const next = answers.shift() ?? new Error('nobody there');
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
    scheduler: clock,
    onCode: (next) => codes.push(next?.code ?? null),
    onApproved: () => (approved += 1),
  });
}

/** So many ms, and what follows from them. */
async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await new Promise((resolve) => setTimeout(resolve));
}

beforeEach(() => {
  clock = new HandClock();
  [answers, asked, codes, approved] = [[], [], [], 0];
});

it('shows a code, asks at the pace that it was told, and is in once it was approved', async () => {
  answers = [answer(201, offer('A')), answer(200, { state: 'waiting' }), answer(200, { state: 'approved' })];
  await device().step();
  expect(codes).toEqual(['A']);
  await pass(2_999);
  expect(asked).toHaveLength(1);
  await pass(1);
  await pass(3_000);
  expect(asked.slice(1)).toEqual(Array(2).fill('/v1/devices/claim {"code":"A","secret":"secret of A"}'));
  expect([approved, clock.waiting]).toEqual([1, 0]);
});

it('a code that is over is followed by another', async () => {
  answers = [
    answer(201, offer('A')),
    answer(404),
    answer(201, offer('B')),
    answer(200, { state: 'approved' }),
  ];
  await device().step();
  await pass(3_000);
  await pass(0);
  await pass(3_000);
  expect(codes).toEqual(['A', null, 'B']);
  expect(approved).toBe(1);
});

it('a server that is away or wants to be left alone is asked again, and the code stays', async () => {
  const alone = answer(429, {}, { 'retry-after': '40' });
  answers = [
    new Error('away'),
    answer(201, offer('A')),
    alone,
    answer(503),
    answer(200, { state: 'approved' }),
  ];
  await device().step();
  await pass(AWAY_MS);
  await pass(3_000);
  await pass(39_999);
  expect(asked).toHaveLength(3);
  await pass(1);
  await pass(AWAY_MS);
  expect([codes, approved]).toEqual([['A'], 1]);
});

it('once it is stopped nothing follows', async () => {
  answers = [answer(201, offer('A')), answer(200, { state: 'approved' })];
  const stopped = device();
  await stopped.step();
  stopped.stop();
  await pass(60_000);
  expect([asked.length, approved]).toEqual([1, 0]);
});
