/** What the page about voice menus says of an answer of the API: names, shares, who comes from where, days. */
import type { FlowDay, FlowNode, MenuWarning } from '../contracts/types.ts';

/** One way into or out of a box, with the share of all that came in or went out. */
export interface Way {
  id: string;
  value: number;
  share: number;
}

/** Where the calls of a box come from, or where they go; most first. Hearing a node again is neither. */
export function waysOf(day: Pick<FlowDay, 'links'>, id: string, side: 'in' | 'out'): Way[] {
  const [here, there] = side === 'in' ? (['target', 'source'] as const) : (['source', 'target'] as const);
  const mine = day.links.filter((link) => link[here] === id && link[there] !== id);
  const total = mine.reduce((sum, link) => sum + link.value, 0);
  return mine
    .map((link) => ({ id: link[there], value: link.value, share: link.value / total }))
    .sort((one, other) => other.value - one.value || (one.id < other.id ? -1 : 1));
}

/** The share of all calls of the menu; null where there are none. */
export function shareOf(calls: number, day: Pick<FlowDay, 'counts'>): number | null {
  return day.counts.entered === 0 ? null : calls / day.counts.entered;
}

export function nodeOf(day: Pick<FlowDay, 'nodes'>, id: string): FlowNode | undefined {
  return day.nodes.find((node) => node.id === id);
}

/** What is wrong with one node. */
export function warningsOf(day: Pick<FlowDay, 'warnings'>, id: string): MenuWarning[] {
  return day.warnings.filter((warning) => warning.node === id);
}

/** The local day so many days later (YYYY-MM-DD). */
export function daysLater(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
