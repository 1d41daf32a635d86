/**
 * Socket and state together against a model of the server, by seed: lines break, half open lines fall silent, updates are
 * conflated, the server restarts with another epoch. Whatever happened: once the line is good and all is sent, the
 * client holds what the server holds, and has never shown a value older than one it had shown before.
 *
 * A failing run prints its seed; put it into BAD_SEEDS to keep it.
 */
import { describe, expect, it } from 'vitest';
import type { FeedView, Resume, ServerMessage } from '../../src/contracts/types.ts';
import { LiveSocket, RETRY_LAST_MS, CONNECT_MS } from '../../src/live/socket.ts';
import { LiveState, type Key } from '../../src/live/state.ts';
import { chance, HandClock } from '../clock.ts';
import { HeldWire } from './wires.ts';

const BAD_SEEDS: number[] = [];
const SEEDS = process.env['FUZZ_SEED']
  ? [Number(process.env['FUZZ_SEED'])]
  : [...BAD_SEEDS, ...Array.from({ length: 250 }, (_, i) => i + 1)];
const STEPS = 300;
const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** The rules W1–W5 of the wire, in their simplest form. */
class ModelServer {
  epoch = 'epoch-0';
  seq = 0;
  held = new Map<Key, FeedView>();
  #changedAt = new Map<Key, number>();
  #restarts = 0;
  #version = 0;

  change(id: string): void {
    this.seq += 1;
    this.#version += 1;
    this.held.set(`feed|${id}`, {
      kind: 'feed', id, source: 's', site: 's', at: this.#version, rate: 1, timezone: 'UTC', freshness: 'fresh', age_s: 0, ahead_ms: null
    }); // prettier-ignore
    this.#changedAt.set(`feed|${id}`, this.seq);
  }

  remove(id: string): void {
    this.seq += 1;
    this.held.delete(`feed|${id}`);
    this.#changedAt.set(`feed|${id}`, this.seq);
  }

  restart(): void {
    this.#restarts += 1;
    this.epoch = `epoch-${this.#restarts}`;
    this.seq = Math.floor(this.seq / 3);
    this.#changedAt.clear();
    for (const key of this.held.keys()) this.#changedAt.set(key, this.seq);
  }

  answer(resume: Resume | null | undefined): ServerMessage {
    if (resume?.epoch === this.epoch && resume.seq <= this.seq) return this.since(resume.seq);
    return { type: 'snapshot', epoch: this.epoch, seq: this.seq, items: [...this.held.values()] };
  }

  /** Conflated: each item once, with its newest value. */
  since(seq: number): ServerMessage {
    const keys = [...this.#changedAt].filter(([, at]) => at > seq).map(([key]) => key);
    const items = keys.flatMap((key) => this.held.get(key) ?? []);
    return { type: 'update', seq: this.seq, items, removed: keys.filter((key) => !this.held.has(key)) };
  }
}

class Line extends HeldWire {
  /** Up to where the server has sent; null: nothing yet. */
  sentUpTo: number | null = null;
  epoch = '';
  silent = false;
  answered = 0;
}

function run(seed: number): void {
  const random = chance(seed);
  const pick = (): string => IDS[Math.floor(random() * IDS.length)] ?? 'a';
  const clock = new HandClock();
  const server = new ModelServer();
  const state = new LiveState(clock);
  const lines: Line[] = [];
  const newest = new Map<Key, number>();
  state.subscribe(({ changed }) => {
    for (const [key, item] of changed) {
      const { at } = item as FeedView;
      expect(at, `${key} went back`).toBeGreaterThanOrEqual(newest.get(key) ?? 0);
      newest.set(key, at);
    }
  });
  const socket = new LiveSocket({
    open: () => {
      const line = new Line();
      lines.push(line);
      return line;
    },
    scheduler: clock,
    random,
    filters: () => ({}),
    resume: () => state.resume,
    onMessage: (message) => state.take(message),
    onConnection: () => undefined,
  });
  socket.start();

  const serve = (line: Line): void => {
    for (const message of line.sent.slice(line.answered)) {
      line.answered += 1;
      if (line.silent) continue;
      if (message.type === 'ping') line.say({ type: 'pong' });
      else {
        line.say(server.answer(message.resume));
        line.sentUpTo = server.seq;
      }
    }
    if (line.sentUpTo === null || line.silent || line.sentUpTo === server.seq) return;
    line.say(server.since(line.sentUpTo));
    line.sentUpTo = server.seq;
  };
  const breakLine = (line: Line): void => line.break();

  for (let i = 0; i < STEPS; i += 1) {
    const line = lines.at(-1);
    const dice = random();
    if (dice < 0.4) server.change(pick());
    else if (dice < 0.46) server.remove(pick());
    else if (dice < 0.62 && line && !line.closed) serve(line);
    else if (dice < 0.72 && line && !line.closed && line.sent.length === 0) line.accept();
    else if (dice < 0.78) state.flush();
    else if (dice < 0.82) clock.draw();
    else if (dice < 0.86 && line && !line.closed) breakLine(line);
    else if (dice < 0.88 && line) line.silent = true;
    else if (dice < 0.9) {
      server.restart();
      if (line && !line.closed) breakLine(line);
    } else clock.advance(random() * 4_000);
  }

  // From here on the network is good.
  for (let i = 0; i < 12 && (socket.connection.phase !== 'live' || lines.at(-1)?.silent); i += 1) {
    const line = lines.at(-1);
    if (line && !line.closed && !line.silent) {
      if (line.sent.length === 0) line.accept();
      serve(line);
    }
    if (socket.connection.phase !== 'live' || line?.silent) clock.advance(RETRY_LAST_MS + CONNECT_MS);
  }
  const line = lines.at(-1);
  if (line) serve(line);
  state.flush();
  expect(socket.connection.phase).toBe('live');
  expect(new Map([...state.items].sort())).toEqual(new Map([...server.held].sort()));
  expect(state.resume).toEqual({ epoch: server.epoch, seq: server.seq });
}

describe('socket and state by seed', () => {
  it.each(SEEDS)('seed %i', (seed) => {
    try {
      run(seed);
    } catch (error) {
      throw new Error(`FUZZ_SEED=${seed} npm test: ${String(error)}`, { cause: error });
    }
  });
});
