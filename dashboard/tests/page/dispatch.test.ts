/** The dispatcher's page: what it shows, and that nothing in it is written past the catalogue. */
import { describe, expect, it } from 'vitest';
import type { Item, MoveView, PlanView, Snapshot, Suggestions } from '../../src/contracts/types.ts';
import { Advice } from '../../src/dispatch/advice.svelte.ts';
import DispatchPage from '../../src/dispatch/DispatchPage.svelte';
import type { Got } from '../../src/live/rest.ts';
import { sample } from '../samples.ts';
import { inPseudo, stage, strangers, texts } from './stage.ts';

const SNAPSHOT = sample('snapshot') as Snapshot;
const MOVE = sample('item_move') as MoveView;
const PLAN = sample('item_plan') as PlanView;
const side = (queue: string, before: number, after: number) => ({
  queue,
  agents: 6,
  agents_after: 8,
  service_level_before: before,
  service_level_after: after,
});
const step = (agents: number) => ({
  agents,
  taker: side('bank/PS', 0.5, 0.81),
  givers: [side('lisbon/sales', 0.95, 0.9)],
  gain_per_hour: 20,
  cost_per_hour: 1,
  saved_per_hour: 4,
});
const FOUND: Suggestions = {
  as_of: { bank: 0 },
  suggestions: [
    {
      id: 'lisbon|bank/PS',
      giver: 'lisbon',
      taker: 'bank',
      queue: 'bank/PS',
      skill: 'sales',
      agents: 1,
      proposed: [
        { id: 'eva', name: 'Eva', team: '', state: 'available', queues: ['lisbon/sales'], free_until: null },
      ],
      candidates: 3,
      steps: [step(0), step(1)],
      gain_per_hour: 20,
      cost_per_hour: 1,
      saved_per_hour: 4,
      reaches_target: true,
      limited_by: 'target',
    },
  ],
  balance: [
    {
      queue: 'bank/PS',
      site: 'bank',
      region: '',
      skill: 'sales',
      name: { en: 'Regular service', zh: '普通服务' },
      agents: 6,
      needed: 8,
      surplus: -2,
      target: 0.8,
      service_level: 0.5,
      expected_service_level: 0.5,
      waiting: 3,
      why: '',
    },
  ],
  passed_over: { away: 2, leaves_soon: 1 },
  limits: { en: 'Limits', zh: '限制' },
};

async function shown(address: string, found: Got<Suggestions>, items: readonly Item[] = [], pseudo = true) {
  const { page, hear } = stage(address);
  if (pseudo) inPseudo(page);
  hear({ ...SNAPSHOT, items: [...SNAPSHOT.items, ...items] });
  const advice = new Advice(() => Promise.resolve(found));
  await advice.refresh();
  return texts(DispatchPage, page, { advice });
}

const there: Got<Suggestions> = { is: 'there', value: FOUND };
const NAMES = [
  'Regular service',
  '普通服务',
  'Anonymous Bank',
  '匿名银行',
  'Eva',
  'eva',
  'lisbon/sales',
  'lisbon',
  'sales',
  'Lisbon',
  'Limits',
  'Sales',
  'bank/PS',
];
const PLAN_NAMES = ['Surge', 'Second line', 'Call the second line', '话务高峰预案', 'a storm', 'dora', 'lia'];
const own = (text: string) => strangers(text, [...NAMES, ...PLAN_NAMES], /中文/g);

