/**
 * What the server has told: items by `kind|id`. Messages are taken in at once and applied once a frame, together.
 * An item that did not change keeps its identity, also over a new snapshot.
 */
import type { Item, Resume, Snapshot, Update } from '../contracts/types.ts';
import type { Scheduler } from './scheduler.ts';

/** What this page can make something of. A newer server may tell of more: that is let go by. */
const KINDS: ReadonlySet<string> = new Set<Item['kind']>([
  'tile',
  'day',
  'feed',
  'alert',
  'team',
  'agent',
  'rule',
  'silence',
  'plan',
  'move',
]);

export type Key = `${Item['kind']}|${string}`;

export interface Change {
  changed: ReadonlyMap<Key, Item>;
  removed: ReadonlySet<Key>;
}

export type Listener = (change: Change) => void;

export class LiveState {
  #scheduler: Pick<Scheduler, 'frame' | 'now'>;
  #held = new Map<Key, Item>();
  #heard = new Map<Key, number>();
  #waiting = new Map<Key, Item | null>();
  #anew = false;
  #scheduled = false;
  #resume: Resume | null = null;
  #listeners = new Set<Listener>();

  constructor(scheduler: Pick<Scheduler, 'frame' | 'now'>) {
    this.#scheduler = scheduler;
  }

  /** Applied items; what has arrived since the last frame is not among them yet (see `flush`). */
  get items(): ReadonlyMap<Key, Item> {
    return this.#held;
  }

  /** Where to go on after a lost connection: what has arrived counts, applied or not, for it will be. */
  get resume(): Resume | null {
    return this.#resume;
  }

  /** When an item last arrived, changed or not; undefined for one that never did. */
  heardAt(key: Key): number | undefined {
    return this.#heard.get(key);
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  take(message: Snapshot | Update): void {
    if (message.type === 'snapshot') {
      this.#waiting.clear();
      this.#anew = true;
      this.#resume = { epoch: message.epoch, seq: message.seq };
    } else {
      // Before any snapshot an update means nothing; one from before where we are would bring old values back.
      if (this.#resume === null || message.seq < this.#resume.seq) return;
      this.#resume = { epoch: this.#resume.epoch, seq: message.seq };
      for (const key of message.removed) this.#waiting.set(key as Key, null);
    }
    const now = this.#scheduler.now();
    for (const item of message.items) {
      if (!KINDS.has(item.kind)) continue;
      const key = keyOf(item);
      this.#waiting.set(key, item);
      this.#heard.set(key, now);
    }
    this.#schedule();
  }

  /** Apply what has arrived, now. */
  flush(): void {
    const changed = new Map<Key, Item>();
    const removed = new Set<Key>();
    if (this.#anew) {
      for (const key of this.#held.keys()) if (!this.#waiting.has(key)) removed.add(key);
    }
    for (const [key, item] of this.#waiting) {
      const held = this.#held.get(key);
      if (item === null) {
        if (held) removed.add(key);
      } else if (!held || !same(held, item)) changed.set(key, item);
    }
    this.#waiting.clear();
    this.#anew = false;
    this.#keep({ changed, removed });
  }

  #keep(change: Change): void {
    for (const key of change.removed) {
      this.#held.delete(key);
      this.#heard.delete(key);
    }
    for (const [key, item] of change.changed) this.#held.set(key, item);
    if (change.changed.size + change.removed.size === 0) return;
    for (const listener of this.#listeners) listener(change);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#scheduler.frame(() => {
      this.#scheduled = false;
      this.flush();
    });
  }
}

export function keyOf(item: Item): Key {
  return `${item.kind}|${item.id}`;
}

/** Deep equality of two JSON values. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => key in right && same(left[key], right[key]))
  );
}
