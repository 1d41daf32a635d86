/** The thin layer between the live state and Svelte: one reactive value an item, one tick for all timers. */
import { SvelteMap } from 'svelte/reactivity';
import type { DayView, FeedView, Filters, Item, TeamView, TileView } from '../contracts/types.ts';
import type { Cancel, Scheduler } from './scheduler.ts';
import { LiveSocket, type Connection, type Wire } from './socket.ts';
import { LiveState, same, type Change, type Key } from './state.ts';

export type Kind = Item['kind'];
export type ItemOf<K extends Kind> = Extract<Item, { kind: K }>;

/** Twice a second, so that a clock that is heard between two ticks skips no second. */
export const TICK_MS = 500;

export interface StoreOptions {
  open: () => Wire;
  scheduler: Scheduler;
  random: () => number;
}

export class LiveStore {
  #scheduler: Scheduler;
  #state: LiveState;
  #socket: LiveSocket;
  #items = new SvelteMap<Key, Item>();
  #tick: Cancel = () => undefined;
  #onChange = new Set<(change: Change) => void>();
  #filters: Filters = {};
  /** How often something of a kind has changed, and the list of its items as of then. */
  #versions = new SvelteMap<string, number>();
  #lists = new Map<Kind, { version: number | undefined; items: Item[] }>();

  connection = $state.raw<Connection>({
    phase: 'idle',
    since: null,
    retryAt: null,
    attempt: 0,
    problem: null,
  });
  /** The scheduler's clock as of the last tick. */
  now = $state(0);
  /** A snapshot has been seen: what is not there does not exist. */
  filled = $state(false);

  constructor({ open, scheduler, random }: StoreOptions) {
    this.#scheduler = scheduler;
    this.#state = new LiveState(scheduler);
    this.#state.subscribe((change) => this.#take(change));
    this.#socket = new LiveSocket({
      open,
      scheduler,
      random,
      filters: () => this.#filters,
      resume: () => this.#state.resume,
      onMessage: (message) => {
        this.#state.take(message);
        this.filled = true;
      },
      onConnection: (connection) => {
        this.connection = connection;
        this.now = scheduler.now();
      },
    });
    this.now = scheduler.now();
  }

  start(): void {
    this.#beat();
    this.#socket.start();
  }

  stop(): void {
    this.#tick();
    this.#socket.stop();
  }

  retryNow(): void {
    this.#socket.retryNow();
  }

  /** What the page in front wants to see (services/contracts/socket.py, Filters); what it no longer wants goes. */
  watch(filters: Filters): void {
    if (same(filters, this.#filters)) return;
    this.#filters = filters;
    this.filled = false;
    this.#socket.askAnew();
  }

  flush(): void {
    this.#state.flush();
  }

  /** Called after each frame's change, for what is computed over many items. */
  onChange(listener: (change: Change) => void): () => void {
    this.#onChange.add(listener);
    return () => this.#onChange.delete(listener);
  }

  tile(id: string): TileView | undefined {
    return this.#items.get(`tile|${id}`) as TileView | undefined;
  }

  day(id: string): DayView | undefined {
    return this.#items.get(`day|${id}`) as DayView | undefined;
  }

  /** All items of a kind as they are now, for listeners of changes: components read `list`. */
  all<K extends Kind>(kind: K): ItemOf<K>[] {
    return [...this.#state.items.values()].filter((item): item is ItemOf<K> => item.kind === kind);
  }

  /** All items of a kind; who reads this in a component is run again when any of the kind changes. */
  list<K extends Kind>(kind: K): readonly ItemOf<K>[] {
    const version = this.#versions.get(kind);
    let held = this.#lists.get(kind);
    if (!held || held.version !== version) this.#lists.set(kind, (held = { version, items: this.all(kind) }));
    return held.items as ItemOf<K>[];
  }

  /** One item; who reads this in a component is run again when it changes. */
  one<K extends Kind>(kind: K, id: string): ItemOf<K> | undefined {
    return this.#items.get(`${kind}|${id}`) as ItemOf<K> | undefined;
  }

  team(id: string): TeamView | undefined {
    return this.#items.get(`team|${id}`) as TeamView | undefined;
  }

  feed(id: string): FeedView | undefined {
    return this.#items.get(`feed|${id}`) as FeedView | undefined;
  }

  /** When an item last arrived, on the scheduler's clock. */
  heardAt(kind: Item['kind'], id: string): number {
    return this.#state.heardAt(`${kind}|${id}`) ?? this.#scheduler.now();
  }

  #take(change: Change): void {
    for (const key of change.removed) this.#items.delete(key);
    for (const [key, item] of change.changed) this.#items.set(key, item);
    const keys = [...change.changed.keys(), ...change.removed];
    for (const kind of new Set(keys.map((key) => key.slice(0, key.indexOf('|')))))
      this.#versions.set(kind, (this.#versions.get(kind) ?? 0) + 1);
    for (const listener of this.#onChange) listener(change);
  }

  #beat(): void {
    this.now = this.#scheduler.now();
    this.#tick = this.#scheduler.after(TICK_MS, () => this.#beat());
  }
}
