/** How a queue or a roll-up stands against its target. Shares are 0…1, targets percent; null is "no data", never 0. */
import type { Bar, Outlook, Ratios, TileView } from '../contracts/types.ts';

export type DefinitionName = TileView['definition'];
/** 'own': each queue's own definition. */
export type DefinitionChoice = DefinitionName | 'own';
export type Standing = 'on_target' | 'below' | 'no_data' | 'no_target';

export const DEFINITION_NAMES = [
  'offered',
  'genesys_cloud',
  'cisco_ignore',
  'cisco_negative',
  'cisco_positive',
  'talkdesk',
  'answered_only',
  'xcally',
  'asterisk_perf2',
] as const satisfies readonly DefinitionName[];

/** Comparisons of percentages that came out of divisions. */
const HAIR = 1e-9;

export function chosen(choice: DefinitionChoice, own: DefinitionName): DefinitionName {
  return choice === 'own' ? own : choice;
}

export function levelOf(ratios: Ratios | Bar, definition: DefinitionName): number | null {
  return ratios.service_level[definition] ?? null;
}

export function standingOf(level: number | null, targetPercent: number | null): Standing {
  if (level === null) return 'no_data';
  if (targetPercent === null) return 'no_target';
  return level * 100 >= targetPercent - HAIR ? 'on_target' : 'below';
}

/** Points under the target: 12 for 68 % at a target of 80 %, negative when over it; null without data or target. */
export function gapOf(level: number | null, targetPercent: number | null): number | null {
  return level === null || targetPercent === null ? null : targetPercent - level * 100;
}

/**
 * The target of several queues as one: each queue's target weighted by what was offered to it. It orders sites and
 * colours their roll-up; where the targets differ no single number is shown as "the" target.
 */
export function sharedTarget(queues: readonly TileView[]): number | null {
  let weight = 0;
  let sum = 0;
  for (const queue of queues) {
    if (queue.target_percent === null) continue;
    weight += queue.target_counts.offered;
    sum += queue.target_counts.offered * queue.target_percent;
  }
  return weight > 0 ? sum / weight : (queues[0]?.target_percent ?? null);
}

/** What can still become of a service level: if nobody who waits is answered in time, and if all who still can be are. */
export interface Range {
  worst: number | null;
  best: number | null;
}

export function rangeOf(outlook: Outlook | null, definition: DefinitionName): Range {
  return { worst: outlook?.worst[definition] ?? null, best: outlook?.best[definition] ?? null };
}
