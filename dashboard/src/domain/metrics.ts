/**
 * The figures of a tile one by one, by the ids of the metric catalogue (GET /v1/metrics), which has their names and says
 * what each is. A figure that is not there has a reason.
 */
import type { AgentsNow, MetricView, TileView } from '../contracts/types.ts';
import { levelOf, rangeOf, type DefinitionName } from './standing.ts';

/** An entry of the catalogue, as far as a page shows it. */
export type MetricEntry = Pick<MetricView, 'id' | 'name' | 'formula' | 'source' | 'direction'>;

export type MetricKind = 'share' | 'seconds' | 'mean' | 'count';
export type Because =
  | 'no_contacts'
  | 'none_counted'
  | 'none_answered'
  | 'none_abandoned'
  | 'none_handled'
  | 'nobody_waits'
  | 'no_pace'
  | 'silent'
  | 'none_signed_in'
  | 'no_plan';

export interface MetricRow {
  id: string;
  kind: MetricKind;
  value: number | null;
  /** Why there is no value. */
  because: Because | null;
}

function row(id: string, kind: MetricKind, value: number | null, because: Because): MetricRow {
  return { id, kind, value, because: value === null ? because : null };
}

/** Service level and what can become of it. */
export function levelRows(tile: TileView, definition: DefinitionName): MetricRow[] {
  const { outlook } = tile;
  const { worst, best } = rangeOf(outlook, definition);
  const none = whyNoLevel(tile);
  return [
    row(`service_level.${definition}`, 'share', levelOf(tile.target_ratios, definition), none),
    row('outlook.worst', 'share', worst, outlook ? none : 'silent'),
    row('outlook.best', 'share', best, outlook ? none : 'silent'),
    row('outlook.already_lost', 'count', outlook?.already_lost ?? null, 'silent'),
    row('outlook.still_to_win', 'count', outlook?.still_to_win ?? null, 'silent'),
  ];
}

/** The queue as it stands. `longestWaitS` counts on by the feed's clock, so the board has it. */
export function nowRows(tile: TileView, longestWaitS: number | null): MetricRow[] {
  return [
    row('waiting', 'count', tile.waiting, 'silent'),
    row('oldest_offered_at', 'seconds', longestWaitS, 'nobody_waits'),
    row('mean_length', 'mean', tile.mean_length, 'silent'),
    row('estimated_wait_s', 'seconds', tile.estimated_wait_s, tile.outlook ? 'no_pace' : 'silent'),
    ...(tile.ghosts > 0 ? [row('ghosts', 'count', tile.ghosts, 'silent')] : []),
  ];
}

/** Contacts of the rolling half-hour and how long they took. */
export function contactRows(tile: TileView): MetricRow[] {
  const { target_ratios: ratios, target_counts: counts } = tile;
  const handled: Because = counts.answered > 0 ? 'none_handled' : 'none_answered';
  const share = whyNoLevel(tile);
  return [
    row('offered', 'count', counts.offered, 'no_contacts'),
    row('answered', 'count', counts.answered, 'no_contacts'),
    row('answer_rate', 'share', ratios.answer_rate, share),
    row('abandonment_rate', 'share', ratios.abandonment_rate, share),
    row('flow_out_rate', 'share', ratios.flow_out_rate, share),
    row('asa_s', 'seconds', ratios.asa_s, 'none_answered'),
    row('wait_abandoned_s', 'seconds', ratios.wait_abandoned_s, 'none_abandoned'),
    row('aht_s', 'seconds', ratios.aht_s, handled),
    row('talk_s', 'seconds', ratios.talk_s, handled),
    row('hold_s', 'seconds', ratios.hold_s, handled),
    row('wrap_up_s', 'seconds', ratios.wrap_up_s, handled),
  ];
}

/** Agents of a scope; shares are of their local day so far. */
export function agentRows(agents: AgentsNow): MetricRow[] {
  return [
    row('signed_in', 'count', agents.signed_in, 'none_signed_in'),
    row('occupancy', 'share', agents.occupancy, 'none_signed_in'),
    row('utilisation', 'share', agents.utilisation, 'none_signed_in'),
    row('adherence_rate', 'share', agents.adherence_rate, 'no_plan'),
    row('conformance', 'share', agents.conformance, 'no_plan'),
    row('shrinkage_planned', 'share', agents.shrinkage_planned, 'no_plan'),
    row('shrinkage_actual', 'share', agents.shrinkage_actual, 'none_signed_in'),
  ];
}

/** Why a share of contacts has no value: nobody has come, or nobody who counts. */
export function whyNoLevel(tile: TileView): Because {
  return tile.target_counts.offered > 0 ? 'none_counted' : 'no_contacts';
}
