import { beforeEach, describe, expect, it } from 'vitest';
import type { Filters, Resume, Snapshot, Update } from '../../src/contracts/types.ts';
import {
  ANSWER_MS,
  backOffMs,
  CONNECT_MS,
  LiveSocket,
  parse,
  QUIET_MS,
  RETRY_FIRST_MS,
  RETRY_LAST_MS,
  SIGNED_OUT_RETRY_MS,
  STEADY_MS,
} from '../../src/live/socket.ts';
import { HandClock } from '../clock.ts';
import { sample } from '../samples.ts';
import { HeldWire } from './wires.ts';

const SNAPSHOT: Snapshot = { type: 'snapshot', epoch: 'e', seq: 3, items: [] };

let clock: HandClock;
let wires: HeldWire[];
let resume: Resume | null;
let filters: Filters;
let delivered: (Snapshot | Update)[];
let socket: LiveSocket;

beforeEach(() => {
  clock = new HandClock();
  wires = [];
  resume = null;
  filters = {};
  delivered = [];
  socket = new LiveSocket({
    open: () => {
      const wire = new HeldWire();
      wires.push(wire);
      return wire;
    },
    scheduler: clock,
    random: () => 1,
    filters: () => filters,
    resume: () => resume,
    onMessage: (message) => delivered.push(message),
    onConnection: () => undefined,
  });
});

function wire(): HeldWire {
  const last = wires.at(-1);
  if (!last) throw new Error('nothing was opened');
  return last;
}

function goLive(): void {
  socket.start();
  wire().accept();
  wire().say(SNAPSHOT);
}

describe('a conversation', () => {
  it('W1: subscribes first, and says nothing before the line is open', () => {
    socket.start();
    expect(wire().sent).toEqual([]);
    wire().accept();
    expect(wire().sent).toEqual([{ type: 'subscribe', filters: {}, resume: null }]);
    expect(socket.connection.phase).toBe('connecting');
  });

  it('is live from the first snapshot on and hands messages over', () => {
    goLive();
    expect(socket.connection).toMatchObject({ phase: 'live', since: 0, problem: null });
    wire().say({ type: 'update', seq: 4, items: [], removed: [] });
    expect(delivered.map((message) => message.type)).toEqual(['snapshot', 'update']);
  });

  it('W4: comes back with the place where it was', () => {
    goLive();
    resume = { epoch: 'e', seq: 3 };
    wire().break();
    clock.advance(RETRY_FIRST_MS);
    wire().accept();
    expect(wire().sent).toEqual([{ type: 'subscribe', filters: {}, resume: { epoch: 'e', seq: 3 } }]);
  });
});

describe('what is wanted changes', () => {
  const wanted: Filters = { kinds: ['tile', 'agent'], sites: ['bank'] };

  it('asks anew on the same line, from the beginning', () => {
    goLive();
    resume = { epoch: 'e', seq: 3 };
    filters = wanted;
    socket.askAnew();
    expect(wire().sent.at(-1)).toEqual({ type: 'subscribe', filters: wanted, resume: null });
    expect(wires).toHaveLength(1);
  });

  it('is asked for once the line is there, and by each line after it', () => {
    socket.start();
    filters = wanted;
    socket.askAnew();
    expect(wire().sent).toEqual([]);
    wire().accept();
    expect(wire().sent).toEqual([{ type: 'subscribe', filters: wanted, resume: null }]);
    wire().break();
    socket.askAnew();
    clock.advance(RETRY_FIRST_MS);
    wire().accept();
    expect(wire().sent).toEqual([{ type: 'subscribe', filters: wanted, resume: null }]);
  });

  it('also between the first question and its answer', () => {
    socket.start();
    wire().accept();
    filters = wanted;
    socket.askAnew();
    expect(wire().sent.at(-1)).toEqual({ type: 'subscribe', filters: wanted, resume: null });
  });
});

