/**
 * Agents of a scope, as a floor counts them. The strip has four groups: who is free, who is with a customer (ringing and
 * hold included), who wraps up, who is not ready. States that this page does not know stand at the end of the list.
 */
import type { AgentsNow, AgentTile } from '../contracts/types.ts';

export type AgentState = AgentTile['state'];
export type AdherenceState = AgentTile['adherence'];
export type StripGroup = 'available' | 'on_contact' | 'wrap_up' | 'not_ready';

export const STRIP_GROUPS = [
  'available',
  'on_contact',
  'wrap_up',
  'not_ready',
] as const satisfies readonly StripGroup[];
export const ADHERENCE_STATES = [
  'in',
  'out',
  'unscheduled',
  'ignored',
  'unknown',
] as const satisfies readonly AdherenceState[];

const ORDER: readonly string[] = [
  'available',
  'ringing',
  'talking',
  'hold',
  'wrap_up',
  'not_ready',
  'offline',
] satisfies AgentState[];
const GROUPS: Record<string, StripGroup> = {
  available: 'available',
  ringing: 'on_contact',
  talking: 'on_contact',
  hold: 'on_contact',
  wrap_up: 'wrap_up',
  not_ready: 'not_ready',
};

export interface StateCount {
  state: string;
  /** Why not ready, in the words of the feed; empty: none given. */
  reason: string;
  agents: number;
}

export function stateCounts(agents: AgentsNow): StateCount[] {
  return Object.entries(agents.by_state)
    .map(([key, count]) => {
      const [state = '', ...reason] = key.split(':');
      return { state, reason: reason.join(':'), agents: count ?? 0 };
    })
    .filter((each) => each.agents > 0)
    .sort(
      (a, b) => rankOf(a.state) - rankOf(b.state) || b.agents - a.agents || (a.reason < b.reason ? -1 : 1),
    );
}

function rankOf(state: string): number {
  const at = ORDER.indexOf(state);
  return at < 0 ? ORDER.length : at;
}

/** The group of a state; null for one that this page does not know, and for offline. */
export function groupOf(state: string): StripGroup | null {
  return GROUPS[state] ?? null;
}

export function strip(agents: AgentsNow): Record<StripGroup, number> {
  const groups = { available: 0, on_contact: 0, wrap_up: 0, not_ready: 0 };
  for (const each of stateCounts(agents)) {
    const group = groupOf(each.state);
    if (group) groups[group] += each.agents;
  }
  return groups;
}

/** Agents in a state of adherence. */
export function adherent(agents: AgentsNow, state: AdherenceState): number {
  return agents.adherence[state] ?? 0;
}

/** Whether any plan is held against these agents: without one, "0 out" would say too much. */
export function planned(agents: AgentsNow): boolean {
  return (['in', 'out', 'ignored'] as const).some((state) => adherent(agents, state) > 0);
}
