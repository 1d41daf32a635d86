/**
 * A voice menu's calls as a drawing: columns by level, boxes and bands as high as the calls that they stand for. Lengths
 * are units of which 16 are one rem. Who hangs up drops out of the bottom of a box; who goes back runs below all boxes.
 */
import type { FlowLink, FlowNode } from '../contracts/types.ts';
import { drawBands, thicknessOf, type Band } from './flowbands.ts';
import {
  columnsOf,
  legsOf,
  lostAt,
  order,
  place,
  stacked,
  sum,
  way,
  type Item,
  type Menu,
} from './flowlayers.ts';

export interface Box {
  id: string;
  kind: FlowNode['kind'];
  column: number;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Calls or visits that come here. */
  value: number;
}

/** Who hangs up at a box. */
export interface Drop {
  id: string;
  value: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface FlowMap {
  width: number;
  height: number;
  boxes: Box[];
  bands: Band[];
  drops: Drop[];
  /** Names of nodes that nobody has reached. */
  unvisited: string[];
}

const LINE = 18;
const PADDING = 12;
const DROP = 12;
const DROP_TEXT = 18;
/** All calls together are so high, as a part of the width, and within these. */
const CALLS = { ofWidth: 0.3, least: 240, most: 560 };
const NARROWEST = 112;
const WIDEST = 250;
const LEAST_BETWEEN = 48;

/** The drawing of a day or half-hour in a given width (units); wider where the boxes need it. */
export function flowMap(menu: Menu, wanted: number): FlowMap {
  const links = menu.links.filter((link) => link.value > 0);
  const columns = columnsOf({ nodes: menu.nodes, links });
  const lost = lostAt(links);
  const items = new Map<string, Item>();
  for (const node of menu.nodes) {
    const column = columns.get(node.id);
    if (column === undefined || items.has(node.id)) continue;
    const inOrOut = (end: 'source' | 'target') =>
      sum(links.filter((link) => link[end] === node.id && link.source !== link.target));
    const value = node.kind === 'start' ? inOrOut('source') : inOrOut('target');
    if (value === 0) continue;
    const below = lost.has(node.id) ? DROP + DROP_TEXT : 0;
    items.set(node.id, { id: node.id, column, value, height: 0, below, y: 0, node });
  }
  const drawn = links.filter(
    (link) => link.source !== link.target && items.has(link.source) && items.has(link.target),
  );
  const goesOn = (link: FlowLink) => (columns.get(link.target) ?? 0) > (columns.get(link.source) ?? 0);
  const ways = drawn.filter(goesOn).map((link) => way(link, items));
  const stacks = stacked([...new Set([...items.values(), ...ways.flatMap((each) => each.items)])]);
  const high = Math.min(CALLS.most, Math.max(CALLS.least, wanted * CALLS.ofWidth));
  const scale = high / Math.max(1, ...stacks.map((stack) => sum(stack)));
  for (const item of stacks.flat()) {
    const lines = item.node === null ? 0 : linesOf(item.node) * LINE + PADDING;
    item.height = Math.max(lines, thicknessOf(item.value, scale));
  }
  const legs = ways.flatMap(legsOf);
  order(stacks, legs);
  const inner = place(stacks, legs);

  const count = Math.max(1, stacks.length);
  const width = Math.max(wanted, count * NARROWEST + (count - 1) * LEAST_BETWEEN);
  const boxWidth = Math.min(WIDEST, Math.max(NARROWEST, (width * 0.58) / count));
  const step = count > 1 ? (width - boxWidth) / (count - 1) : 0;
  const left = (item: Item) => item.column * step;
  const boxes = [...items.values()].map((item): Box => ({
    id: item.id,
    kind: item.node?.kind ?? 'node',
    column: item.column,
    x: left(item),
    y: item.y,
    width: boxWidth,
    height: item.height,
    value: item.value,
  }));
  const drops = [...items.values()].flatMap((item): Drop[] => {
    const value = lost.get(item.id);
    if (value === undefined) return [];
    const width = Math.min(boxWidth, thicknessOf(value, scale));
    return [{ id: item.id, value, x: left(item), y: item.y + item.height, width, height: DROP }];
  });
  const backs = drawn.filter((link) => !goesOn(link));
  const { bands, height } = drawBands(ways, backs, { items, scale, boxWidth, step, inner });
  const unvisited = menu.nodes.filter((node) => node.kind === 'node' && !items.has(node.id));
  return { width, height, boxes, bands, drops, unvisited: unvisited.map((node) => node.id) };
}

/** The box that an arrow key leads to; undefined at the edge. */
export function neighbour(boxes: readonly Box[], id: string, key: string): Box | undefined {
  const here = boxes.find((box) => box.id === id);
  if (!here) return undefined;
  const middle = (box: Box) => box.y + box.height / 2;
  const away = (box: Box) => Math.abs(middle(box) - middle(here));
  if (key === 'ArrowUp' || key === 'ArrowDown') {
    const sign = key === 'ArrowUp' ? -1 : 1;
    const column = boxes.filter((box) => box.column === here.column && sign * (box.y - here.y) > 0);
    return column.sort((one, other) => away(one) - away(other))[0];
  }
  const sign = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (sign === undefined) return undefined;
  const ahead = boxes.filter((box) => sign * (box.column - here.column) > 0);
  const near = Math.min(...ahead.map((box) => Math.abs(box.column - here.column)));
  return ahead
    .filter((box) => Math.abs(box.column - here.column) === near)
    .sort((one, other) => away(one) - away(other))[0];
}

/** Lines of text in a box: name, calls, and what goes wrong here. */
export function linesOf(node: FlowNode): number {
  return 2 + (node.repeats > 0 ? 1 : 0) + (failedAt(node) > 0 ? 1 : 0);
}

/** Inputs that failed at a node: no choice, or none in time. */
export function failedAt(node: FlowNode): number {
  return node.counts === null ? 0 : node.counts.invalid + node.counts.timeouts;
}
