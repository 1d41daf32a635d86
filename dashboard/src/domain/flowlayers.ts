/** Where things stand in the drawing of a menu: columns by level, boxes and passing bands one below the other. */
import type { FlowDay, FlowLink, FlowNode } from '../contracts/types.ts';

export type Menu = Pick<FlowDay, 'nodes' | 'links'>;

const GAP = 14;
const SWEEPS = 6;

/** What stands in a column: a box, or the place that a band needs on its way past. */
export interface Item {
  id: string;
  column: number;
  value: number;
  height: number;
  below: number;
  y: number;
  node: FlowNode | null;
}

export interface Leg {
  from: Item;
  to: Item;
  value: number;
}

export interface Way {
  link: FlowLink;
  /** From box to box, with the places on the way. */
  items: Item[];
}

/** How many visits each node has lost, by id. */
export function lostAt(links: readonly FlowLink[]): Map<string, number> {
  return new Map(links.filter((link) => link.target === 'lost').map((link) => [link.source, link.value]));
}

/** The column of each end of links: the calls 0, menu nodes by the fewest steps to them, where calls go last. */
export function columnsOf({ nodes, links }: Menu): Map<string, number> {
  const menu = new Set(nodes.filter((node) => node.kind === 'node').map((node) => node.id));
  const linked = links.filter((link) => link.source !== link.target && menu.has(link.target));
  const found = new Map<string, number>([['start', 0]]);
  const spread = (ahead: string[]) => {
    for (const id of ahead)
      for (const link of linked)
        if (link.source === id && !found.has(link.target)) {
          found.set(link.target, (found.get(id) ?? 0) + 1);
          ahead.push(link.target);
        }
  };
  spread(['start']);
  for (const { source, target } of links)
    for (const id of [source, target])
      if (menu.has(id) && !found.has(id)) {
        found.set(id, 1);
        spread([id]);
      }
  const last = Math.max(...found.values()) + 1;
  for (const { target } of links) if (!found.has(target) && target !== 'lost') found.set(target, last);
  return found;
}

export function sum(each: readonly { value: number }[]): number {
  return each.reduce((total, { value }) => total + value, 0);
}

export function way(link: FlowLink, items: ReadonlyMap<string, Item>): Way {
  const [from, to] = [items.get(link.source), items.get(link.target)];
  if (!from || !to) throw new Error('both ends are boxes');
  const between = Array.from({ length: to.column - from.column - 1 }, (_, index): Item => {
    const column = from.column + 1 + index;
    const id = `${link.source}>${link.target}@${column}`;
    return { id, column, value: link.value, height: 0, below: 0, y: 0, node: null };
  });
  return { link, items: [from, ...between, to] };
}

export function legsOf({ link, items }: Way): Leg[] {
  return items.slice(1).map((to, index): Leg => ({ from: items[index] ?? to, to, value: link.value }));
}

export function stacked(items: readonly Item[]): Item[][] {
  const last = Math.max(0, ...items.map((item) => item.column));
  return Array.from({ length: last + 1 }, (_, column) => items.filter((item) => item.column === column));
}

/** Where the ends of an item's bands are on the whole, weighted by calls; null without any. */
function pull(
  item: Item,
  legs: readonly Leg[],
  side: 'from' | 'to',
  at: (item: Item) => number,
): number | null {
  const mine = legs.filter((leg) => leg[side === 'from' ? 'to' : 'from'] === item);
  const weight = sum(mine);
  return weight === 0 ? null : mine.reduce((total, leg) => total + leg.value * at(leg[side]), 0) / weight;
}

/** Boxes of a column so that bands cross little: each near the middle of what it is tied to, forwards and backwards. */
export function order(stacks: Item[][], legs: readonly Leg[]): void {
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const side = sweep % 2 === 0 ? 'from' : 'to';
    const rank = new Map(stacks.flatMap((stack) => stack.map((item, index) => [item, index] as const)));
    for (const stack of side === 'from' ? stacks : [...stacks].reverse()) {
      const wish = new Map(
        stack.map((item) => [
          item,
          pull(item, legs, side, (each) => rank.get(each) ?? 0) ?? rank.get(item) ?? 0,
        ]),
      );
      stack.sort((one, other) => (wish.get(one) ?? 0) - (wish.get(other) ?? 0));
      stack.forEach((item, index) => rank.set(item, index));
    }
  }
}

/** Heights from the top; returns how high the highest column is. */
export function place(stacks: readonly Item[][], legs: readonly Leg[]): number {
  const high = (item: Item) => item.height + item.below + GAP;
  const inner = Math.max(
    0,
    ...stacks.map((stack) => stack.reduce((total, item) => total + high(item), -GAP)),
  );
  for (const stack of stacks) {
    let free = 0;
    for (const item of stack) {
      const middle = pull(item, legs, 'from', (each) => each.y + each.height / 2);
      const wish =
        middle === null ? (stack.length === 1 ? (inner - high(item)) / 2 : free) : middle - item.height / 2;
      item.y = Math.max(free, wish);
      free = item.y + high(item);
    }
    let end = inner;
    for (const item of [...stack].reverse()) {
      item.y = Math.max(0, Math.min(item.y, end - item.height - item.below));
      end = item.y - GAP;
    }
  }
  return inner;
}
