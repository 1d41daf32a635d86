/** The golden snapshot with all that a floor may have: agents, teams, regions, channels, ghosts, the running half-hour. */
import type { AgentsNow, Item, Outlook, Snapshot, TeamView, TileView } from '../src/contracts/types.ts';
import type { MetricEntry } from '../src/domain/metrics.ts';
import { DEFINITION_NAMES } from '../src/domain/standing.ts';
import { sample } from './samples.ts';

const SNAPSHOT = sample('snapshot') as Snapshot;
export const BANK_NOW = (sample('item_tile_queue') as TileView).as_of;

export function agentsNow(change: Partial<AgentsNow> = {}): AgentsNow {
  return {
    by_state: { 'not_ready:lunch': 2, wrap_up: 1, talking: 4, hold: 1, available: 3, 'not_ready:break': 1 },
    signed_in: 12,
    longest_available_since: BANK_NOW - 83_000,
    adherence: { in: 9, out: 2, unscheduled: 1 },
    occupancy: 0.75,
    utilisation: 0.5,
    adherence_rate: 0.93,
    conformance: 1.02,
    shrinkage_planned: 0.2,
    shrinkage_actual: null,
    ...change,
  };
}

const all = (share: number) => Object.fromEntries(DEFINITION_NAMES.map((name) => [name, share]));
export const OUTLOOK: Outlook = { already_lost: 1, still_to_win: 4, best: all(0.84), worst: all(0.58) };

function full(tile: TileView): TileView {
  if (tile.target_counts.offered === 0) return tile;
  return {
    ...tile,
    status: 'provisional',
    revision: tile.level === 'queue' ? 4_711 : null,
    ghosts: 2,
    details: { ...tile.details, held: 7, flow_outs: { unknown: 2, overflow: 5, from_mars: 1 } },
    outlook: OUTLOOK,
    mean_length: 2.34,
    estimated_wait_s: 125,
    running: {
      start: BANK_NOW - 15 * 60_000,
      end: BANK_NOW + 15 * 60_000,
      label: '10:00',
      counts: tile.target_counts,
      ratios: tile.target_ratios,
      outlook: OUTLOOK,
      mean_length: 1.2,
      earlier_offered: 160.5,
      earlier_weeks: 3,
    },
    agents: agentsNow(),
    channels: {
      chat: {
        target_s: 60,
        target_percent: 90,
        counts: tile.target_counts,
        ratios: tile.target_ratios,
        waiting: 1,
        oldest_offered_at: null,
      },
    },
  };
}

const ITEMS = SNAPSHOT.items.map((item): Item => {
  if (item.kind === 'tile') return full(item);
  return item.kind === 'feed' ? { ...item, ahead_ms: item.site === 'lisbon' ? -65_000 : 900 } : item;
});
const BANK = ITEMS.find((item): item is TileView => item.kind === 'tile' && item.id === 'bank');
if (!BANK) throw new Error('the sample has it');

export const REGION: TileView = {
  ...BANK,
  id: 'region:levant',
  level: 'region',
  site: null,
  name: { en: 'Levant', zh: '黎凡特' },
};
export const TEAM: TeamView = {
  kind: 'team',
  id: 'bank/day',
  site: 'bank',
  name: { en: 'Day team', zh: '白班组' },
  as_of: BANK_NOW,
  agents: agentsNow(),
};
export const RICH: Snapshot = { ...SNAPSHOT, items: [...ITEMS, REGION, TEAM] };

/** Entries as GET /v1/metrics has them. */
export const METRICS: MetricEntry[] = [
  'waiting', 'outlook.best', 'outlook.worst', 'outlook.already_lost', 'outlook.still_to_win', 'oldest_offered_at',
  'mean_length', 'estimated_wait_s', 'ghosts', 'offered', 'answered', 'answer_rate', 'abandonment_rate', 'flow_out_rate', 'asa_s',
  'wait_abandoned_s', 'aht_s', 'talk_s', 'hold_s', 'wrap_up_s', 'signed_in', 'occupancy', 'utilisation',
  'adherence_rate', 'conformance', 'shrinkage_planned', 'shrinkage_actual', 'service_level.offered',
].map((id) => ({
  id,
  name: { en: `Name of ${id}`, zh: `${id} 的名称` },
  formula: { en: `Formula of ${id}`, zh: `${id} 的公式` },
  source: 'tests',
  direction: 'higher' as const,
})); // prettier-ignore
