import { describe, expect, it } from 'vitest';
import type { Absence, AgentTile, AgentTimeline, Alert, TeamTimeline } from '../../src/contracts/types.ts';
import { alertsOf, axisOf, excuseOf, placeOn, rowsOf, statesOf } from '../../src/domain/lead.ts';
import { sample } from '../samples.ts';

const LATE = sample('item_alert_adherence') as Alert;
const AGENT = sample('item_agent') as AgentTile;
const late = (id: string, more: Partial<Alert>): Alert => ({ ...LATE, handled: '', id, ...more });
const HOUR = 3_600_000;

describe('alerts of a team', () => {
  it('stand costliest first, what was handled last, and others are not there', () => {
    const alerts = [
      late('cheap', { cost: 1 }),
      late('dear', { cost: 9 }),
      late('coached', { cost: 20, handled: 'coached' }),
      late('unknown cost', { cost: null }),
      late('elsewhere', { team: 'lisbon/blue' }),
      late('over', { state: 'resolved' }),
      late('dismissed', { handled: 'dismissed', hidden_by: 'dismissed' }),
      late('one of twenty', { hidden_by: 'inhibited:team-out|lisbon/red|1' }),
    ];
    expect(alertsOf('lisbon/red', alerts).map((alert) => alert.id)).toEqual([
      'dear',
      'cheap',
      'unknown cost',
      'coached',
    ]);
  });

  it('an excuse covers it from its beginning until so many minutes from now', () => {
    const alert = late('x', { episode: 1_000, since: 61_000 });
    expect(excuseOf(alert, 100_000, 15)).toEqual({ start: 1_000, end: 1_000_000 });
    expect(excuseOf(alert, 0, 15)).toEqual({ start: 1_000, end: 961_000 });
    expect(excuseOf(alert, 100_000.4, 15)).toEqual({ start: 1_000, end: 1_000_000 });
  });
});

const tile = (id: string, adherence: AgentTile['adherence']): AgentTile => ({
  ...AGENT,
  id,
  name: id,
  adherence,
});
const absence = (agent: string, cost: number) => ({ agent, cost }) as Absence;
const drawn = (agent: string, more: Partial<AgentTimeline> = {}) =>
  ({ agent, name: agent, planned: [], actual: [], excused: [], ...more }) as unknown as AgentTimeline;

describe('rows', () => {
  it('who is out stands first, costliest first, then who is unknown, then the others by name', () => {
    const agents = [
      tile('b', 'in'),
      tile('a', 'in'),
      tile('lost', 'unknown'),
      tile('cheap', 'out'),
      tile('dear', 'out'),
      tile('back', 'in'),
    ];
    const rows = rowsOf([drawn('a')], agents, [absence('dear', 7), absence('cheap', 1), absence('back', 3)]);
    expect(rows.map((row) => [row.id, row.cost])).toEqual([
      ['dear', 7],
      ['cheap', 1],
      ['lost', null],
      ['a', null],
      ['b', null],
      ['back', null],
    ]);
    expect(rows.find((row) => row.id === 'a')?.day).toBeDefined();
    expect(rows.find((row) => row.id === 'b')?.day).toBeUndefined();
  });

  it('of a day that is over there is nobody now, and who has left the team since is there', () => {
    const rows = rowsOf([drawn('zoe'), drawn('ana')], [], []);
    expect(rows.map((row) => [row.id, row.now])).toEqual([
      ['ana', undefined],
      ['zoe', undefined],
    ]);
  });
});

describe('the axis', () => {
  const START = Date.UTC(2026, 0, 9);
  const span = (from: number, to: number) => ({ start: START + from * HOUR, end: START + to * HOUR });
  const day = (agents: AgentTimeline[], asOf = 9.5) =>
    ({ start: START, end: START + 24 * HOUR, as_of: START + asOf * HOUR, agents }) as unknown as TeamTimeline;

  it('goes from the hour of the first to the hour of the last that is planned or done', () => {
    const axis = axisOf(
      day([
        drawn('a', { planned: [{ ...span(8.5, 16.25), activity: 'on_queue' }] }),
        drawn('b', { actual: [{ ...span(7.9, 9.5) }] as unknown as AgentTimeline['actual'] }),
      ]),
    );
    expect([(axis.start - START) / HOUR, (axis.end - START) / HOUR]).toEqual([7, 17]);
    expect(axis.ticks.map((at) => (at - START) / HOUR)).toEqual([7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  });

  it('has twelve labels at most, and the whole day when there is nothing', () => {
    const axis = axisOf(day([]));
    expect([axis.start, axis.end]).toEqual([START, START + 24 * HOUR]);
    expect(axis.ticks).toHaveLength(12);
  });

  it('places a span, cut at its ends', () => {
    const axis = { start: START, end: START + 10 * HOUR, ticks: [] };
    expect(placeOn(axis, START + HOUR, START + 3 * HOUR)).toEqual({ left: 10, width: 20 });
    expect(placeOn(axis, START - HOUR, START + HOUR)).toEqual({ left: 0, width: 10 });
    expect(placeOn(axis, START + 11 * HOUR, START + 12 * HOUR).width).toBe(0);
  });
});

it('states of a span stand longest first', () => {
  expect(statesOf({ ringing: 2, talking: 9, available: 2 })).toEqual([
    ['talking', 9],
    ['available', 2],
    ['ringing', 2],
  ]);
});
