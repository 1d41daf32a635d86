/** Who is not ready, why and for how long: of a queue, from its agents one by one. */
import type { AgentTile } from '../contracts/types.ts';

export interface Pause {
  /** In the words of the feed; empty: none given. */
  reason: string;
  agents: number;
  /** When the one who is longest in it began; null: not told. */
  since: number | null;
}

/** Agents that are not ready, by queue and reason; who serves several queues is with each. Longest first. */
export function pausesByQueue(agents: Iterable<AgentTile>): Map<string, Pause[]> {
  const found = new Map<string, Map<string, Pause>>();
  for (const { queues, state, reason, since } of agents) {
    if (state !== 'not_ready') continue;
    for (const queue of queues) {
      let reasons = found.get(queue);
      if (!reasons) found.set(queue, (reasons = new Map<string, Pause>()));
      const before = reasons.get(reason) ?? { reason, agents: 0, since: null };
      const began = since > 0 ? Math.min(since, before.since ?? Infinity) : before.since;
      reasons.set(reason, { reason, agents: before.agents + 1, since: began });
    }
  }
  return new Map([...found].map(([queue, reasons]) => [queue, [...reasons.values()].sort(longest)]));
}

function longest(one: Pause, other: Pause): number {
  return (
    (one.since ?? Infinity) - (other.since ?? Infinity) ||
    other.agents - one.agents ||
    (one.reason < other.reason ? -1 : 1)
  );
}
