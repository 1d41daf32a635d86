import { beforeEach, describe, expect, it } from 'vitest';
import type { FeedView, Item, Snapshot, Update } from '../../src/contracts/types.ts';
import { LiveState, same, type Change } from '../../src/live/state.ts';
import { HandClock } from '../clock.ts';
import { TEAM } from '../rich.ts';
import { sample } from '../samples.ts';

let clock: HandClock;
let state: LiveState;
let changes: Change[];

beforeEach(() => {
  clock = new HandClock();
  state = new LiveState(clock);
  changes = [];
  state.subscribe((change) => changes.push(change));
});

const feed = (id: string, at: number): FeedView => ({
  kind: 'feed', id, source: id, site: 's', at, rate: 1, timezone: 'UTC', freshness: 'fresh', age_s: 0, ahead_ms: null
}); // prettier-ignore
const snapshot = (seq: number, ...items: Item[]): Snapshot => ({ type: 'snapshot', epoch: 'e', seq, items });
const update = (seq: number, items: Item[], removed: string[] = []): Update => ({
  type: 'update',
  seq,
  items,
  removed,
});

describe('golden samples', () => {
  it('W8: snapshot + update = what the server then holds', () => {
    state.take(sample('snapshot') as Snapshot);
    state.take(sample('update') as Update);
    state.flush();
    const held = Object.fromEntries([...state.items].sort(([a], [b]) => (a < b ? -1 : 1)));
    expect(held).toEqual(sample('after_update'));
    expect(state.resume).toEqual({ epoch: 'f3a9c2d1', seq: 17 });
  });

  it('what the update does not name keeps its identity', () => {
    state.take(sample('snapshot') as Snapshot);
    state.flush();
    const before = new Map(state.items);
    state.take(sample('update') as Update);
    state.flush();
    const named = new Set((sample('update') as Update).items.map((item) => `${item.kind}|${item.id}`));
    const untouched = [...state.items].filter(([key]) => !named.has(key));
    expect(untouched.length).toBeGreaterThan(5);
    for (const [key, item] of untouched) expect(item).toBe(before.get(key));
  });
});

describe('frames', () => {
  it('many messages are one change, with the newest of each', () => {
    state.take(snapshot(1, feed('a', 1), feed('b', 1)));
    state.take(update(2, [feed('a', 2)]));
    state.take(update(3, [feed('a', 3)]));
    expect(changes).toEqual([]);
    clock.draw();
    expect(changes).toHaveLength(1);
    expect(changes[0]?.changed.get('feed|a')).toMatchObject({ at: 3 });
    clock.draw();
    expect(changes).toHaveLength(1);
  });

  it('where to resume counts what has arrived, applied or not', () => {
    state.take(snapshot(1));
    state.take(update(2, []));
    expect(state.resume).toEqual({ epoch: 'e', seq: 2 });
  });

  it('an update that says nothing new tells nobody', () => {
    state.take(snapshot(1, feed('a', 1)));
    state.flush();
    state.take(update(2, [feed('a', 1)]));
    state.flush();
    expect(changes).toHaveLength(1);
  });
});

describe('snapshots', () => {
  it('forget what was there before, and keep the identity of what is still the same', () => {
    state.take(snapshot(1, feed('a', 1), feed('b', 1), feed('gone', 1)));
    state.flush();
    const a = state.items.get('feed|a');
    state.take(snapshot(9, feed('a', 1), feed('b', 2)));
    state.flush();
    expect([...state.items.keys()]).toEqual(['feed|a', 'feed|b']);
    expect(state.items.get('feed|a')).toBe(a);
    expect([...(changes[1]?.changed.keys() ?? [])]).toEqual(['feed|b']);
    expect([...(changes[1]?.removed ?? [])]).toEqual(['feed|gone']);
  });

  it('one that comes before the frame replaces what had not been applied', () => {
    state.take(snapshot(1, feed('a', 1)));
    state.take(snapshot(2, feed('b', 1)));
    state.flush();
    expect([...state.items.keys()]).toEqual(['feed|b']);
  });

  it('removed and back within a frame is there; new and removed is not', () => {
    state.take(snapshot(1, feed('a', 1)));
    state.flush();
    state.take(update(2, [], ['feed|a']));
    state.take(update(3, [feed('a', 5), feed('b', 1)]));
    state.take(update(4, [], ['feed|b']));
    state.flush();
    expect([...state.items.values()]).toEqual([feed('a', 5)]);
  });
});

describe('what a newer server tells', () => {
  it('an item of a kind that nobody knows here is let go by, and the others arrive', () => {
    const forecast = { kind: 'forecast', id: 'f', points: [1, 2] } as unknown as Item;
    state.take(snapshot(1, forecast, feed('a', 1)));
    state.take(update(2, [forecast, TEAM], ['forecast|f', 'plan|p']));
    state.flush();
    expect([...state.items.keys()]).toEqual(['feed|a', 'team|bank/day']);
    expect(state.resume).toEqual({ epoch: 'e', seq: 2 });
  });

  it('a field that nobody knows here changes nothing else', () => {
    state.take(snapshot(1, { ...feed('a', 1), mood: 'good' } as Item));
    state.flush();
    expect(state.items.get('feed|a')).toMatchObject(feed('a', 1));
  });
});

describe('what has no place', () => {
  it('an update before any snapshot is not believed', () => {
    state.take(update(5, [feed('a', 1)]));
    state.flush();
    expect(state.items.size).toBe(0);
    expect(state.resume).toBeNull();
  });

  it('an update from before where we are brings nothing back', () => {
    state.take(snapshot(5, feed('a', 5)));
    state.take(update(4, [feed('a', 4)]));
    state.flush();
    expect(state.items.get('feed|a')).toMatchObject({ at: 5 });
  });
});

it('knows when an item was last heard, changed or not', () => {
  state.take(snapshot(1, feed('a', 1)));
  state.flush();
  clock.advance(700);
  state.take(update(2, [feed('a', 1)]));
  expect(state.heardAt('feed|a')).toBe(700);
  state.take(update(3, [], ['feed|a']));
  state.flush();
  expect(state.heardAt('feed|a')).toBeUndefined();
});

it('compares JSON by content', () => {
  expect(same({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
  expect(same({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
  expect(same({ a: undefined }, { b: undefined })).toBe(false);
  expect(same([], {})).toBe(false);
  expect(same(null, {})).toBe(false);
});
