/** The bands of a menu's drawing: areas that go on from box to box, lines that run back below all boxes. */
import type { FlowLink } from '../contracts/types.ts';
import { sum, type Item, type Way } from './flowlayers.ts';

export interface Band {
  source: string;
  target: string;
  value: number;
  /** An area of this thickness; of one that goes back, a line. */
  path: string;
  thickness: number;
  isBack: boolean;
  /** Where it leaves its source: middle of the edge. */
  x: number;
  y: number;
}

const LANE = 10;

export function thicknessOf(value: number, scale: number): number {
  return Math.max(1.5, value * scale);
}

interface Frame {
  items: ReadonlyMap<string, Item>;
  scale: number;
  boxWidth: number;
  step: number;
  inner: number;
}

/** Bands leave and reach a box one below the other, in the order of where they lead, those that go back at the bottom. */
export function drawBands(
  ways: readonly Way[],
  backs: readonly FlowLink[],
  frame: Frame,
): { bands: Band[]; height: number } {
  const { items, scale, boxWidth, step, inner } = frame;
  const at = (link: FlowLink, end: 'source' | 'target') => items.get(link[end]);
  const links = [...ways.map((each) => each.link), ...backs];
  const next = new Map<string, number>();
  const slots = new Map<string, number>();
  for (const end of ['source', 'target'] as const) {
    const far = end === 'source' ? 'target' : 'source';
    const key = (link: FlowLink) => `${end} ${link[end]}`;
    const placeOf = (link: FlowLink) => {
      const path = ways.find((each) => each.link === link)?.items;
      const beside = end === 'source' ? path?.[1] : path?.at(-2);
      return beside?.y ?? Infinity;
    };
    for (const link of links) {
      const item = at(link, end);
      const all = sum(
        links
          .filter((each) => each[end] === link[end])
          .map((each) => ({ value: thicknessOf(each.value, scale) })),
      );
      if (item && !next.has(key(link))) next.set(key(link), item.y + Math.max(0, item.height - all) / 2);
    }
    const inOrder = [...links].sort(
      (one, other) => placeOf(one) - placeOf(other) || (at(one, far)?.y ?? 0) - (at(other, far)?.y ?? 0),
    );
    for (const link of inOrder) {
      const top = next.get(key(link)) ?? 0;
      slots.set(`${end} ${link.source} ${link.target}`, top);
      next.set(key(link), top + thicknessOf(link.value, scale));
    }
  }
  const slot = (link: FlowLink, end: 'source' | 'target') =>
    slots.get(`${end} ${link.source} ${link.target}`) ?? 0;
  let lane = inner + LANE;
  const bands = ways.map(({ link, items: path }): Band => {
    const thickness = thicknessOf(link.value, scale);
    const tops = path.map((item, index) =>
      index === 0 ? slot(link, 'source') : index === path.length - 1 ? slot(link, 'target') : item.y,
    );
    const x = (item: Item) => item.column * step;
    return {
      ...link,
      path: area(path.map(x), tops, thickness, boxWidth),
      thickness,
      isBack: false,
      x: (path[0] ? x(path[0]) : 0) + boxWidth,
      y: (tops[0] ?? 0) + thickness / 2,
    };
  });
  for (const link of backs) {
    const thickness = thicknessOf(link.value, scale);
    const [from, to] = [at(link, 'source'), at(link, 'target')];
    if (!from || !to) continue;
    const [x0, x1] = [from.column * step + boxWidth, to.column * step];
    const [y0, y1] = [slot(link, 'source') + thickness / 2, slot(link, 'target') + thickness / 2];
    const bend = Math.min(40, (step - boxWidth) * 0.45);
    const y = lane + thickness / 2;
    lane += thickness + LANE;
    const path = `M${n(x0)} ${n(y0)}C${n(x0 + bend)} ${n(y0)} ${n(x0 + bend)} ${n(y)} ${n(x0)} ${n(y)}L${n(x1)} ${n(y)}C${n(x1 - bend)} ${n(y)} ${n(x1 - bend)} ${n(y1)} ${n(x1)} ${n(y1)}`;
    bands.push({ ...link, path, thickness, isBack: true, x: x0, y: y0 });
  }
  return { bands, height: backs.length > 0 ? lane : inner };
}

/** The area of a band through the columns at these left edges; `tops` is its upper edge at each. */
function area(
  lefts: readonly number[],
  tops: readonly number[],
  thickness: number,
  boxWidth: number,
): string {
  const last = lefts.length - 1;
  const points = lefts.flatMap((left, index) => {
    const y = tops[index] ?? 0;
    if (index === 0) return [{ x: left + boxWidth, y }];
    return index === last
      ? [{ x: left, y }]
      : [
          { x: left, y },
          { x: left + boxWidth, y },
        ];
  });
  const along = (edge: readonly { x: number; y: number }[]) =>
    edge
      .map(({ x, y }, index) => {
        const before = edge[index - 1];
        if (!before) return `${n(x)} ${n(y)}`;
        const middle = n((before.x + x) / 2);
        return before.y === y
          ? `L${n(x)} ${n(y)}`
          : `C${middle} ${n(before.y)} ${middle} ${n(y)} ${n(x)} ${n(y)}`;
      })
      .join('');
  const back = [...points].reverse().map(({ x, y }) => ({ x, y: y + thickness }));
  return `M${along(points)}L${along(back)}Z`;
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}
