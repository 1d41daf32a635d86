/** The drawing of a menu: columns by level, thickness by calls, nothing on top of another, keys that lead somewhere. */
import { describe, expect, it } from 'vitest';
import type { FlowLink, FlowNode } from '../../src/contracts/types.ts';
import { columnsOf } from '../../src/domain/flowlayers.ts';
import { flowMap, neighbour, type Box, type FlowMap } from '../../src/domain/flowmap.ts';
import { LINKS, MENU } from '../menu.ts';

const box = (map: FlowMap, id: string): Box => {
  const found = map.boxes.find((each) => each.id === id);
  if (!found) throw new Error(`no box ${id}`);
  return found;
};
const band = (map: FlowMap, name: string) =>
  map.bands.find((each) => `${each.source}>${each.target}` === name);

/** A menu of which only the ways are known. */
function menuOf(...ways: [string, string, number][]): { nodes: FlowNode[]; links: FlowLink[] } {
  const links = ways.map(([source, target, value]) => ({ source, target, value }));
  const ids = new Set(links.flatMap(({ source, target }) => [source, target]));
  const kind = (id: string): FlowNode['kind'] =>
    id === 'start' || id === 'contained' || id === 'lost' ? id : id.startsWith('queue:') ? 'queue' : 'node';
  const [some] = MENU.nodes;
  if (!some) throw new Error('it has nodes');
  return { links, nodes: [...ids].map((id) => ({ ...some, id, kind: kind(id), repeats: 0, counts: null })) };
}

function expectNothingCovered(map: FlowMap): void {
  for (const column of new Set(map.boxes.map((each) => each.column))) {
    const stack = map.boxes.filter((each) => each.column === column).sort((one, other) => one.y - other.y);
    for (const [index, each] of stack.entries()) {
      const above = stack[index - 1];
      const drop = map.drops.some(({ id }) => id === above?.id) ? 20 : 0;
      if (above) expect(each.y).toBeGreaterThanOrEqual(above.y + above.height + drop);
      expect(each.y).toBeGreaterThanOrEqual(0);
      expect(each.y + each.height).toBeLessThanOrEqual(map.height + 0.001);
    }
  }
}

describe('columns', () => {
  it('calls, then levels by the fewest steps, then where calls go', () => {
    expect(Object.fromEntries(columnsOf({ ...MENU, links: LINKS }))).toEqual({
      start: 0,
      main: 1,
      vip: 1,
      balance: 2,
      'queue:bank/PS': 3,
      contained: 3,
    });
  });

  it('a node that nobody was told to have come to from the start stands at the first level', () => {
    const columns = columnsOf(menuOf(['lonely', 'next', 2], ['next', 'contained', 2]));
    expect([columns.get('lonely'), columns.get('next'), columns.get('contained')]).toEqual([1, 2, 3]);
  });

  it('a menu of which no node was told leads from the calls to where they went', () => {
    const map = flowMap(menuOf(['start', 'queue:a/b', 5], ['start', 'lost', 1]), 800);
    expect(map.boxes.map((each) => [each.id, each.column, each.value])).toEqual([
      ['start', 0, 6],
      ['queue:a/b', 1, 5],
    ]);
    expect(map.drops).toMatchObject([{ id: 'start', value: 1 }]);
  });
});

describe('a day', () => {
  const map = flowMap(MENU, 1000);

  it('counts visits at a box, without those who hear it again', () => {
    expect([box(map, 'start').value, box(map, 'main').value, box(map, 'queue:bank/PS').value]).toEqual([
      110, 102, 40,
    ]);
  });

  it('draws every way once: on, back, and out of the bottom; hearing again is written, not drawn', () => {
    expect(map.bands.map((each) => `${each.source}>${each.target}`).sort()).toEqual(
      LINKS.filter(({ source, target }) => source !== target && target !== 'lost')
        .map(({ source, target }) => `${source}>${target}`)
        .sort(),
    );
    expect(map.bands.filter((each) => each.isBack).map((each) => each.source)).toEqual(['balance']);
    expect(map.drops.map(({ id, value }) => [id, value])).toEqual([
      ['main', 12],
      ['balance', 8],
    ]);
    expect(map.unvisited).toEqual(['news']);
  });

  it('thickness is by calls, the same everywhere', () => {
    const thick = (name: string) => band(map, name)?.thickness ?? NaN;
    expect(thick('main>balance') / thick('main>queue:bank/PS')).toBeCloseTo(2);
    expect(thick('main>queue:bank/PS') / thick('vip>queue:bank/PS')).toBeCloseTo(3);
    const drop = map.drops.find(({ id }) => id === 'main');
    expect((drop?.width ?? 0) / thick('vip>queue:bank/PS')).toBeCloseTo(1.2);
  });

  it('boxes cover neither each other nor the losses; bands stay between the edges', () => {
    expectNothingCovered(map);
    expect(map.width).toBe(1000);
    for (const each of map.bands) {
      const numbers = [...each.path.matchAll(/-?\d+(?:\.\d+)?/g)].map(Number);
      expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...numbers)).toBeLessThanOrEqual(Math.max(map.width, map.height));
    }
  });

  it('is as wide as it has to be where there is no room', () => {
    const narrow = flowMap(MENU, 0);
    expect(narrow.width).toBeGreaterThan(4 * 100);
    expectNothingCovered(narrow);
  });

  it('the same calls make the same drawing, in whichever order the ways are told', () => {
    const other = flowMap({ ...MENU, links: [...LINKS].reverse() }, 1000);
    for (const each of map.boxes) expect(box(other, each.id)).toEqual(each);
  });

  it('without calls nothing is drawn', () => {
    const empty = flowMap({ nodes: MENU.nodes, links: [] }, 1000);
    expect([empty.boxes, empty.bands, empty.drops]).toEqual([[], [], []]);
    expect(empty.unvisited).toHaveLength(4);
  });
});

describe('large and strange menus', () => {
  it('forty nodes of ten levels, with ways past and back, by seed', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      let state = seed;
      const draw = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
      const ways = new Map<string, [string, string, number]>([['start>n0', ['start', 'n0', 500]]]);
      for (let number = 0; number < 40; number += 1) {
        for (let each = 0; each < 3; each += 1) {
          const to =
            [`n${draw(40)}`, `n${number + 1}`, 'lost', 'contained', `queue:a/${draw(5)}`][draw(5)] ?? 'lost';
          ways.set(`n${number}>${to}`, [`n${number}`, to, draw(300)]);
        }
      }
      const map = flowMap(menuOf(...ways.values()), 1600);
      expect(map.boxes.length, `seed ${seed}`).toBeGreaterThan(5);
      expectNothingCovered(map);
      for (const each of map.bands) expect(each.path, `seed ${seed}`).not.toMatch(/NaN|Infinity/);
    }
  });
});

describe('arrow keys', () => {
  const map = flowMap(MENU, 1000);
  const go = (id: string, key: string) => neighbour(map.boxes, id, key)?.id;

  it('lead to the nearest box of the next column, and up and down a column', () => {
    expect(go('start', 'ArrowRight')).toBe('main');
    expect(go('main', 'ArrowLeft')).toBe('start');
    expect([go('main', 'ArrowDown'), go('main', 'ArrowUp')].filter(Boolean)).toEqual(['vip']);
    expect(go('balance', 'ArrowRight')).toBe('contained');
  });

  it('lead nowhere at the edge, and by other keys', () => {
    expect(go('start', 'ArrowLeft')).toBeUndefined();
    expect(go('start', 'Enter')).toBeUndefined();
    expect(go('nobody', 'ArrowRight')).toBeUndefined();
  });
});