describe('a line that breaks', () => {
  it('says since when nothing was heard and when it tries again', () => {
    goLive();
    clock.advance(2_000);
    wire().say({ type: 'update', seq: 4, items: [], removed: [] });
    clock.advance(1_000);
    wire().break();
    expect(socket.connection).toMatchObject({ phase: 'waiting', since: 2_000, retryAt: 3_500, attempt: 1 });
  });

  it('tries again by itself, each time later, up to the limit', () => {
    socket.start();
    const waits: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      wire().break();
      const before = clock.now();
      const wait = (socket.connection.retryAt ?? 0) - before;
      waits.push(wait);
      clock.advance(wait);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    expect(wires).toHaveLength(9);
  });

  it('starts the series anew only after a line that held for a while', () => {
    goLive();
    wire().break();
    clock.advance(RETRY_FIRST_MS);
    wire().accept();
    wire().say(SNAPSHOT);
    wire().break();
    expect(socket.connection.attempt).toBe(2);
    clock.advance(RETRY_LAST_MS);
    wire().accept();
    wire().say(SNAPSHOT);
    clock.advance(STEADY_MS);
    expect(socket.connection.attempt).toBe(0);
  });

  it('does not wait when somebody asks', () => {
    goLive();
    wire().break();
    socket.retryNow();
    expect(wires).toHaveLength(2);
  });

  it('a try that is not answered is given up', () => {
    socket.start();
    clock.advance(CONNECT_MS);
    expect(wire().closed).toBe(true);
    expect(socket.connection.phase).toBe('waiting');
  });
});

describe('W6: a line that is only half open', () => {
  it('is asked after silence, and an answer keeps it', () => {
    goLive();
    clock.advance(QUIET_MS);
    expect(wire().sent.at(-1)).toEqual({ type: 'ping' });
    clock.advance(ANSWER_MS - 1);
    wire().say({ type: 'pong' });
    clock.advance(QUIET_MS - 1);
    expect(wires).toHaveLength(1);
    expect(socket.connection.phase).toBe('live');
  });

  it('is dropped when the ping stays unanswered, and never heard again', () => {
    goLive();
    const dead = wire();
    clock.advance(QUIET_MS + ANSWER_MS);
    expect(dead.closed).toBe(true);
    expect(socket.connection).toMatchObject({ phase: 'waiting', since: 0 });
    dead.say({ type: 'update', seq: 9, items: [], removed: [] });
    dead.break();
    expect(delivered).toHaveLength(1);
    expect(socket.connection.attempt).toBe(1);
  });

  it('is not asked while it talks', () => {
    goLive();
    for (let seq = 4; seq < 30; seq += 1) {
      clock.advance(1_000);
      wire().say({ type: 'update', seq, items: [], removed: [] });
    }
    expect(wire().sent).toHaveLength(1);
  });
});

describe('a server that says no', () => {
  it('unauthorised: waits for the person, looks again rarely, and goes on by itself', () => {
    socket.start();
    wire().accept();
    wire().say(sample('error_unauthorised') as never);
    expect(socket.connection).toMatchObject({ phase: 'signed_out', problem: { code: 'unauthorised' } });
    clock.advance(SIGNED_OUT_RETRY_MS - 1);
    expect(wires).toHaveLength(1);
    clock.advance(1);
    wire().accept();
    wire().say(SNAPSHOT);
    expect(socket.connection).toMatchObject({ phase: 'live', problem: null });
  });

  it('unauthorised, then unreachable: that is a lost connection', () => {
    socket.start();
    wire().accept();
    wire().say(sample('error_unauthorised') as never);
    socket.retryNow();
    wire().break();
    expect(socket.connection).toMatchObject({ phase: 'waiting', problem: null });
  });

  it('another error: tries again, and keeps what was said', () => {
    socket.start();
    wire().accept();
    wire().say(sample('error_bad_message') as never);
    expect(socket.connection).toMatchObject({ phase: 'waiting', problem: { code: 'bad_message' } });
  });

  it.each(['nonsense', '{"type":"tea"}', 'null', '[]', '{}'])('%s: hangs up and tries again', (text) => {
    goLive();
    wire().onmessage?.({ data: text });
    expect(socket.connection.phase).toBe('waiting');
  });
});

it('leaves no timer behind when it is stopped', () => {
  goLive();
  socket.stop();
  expect(clock.waiting).toBe(0);
  expect(wire().closed).toBe(true);
  expect(socket.connection.phase).toBe('idle');
});

it('backs off by chance between half and all of the time', () => {
  expect(backOffMs(0, 0)).toBe(RETRY_FIRST_MS / 2);
  expect(backOffMs(0, 1)).toBe(RETRY_FIRST_MS);
  expect(backOffMs(1000, 1)).toBe(RETRY_LAST_MS);
});

it('reads every golden message of the server', () => {
  for (const name of ['snapshot', 'update', 'pong', 'error_bad_message', 'error_unauthorised']) {
    expect(parse(JSON.stringify(sample(name)))).toEqual(sample(name));
  }
  expect(parse(new ArrayBuffer(4))).toBeNull();
});
