/**
 * The line to the server: connects, subscribes, comes back by itself with the place where it was (rules W1–W8 of
 * services/contracts/socket.py). Knows nothing of what the items mean and nothing of the framework.
 *
 *   idle ──start──▶ connecting ──first snapshot or update──▶ live
 *                       │  ▲                                   │
 *   closed, refused     │  └──────── the wait is over ──┐      │ closed, or a ping stays unanswered
 *   or no answer        ▼                               │      ▼
 *                    waiting (or signed_out: the same, but only a person can help) ◀──┘
 */
import type {
  ClientMessage,
  Filters,
  Resume,
  ServerMessage,
  Snapshot,
  SocketError,
  Update,
} from '../contracts/types.ts';
import type { Cancel, Scheduler } from './scheduler.ts';

export type Phase = 'idle' | 'connecting' | 'live' | 'waiting' | 'signed_out';

export interface Connection {
  phase: Phase;
  /** While live: since when, on the scheduler's clock. Else: when the server was last heard; null: never yet. */
  since: number | null;
  /** When it will be tried again; null while it is not waiting. */
  retryAt: number | null;
  /** Tries without success since it was last good. */
  attempt: number;
  /** What the server said before it closed. */
  problem: SocketError | null;
}

/** The part of a browser's WebSocket that is used here. */
export interface Wire {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
}

export interface SocketOptions {
  open: () => Wire;
  /** What the page wants to see; asked at each subscription. */
  filters: () => Filters;
  scheduler: Scheduler;
  /** 0…1, for the jitter of the back-off. */
  random: () => number;
  resume: () => Resume | null;
  onMessage: (message: Snapshot | Update) => void;
  onConnection: (connection: Connection) => void;
}

/** Nothing heard for so long: ask. */
export const QUIET_MS = 5_000;
/** No answer for so long: the line is dead, whatever TCP thinks. */
export const ANSWER_MS = 5_000;
export const CONNECT_MS = 10_000;
export const RETRY_FIRST_MS = 500;
export const RETRY_LAST_MS = 15_000;
export const SIGNED_OUT_RETRY_MS = 30_000;
/** A line that holds for so long ends the series of failed tries. */
export const STEADY_MS = 5_000;

export class LiveSocket {
  #options: SocketOptions;
  #wire: Wire | null = null;
  #open = false;
  #timer: Cancel = nothing;
  #steady: Cancel = nothing;
  #heardAt = 0;
  #connection: Connection = { phase: 'idle', since: null, retryAt: null, attempt: 0, problem: null };

  constructor(options: SocketOptions) {
    this.#options = options;
  }

  get connection(): Connection {
    return this.#connection;
  }

  start(): void {
    if (this.#connection.phase === 'idle') this.#connect();
  }

  stop(): void {
    this.#hangUp();
    this.#set({ phase: 'idle', retryAt: null });
  }

  /** What is wanted has changed: the answer is a new snapshot. A line that is not there yet asks once it is. */
  askAnew(): void {
    if (this.#open) this.#subscribe(null);
  }

  /** Don't wait any longer (the network is back, the page is seen again, a person asks). */
  retryNow(): void {
    if (this.#connection.phase === 'waiting' || this.#connection.phase === 'signed_out') this.#connect();
  }

  #connect(): void {
    this.#timer();
    this.#set({ phase: 'connecting', retryAt: null, problem: null });
    const wire = this.#options.open();
    this.#wire = wire;
    wire.onopen = () => {
      this.#open = true;
      this.#subscribe(this.#options.resume());
    };
    wire.onmessage = (event) => this.#heard(event.data);
    wire.onclose = () => this.#lost();
    this.#timer = this.#options.scheduler.after(CONNECT_MS, () => this.#lost());
  }

  #subscribe(resume: Resume | null): void {
    this.#send({ type: 'subscribe', filters: this.#options.filters(), resume });
  }

  #heard(data: unknown): void {
    const message = parse(data);
    if (message === null) {
      this.#lost();
    } else if (message.type === 'error') {
      this.#set({ problem: message });
      this.#lost();
    } else {
      this.#heardAt = this.#options.scheduler.now();
      this.#watch();
      if (message.type !== 'pong') this.#deliver(message);
    }
  }

  #deliver(message: Snapshot | Update): void {
    if (this.#connection.phase !== 'live') {
      this.#set({ phase: 'live', since: this.#options.scheduler.now(), retryAt: null, problem: null });
      this.#steady = this.#options.scheduler.after(STEADY_MS, () => this.#set({ attempt: 0 }));
    }
    this.#options.onMessage(message);
  }

  /** (Re)starts the watch over a silent line. */
  #watch(): void {
    const { scheduler } = this.#options;
    this.#timer();
    this.#timer = scheduler.after(QUIET_MS, () => {
      this.#send({ type: 'ping' });
      this.#timer = scheduler.after(ANSWER_MS, () => this.#lost());
    });
  }

  #send(message: ClientMessage): void {
    this.#wire?.send(JSON.stringify(message));
  }

  #hangUp(): void {
    this.#timer();
    this.#steady();
    const wire = this.#wire;
    this.#wire = null;
    this.#open = false;
    if (wire === null) return;
    // A half-open line may take minutes to report its close: it must not be heard again.
    wire.onopen = wire.onmessage = wire.onclose = null;
    wire.close();
  }

  #lost(): void {
    const { random } = this.#options;
    const { phase, since, problem, attempt } = this.#connection;
    this.#hangUp();
    const good = phase === 'live' ? this.#heardAt : since;
    if (problem?.code === 'unauthorised') this.#wait('signed_out', SIGNED_OUT_RETRY_MS, good);
    else this.#wait('waiting', backOffMs(attempt, random()), good);
  }

  #wait(phase: 'waiting' | 'signed_out', ms: number, since: number | null): void {
    const { scheduler } = this.#options;
    this.#set({ phase, since, retryAt: scheduler.now() + ms, attempt: this.#connection.attempt + 1 });
    this.#timer = scheduler.after(ms, () => this.#connect());
  }

  #set(change: Partial<Connection>): void {
    this.#connection = { ...this.#connection, ...change };
    this.#options.onConnection(this.#connection);
  }
}

/** Doubles with each try up to a limit; half of it is chance, so that a hundred walls don't come back at once. */
export function backOffMs(attempt: number, random: number): number {
  const full = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** Math.min(attempt, 16));
  return full * (0.5 + 0.5 * random);
}

const TYPES: readonly string[] = ['snapshot', 'update', 'pong', 'error'] satisfies ServerMessage['type'][];

/** A message of a known type, or null. Its fields are the server's promise (one schema, golden samples on both sides). */
export function parse(data: unknown): ServerMessage | null {
  if (typeof data !== 'string') return null;
  try {
    const message = JSON.parse(data) as { type?: unknown } | null;
    return typeof message?.type === 'string' && TYPES.includes(message.type)
      ? (message as ServerMessage)
      : null;
  } catch {
    return null;
  }
}

function nothing(): void {
  // Called off already, or never set.
}
