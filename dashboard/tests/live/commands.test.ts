import { beforeEach, describe, expect, it } from 'vitest';
import {
  ASK_AGAIN_MS,
  ASK_AGAIN_TIMES,
  Commands,
  RETRY_MS,
  TRIES,
  type Answer,
  type Order,
} from '../../src/live/commands.ts';
import { HandClock } from '../clock.ts';

interface Asked {
  path: string;
  init: RequestInit;
}

const OUTCOME = { kind: 'outcome', id: 'page-abc', code: 'done' };
const DONE = { outcome: OUTCOME, view: { kind: 'silence', id: 's' } };
const ORDER: Order = { path: '/v1/alerts/r%7Cbank/acknowledge', body: { note: 'mine' }, revision: 7 };

let clock: HandClock;
let asked: Asked[];
/** What the API answers, one after the other; null: it can't be reached. */
let script: (Response | null)[];
let commands: Commands;

const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });

beforeEach(() => {
  clock = new HandClock();
  asked = [];
  commands = new Commands({
    fetch: (path, init) => {
      asked.push({ path, init });
      const next = script.shift();
      return next ? Promise.resolve(next) : Promise.reject(new TypeError('failed to fetch'));
    },
    scheduler: clock,
    newId: () => 'abc',
  });
});

/** Gives the command and lets time pass until it has an answer. */
async function give(order: Order = ORDER): Promise<Answer> {
  let told: Answer | undefined;
  void commands.give(order).then((each) => (told = each));
  while (told === undefined) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(Math.min(RETRY_MS, ASK_AGAIN_MS));
  }
  return told;
}

describe('a command', () => {
  it('has an id, what was seen, and a body; and tells how the thing stands now', async () => {
    script = [answer(200, DONE)];
    expect(await give()).toEqual({ said: 'done', ...DONE });
    const [{ path, init }] = asked as [Asked];
    expect([path, init.method, init.body]).toEqual([ORDER.path, 'POST', '{"note":"mine"}']);
    expect(init.headers).toEqual({
      'idempotency-key': 'page-abc',
      'if-match': '"7"',
      'content-type': 'application/json',
    });
  });

  it('without body or revision says neither', async () => {
    script = [answer(200, { ...DONE, outcome: { ...OUTCOME, code: 'same' } })];
    expect(await give({ method: 'DELETE', path: '/v1/silences/s' })).toMatchObject({ said: 'same' });
    expect(asked[0]?.init).toEqual({ method: 'DELETE', headers: { 'idempotency-key': 'page-abc' } });
  });

  it('that was refused brings the present state along', async () => {
    const view = { kind: 'alert', id: 'r|bank', revision: 9 };
    script = [answer(409, { code: 'stale', message: 'It has changed.', outcome: OUTCOME, view })];
    expect(await give()).toEqual({ said: 'refused', code: 'stale', message: 'It has changed.', view });
    expect(asked).toHaveLength(1);
  });

  it('that the API itself refuses has no view', async () => {
    script = [answer(403, { code: 'not_allowed', message: 'A viewer may not.' })];
    expect(await give()).toEqual({
      said: 'refused',
      code: 'not_allowed',
      message: 'A viewer may not.',
      view: null,
    });
  });

  it('is repeated under the same id while somebody is away, and no more often than is sensible', async () => {
    script = [null, answer(503, { code: 'log_away', message: '' }), answer(200, DONE)];
    expect(await give()).toMatchObject({ said: 'done' });
    expect(new Set(asked.map(({ init }) => JSON.stringify(init)))).toHaveProperty('size', 1);
    asked = [];
    script = [];
    expect(await give()).toEqual({ said: 'away' });
    expect(asked).toHaveLength(TRIES);
  });

  it('whose answer takes its time is asked after', async () => {
    const waiting = { id: 'page-abc', message: 'on its way' };
    script = [answer(202, waiting), answer(202, waiting), null, answer(200, DONE)];
    expect(await give()).toMatchObject({ said: 'done' });
    expect(asked.slice(1).map(({ path }) => path)).toEqual(Array(3).fill('/v1/commands/page-abc'));
  });

  it('that is never answered is given up', async () => {
    const waiting = { id: 'page-abc', message: 'on its way' };
    script = Array.from({ length: 1 + ASK_AGAIN_TIMES }, () => answer(202, waiting));
    expect(await give()).toEqual({ said: 'away' });
    expect(script).toEqual([]);
  });

  it('with an answer that is no JSON is refused, not done', async () => {
    script = [new Response('<html>', { status: 404 })];
    expect(await give()).toEqual({ said: 'refused', code: 'unknown', message: '', view: null });
  });
});
