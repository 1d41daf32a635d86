import { describe, expect, it } from 'vitest';
import type { RunningView, TileView } from '../../src/contracts/types.ts';
import { mean, percentRange } from '../../src/domain/format.ts';
import {
  agentRows,
  contactRows,
  levelRows,
  nowRows,
  whyNoLevel,
  type MetricRow,
} from '../../src/domain/metrics.ts';
import { elapsed, paceOf } from '../../src/domain/running.ts';
import { skewS } from '../../src/domain/skew.ts';
import { DEFINITION_NAMES, levelOf, rangeOf } from '../../src/domain/standing.ts';
import { agentsNow, BANK_NOW, OUTLOOK, RICH } from '../rich.ts';
import { sample } from '../samples.ts';

const tileOf = (id: string): TileView => {
  const found = RICH.items.find((item): item is TileView => item.kind === 'tile' && item.id === id);
  if (!found) throw new Error(id);
  return found;
};
const PS = tileOf('bank/PS');
const EMPTY = sample('item_tile_queue_empty') as TileView;
const RICH_RUNNING: RunningView = (() => {
  if (!PS.running) throw new Error('rich.ts has it');
  return PS.running;
})();
const values = (rows: MetricRow[]) => Object.fromEntries(rows.map((row) => [row.id, row.value]));
const reasons = (rows: MetricRow[]) => Object.fromEntries(rows.map((row) => [row.id, row.because]));

describe('the figures of a tile', () => {
  it('are the API’s, by the ids of the catalogue', () => {
    expect(values(levelRows(PS, 'cisco_positive'))).toEqual({
      'service_level.cisco_positive': 0.8,
      'outlook.worst': 0.58,
      'outlook.best': 0.84,
      'outlook.already_lost': 1,
      'outlook.still_to_win': 4,
    });
    expect(values(nowRows(PS, 12))).toEqual({
      waiting: 0,
      oldest_offered_at: 12,
      mean_length: 2.34,
      estimated_wait_s: 125,
      ghosts: 2,
    });
    expect(values(contactRows(PS))).toMatchObject({ offered: 100, answered: 90, asa_s: 13.5, aht_s: 210 });
    expect(values(agentRows(agentsNow()))).toMatchObject({ occupancy: 0.75, conformance: 1.02 });
  });

  it('say why there is none: no contacts, nobody answered, nobody waits, a silent feed', () => {
    expect(reasons(levelRows(EMPTY, 'offered'))).toMatchObject({
      'service_level.offered': 'no_contacts',
      'outlook.best': EMPTY.outlook ? 'no_contacts' : 'silent',
    });
    expect(reasons(nowRows(PS, null))).toMatchObject({ waiting: null, oldest_offered_at: 'nobody_waits' });
    expect(reasons(nowRows({ ...PS, estimated_wait_s: null }, 3))).toMatchObject({
      estimated_wait_s: 'no_pace',
    });
    expect(reasons(nowRows({ ...PS, outlook: null, estimated_wait_s: null }, 3))).toMatchObject({
      estimated_wait_s: 'silent',
    });
    expect(reasons(contactRows(EMPTY))).toMatchObject({
      abandonment_rate: 'no_contacts',
      asa_s: 'none_answered',
      wait_abandoned_s: 'none_abandoned',
      aht_s: 'none_answered',
    });
    expect(reasons(agentRows(agentsNow({ adherence_rate: null })))).toMatchObject({
      adherence_rate: 'no_plan',
      shrinkage_actual: 'none_signed_in',
      occupancy: null,
    });
  });

  it('ghosts are spoken of only where there are any', () => {
    expect(nowRows({ ...PS, ghosts: 0 }, 1).map((row) => row.id)).not.toContain('ghosts');
  });

  it('contacts of which none counts are another reason than none', () => {
    expect(whyNoLevel(EMPTY)).toBe('no_contacts');
    expect(whyNoLevel(PS)).toBe('none_counted');
  });
});

describe('what is still possible', () => {
  it('by the definition that is chosen, and nothing where nothing is told', () => {
    expect(rangeOf(OUTLOOK, 'xcally')).toEqual({ worst: 0.58, best: 0.84 });
    expect(rangeOf(null, 'xcally')).toEqual({ worst: null, best: null });
  });

  it('is written from worst to best, once where nothing is open', () => {
    expect(percentRange(0.579, 0.84)).toBe('57–84');
    expect(percentRange(0.8, 0.8)).toBe('80');
    expect(percentRange(null, null)).toBe('–');
    expect(percentRange(null, 1)).toBe('–…100');
  });
});

it('all nine definitions are there to choose, and the sample has a level by each', () => {
  expect(DEFINITION_NAMES).toHaveLength(9);
  for (const name of DEFINITION_NAMES) expect(levelOf(PS.target_ratios, name), name).not.toBeNull();
});

describe('the running half-hour', () => {
  const running = RICH_RUNNING;
  const offered = (count: number): RunningView => ({
    ...running,
    counts: { ...running.counts, offered: count },
  });

  it('goes from 0 to 1', () => {
    expect(elapsed(running, BANK_NOW)).toBe(0.5);
    expect(elapsed(running, running.start - 1)).toBe(0);
    expect(elapsed(running, running.end + 1)).toBe(1);
  });

  it('is held against as much of earlier weeks as has gone', () => {
    expect(paceOf(offered(80), 0.5)).toBe('usual');
    expect(paceOf(offered(120), 0.5)).toBe('more');
    expect(paceOf(offered(120), 1)).toBe('fewer');
  });

  it('has no pace in its first minutes, nor without earlier weeks', () => {
    expect(paceOf(offered(50), 0.05)).toBeNull();
    expect(paceOf({ ...running, earlier_offered: null }, 0.5)).toBeNull();
    expect(paceOf({ ...running, earlier_offered: 0 }, 0.5)).toBeNull();
  });
});

it('a clock that is off by seconds gets a word, the way of the events does not', () => {
  expect(skewS({ ahead_ms: 75_900 })).toBe(75);
  expect(skewS({ ahead_ms: -5_000 })).toBe(-5);
  expect(skewS({ ahead_ms: 4_999 })).toBeNull();
  expect(skewS({ ahead_ms: null })).toBeNull();
});

it('means have one decimal', () => {
  expect([mean(2.34, 'en'), mean(2, 'en'), mean(null, 'en')]).toEqual(['2.3', '2.0', '–']);
});
