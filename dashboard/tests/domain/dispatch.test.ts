import { describe, expect, it } from 'vitest';
import type { Balance, MoveView, PlanView } from '../../src/contracts/types.ts';
import {
  actsOf,
  byRegion,
  bySkill,
  isShort,
  lent,
  moveOrder,
  planOrder,
  points,
} from '../../src/domain/dispatch.ts';
import { sample } from '../samples.ts';

const queue = (id: string, surplus: number | null, more: Partial<Balance> = {}): Balance => ({
  queue: id,
  site: id.split('/')[0] ?? id,
  region: 'north',
  skill: 'cards',
  name: { en: id, zh: id },
  agents: 4,
  needed: surplus === null ? null : 4 - surplus,
  surplus,
  target: 0.8,
  service_level: 0.7,
  expected_service_level: 0.7,
  waiting: 0,
  why: '',
  ...more,
});
const MOVE = sample('item_move') as MoveView;
const PLAN = sample('item_plan') as PlanView;

describe('the floor by region, centre and queue', () => {
  it('has its places by name, those without a region last, and adds what is known', () => {
    const found = byRegion([
      queue('porto/b', -2),
      queue('porto/a', 3),
      queue('faro/a', null, { region: '' }),
      queue('braga/a', 1),
    ]);
    expect(found.map(({ region, surplus }) => [region, surplus])).toEqual([
      ['north', 2],
      ['', null],
    ]);
    expect(found[0]?.centres.map(({ site }) => site)).toEqual(['braga', 'porto']);
    expect(found[0]?.centres[1]?.queues.map((each) => each.queue)).toEqual(['porto/a', 'porto/b']);
  });

  it('by skill says where it lacks and where it is, worst and best first', () => {
    const [cards, loans] = bySkill([
      queue('porto/cards', 0.4),
      queue('faro/cards', -1),
      queue('braga/cards', -3),
      queue('lisbon/cards', 2),
      queue('porto/loans', null, { skill: 'loans' }),
    ]);
    expect(cards?.short.map((each) => each.queue)).toEqual(['braga/cards', 'faro/cards']);
    expect(cards?.spare.map((each) => each.queue)).toEqual(['lisbon/cards']);
    expect(cards?.surplus).toBeCloseTo(-1.6);
    expect(cards?.needed).toBeCloseTo(17.6);
    expect([loans?.surplus, loans?.needed]).toEqual([null, null]);
  });

  it('by skill does not take agents that are not known for none', () => {
    const [cards] = bySkill([
      queue('porto/cards', 1),
      queue('bank/cards', null, { agents: null, needed: 4 }),
    ]);
    expect([cards?.agents, cards?.needed, cards?.surplus]).toEqual([null, 7, 1]);
  });

  it('a fraction of an agent is no shortage', () => {
    expect([null, 0, -0.4, -0.5, -3].map(isShort)).toEqual([false, false, false, true, true]);
  });
});

describe('moves', () => {
  it('open ones by age, closed ones newest first', () => {
    const at = (id: string, state: MoveView['state'], proposed_at: number) => ({
      ...MOVE,
      id,
      state,
      proposed_at,
    });
    const closed = { ...at('c', 'returned', 1), closed_at: 90 };
    const { open, closed: over } = moveOrder([
      at('b', 'effective', 20),
      closed,
      at('a', 'proposed', 10),
      at('d', 'declined', 50),
    ]);
    expect(open.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(over.map(({ id }) => id)).toEqual(['c', 'd']);
  });

  it('each state allows its own', () => {
    const acts = (state: MoveView['state']) => actsOf({ ...MOVE, state });
    expect(acts('proposed')).toEqual(['accept', 'decline', 'cancel']);
    expect(acts('accepted')).toEqual(['cancel', 'return']);
    expect(acts('effective')).toEqual(['return']);
    expect([...acts('returned'), ...acts('declined')]).toEqual([]);
  });

  it('last from when they were seen until they end, or until now', () => {
    const since = { ...MOVE, effective_at: 1000, ended_at: null };
    expect(lent(since, 5000)).toBe(4000);
    expect(lent(since, null)).toBeNull();
    expect(lent({ ...since, ended_at: 3000 }, 5000)).toBe(2000);
    expect(lent({ ...since, effective_at: null }, 5000)).toBeNull();
  });

  it('change a level by points', () => {
    expect(points({ service_level_before: 0.5, service_level_after: 0.75 })).toBe(25);
    expect(points({ service_level_before: null, service_level_after: 0.75 })).toBeNull();
  });
});

it('plans that want somebody come first', () => {
  const plan = (id: string, more: Partial<PlanView>) => ({
    ...PLAN,
    id,
    level: 0,
    proposed: null,
    leave_proposed: false,
    ...more,
  });
  const found = planOrder([
    plan('z', {}),
    plan('c', { level: 1 }),
    plan('b', { level: 2, leave_proposed: true }),
    plan('a', { proposed: 1 }),
  ]);
  expect(found.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'z']);
});