describe('the floor', () => {
  it('shows who is short, who can help, and what it does to both', async () => {
    const text = await shown('/dispatch', there, [], false);
    expect(text).toContain('Regular service');
    expect(text).toContain('−2');
    expect(text).toMatch(/50\s*%\s*→\s*81\s*%/);
    expect(text).toMatch(/95\s*%\s*→\s*90\s*%/);
    expect(text).toContain('Eva');
    expect(text).toContain('2 not serving contacts, 1 break or shift end within 30 minutes');
  });

  it('says when nobody has to be moved, and when nobody answers', async () => {
    const none = await shown('/dispatch', { is: 'there', value: { ...FOUND, suggestions: [] } }, [], false);
    expect(none).toContain('Nobody has to be moved');
    expect(await shown('/dispatch', { is: 'failed', status: 0, message: '' }, [], false)).toContain(
      'No answer',
    );
  });

  it('has no word that is not in the catalogue', async () => {
    expect(own(await shown('/dispatch', there))).toBe('');
  });
});

describe('moves', () => {
  const over: MoveView = {
    ...MOVE,
    id: 'old',
    state: 'returned',
    ended_at: (MOVE.effective_at ?? 0) + 600_000,
  };

  it('those under way, and the ledger with what was expected and measured', async () => {
    const text = await shown('/dispatch?part=moves', there, [MOVE, over], false);
    expect(text).toContain('Under way');
    expect(text).toMatch(/70\s*%\s*→\s*78\s*%/);
    expect(text).toMatch(/70\s*%\s*→\s*76\s*%/);
    expect(text).toContain('10:00');
    expect(text).toContain('+8 pts');
    expect(text).toContain('+6 pts');
    expect(text).toContain('−5 pts');
  });

  it('has no word that is not in the catalogue, with moves and without', async () => {
    expect(own(await shown('/dispatch?part=moves', there, [MOVE, over]))).toBe('');
    expect(own(await shown('/dispatch?part=moves', there))).toBe('');
  });
});

describe('plans', () => {
  const LEFT: PlanView = {
    ...PLAN,
    id: 'left',
    level: 0,
    proposed: null,
    taken_back: [{ action: 'call', level: 1, state: 'failed', by: 'floorwatch', at: 1, note: 'HTTP 500' }],
  };

  it('has no word that is not in the catalogue, active, proposed or none', async () => {
    const proposed: PlanView = { ...PLAN, level: 0, proposed: 1 };
    const active: PlanView = {
      ...PLAN,
      id: 'active',
      level: 1,
      proposed: null,
      leave_proposed: true,
      actions: [
        { action: 'call', level: 1, state: 'open', by: '', at: null, note: '' },
        { action: 'ivr', level: 1, state: 'done', by: 'dora', at: 1, note: '' },
      ],
    };
    const text = await shown('/dispatch?part=plans', there, [proposed, active, LEFT]);
    expect(
      own(text)
        .replace(/ivr|HTTP|floorwatch/g, '')
        .trim(),
    ).toBe('');
    expect(own(await shown('/dispatch?part=plans', there))).toBe('');
  });

  it('tells what was not taken back when its level was left, until somebody has seen to it', async () => {
    const text = await shown('/dispatch?part=plans', there, [LEFT], false);
    expect(text).toMatch(/To be taken back.*Call the second line.*not taken back · floorwatch/s);
    const seenTo = {
      ...LEFT,
      taken_back: LEFT.taken_back.map((each) => ({ ...each, state: 'done' as const })),
    };
    expect(await shown('/dispatch?part=plans', there, [seenTo], false)).not.toContain('To be taken back');
  });
});

it('of several answers the one that was asked for last counts, and an old one stays while nobody answers', async () => {
  const answers: ((got: Got<Suggestions>) => void)[] = [];
  const advice = new Advice(() => new Promise((resolve) => answers.push(resolve)));
  const first = advice.refresh();
  const second = advice.refresh();
  answers[1]?.(there);
  answers[0]?.({ is: 'failed', status: 503, message: '' });
  await Promise.all([first, second]);
  expect([advice.found, advice.isFailed]).toEqual([FOUND, false]);
  const third = advice.refresh();
  answers[2]?.({ is: 'failed', status: 0, message: '' });
  await third;
  expect([advice.found, advice.isFailed]).toEqual([FOUND, true]);
});
