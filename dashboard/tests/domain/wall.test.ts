import { describe, expect, it } from 'vitest';
import type { AgentTile } from '../../src/contracts/types.ts';
import { arranged, moved, readArrangement, writeArrangement } from '../../src/domain/arrangement.ts';
import { Chime } from '../../src/domain/chime.ts';
import { pausesByQueue } from '../../src/domain/pauses.ts';
import { SHIFT_EVERY_MS, shiftAt } from '../../src/domain/shift.ts';

describe('an arrangement', () => {
  const words = {
    hide: 'b/quiet, b/off',
    order: 'b/2,b/1,b/2',
    'name.b/1': ' Sales! ',
    'name.b/2': ' ',
    view: 'tv',
  };

  it('is read from the address and written into it, and leaves the rest of it alone', () => {
    const arrangement = readArrangement(words);
    expect(arrangement).toEqual({
      hidden: new Set(['b/quiet', 'b/off']),
      order: ['b/2', 'b/1'],
      names: new Map([['b/1', 'Sales!']]),
    });
    const written = writeArrangement(words, arrangement);
    expect(written).toEqual({ view: 'tv', hide: 'b/off,b/quiet', order: 'b/2,b/1', 'name.b/1': 'Sales!' });
    expect(readArrangement(written)).toEqual(arrangement);
    expect(writeArrangement(written, readArrangement({}))).toEqual({ view: 'tv' });
  });

  it('hides, puts first what was put first, and keeps the others as they stand', () => {
    const shown = arranged(
      ['b/3', 'b/quiet', 'b/1', 'b/2'],
      readArrangement({ ...words, order: 'b/2,b/gone,b/quiet' }),
    );
    expect(shown).toEqual(['b/2', 'b/3', 'b/1']);
  });

  it('a queue goes up and down, not over the end', () => {
    expect(moved(['a', 'b', 'c'], 'b', -1)).toEqual(['b', 'a', 'c']);
    expect(moved(['a', 'b', 'c'], 'b', 1)).toEqual(['a', 'c', 'b']);
    expect(moved(['a', 'b'], 'a', -1)).toEqual(['a', 'b']);
    expect(moved(['a', 'b'], 'x', 1)).toEqual(['a', 'b']);
  });

  it('a name is cut to what a tile can hold', () => {
    expect(readArrangement({ 'name.q': 'x'.repeat(99) }).names.get('q')).toHaveLength(40);
  });
});

describe('pauses', () => {
  const agent = (id: string, reason: string, since: number, queues: string[], state = 'not_ready') =>
    ({ kind: 'agent', id, state, reason, since, queues }) as unknown as AgentTile;

  it('by queue and reason, who is longest in it first; who serves two queues is with both', () => {
    const found = pausesByQueue([
      agent('1', 'meal', 900, ['a', 'b']),
      agent('2', 'meal', 300, ['a']),
      agent('3', '', 600, ['a']),
      agent('4', 'meal', 1, ['a'], 'talking'),
      agent('5', 'training', 0, ['a']),
    ]);
    expect(found.get('a')).toEqual([
      { reason: 'meal', agents: 2, since: 300 },
      { reason: '', agents: 1, since: 600 },
      { reason: 'training', agents: 1, since: null },
    ]);
    expect(found.get('b')).toEqual([{ reason: 'meal', agents: 1, since: 900 }]);
  });
});

describe('the chime', () => {
  const alert = (id: string, state: string, severity = 'critical', episode = 1) =>
    ({ id, state, severity, episode }) as never;

  it('sounds once for each new critical alert, and for none that was there when the wall started', () => {
    const chime = new Chime();
    expect(chime.take([alert('old', 'firing')])).toBe(false);
    expect(chime.take([alert('old', 'firing'), alert('w', 'firing', 'warning'), alert('p', 'pending')])).toBe(
      false,
    );
    expect(chime.take([alert('old', 'firing'), alert('p', 'firing')])).toBe(true);
    expect(chime.take([alert('old', 'firing'), alert('p', 'firing')])).toBe(false);
    expect(chime.take([alert('p', 'firing')])).toBe(false);
  });

  it('an alert that comes again in another episode sounds again', () => {
    const chime = new Chime();
    chime.take([alert('a', 'firing')]);
    chime.take([alert('a', 'resolved')]);
    expect(chime.take([alert('a', 'firing', 'critical', 2)])).toBe(true);
  });
});

it('the wall goes round a small square, and every pixel gets its rest', () => {
  const places = Array.from({ length: 9 }, (_, step) => shiftAt(step * SHIFT_EVERY_MS + 5));
  expect(new Set(places.map(({ right, down }) => `${right} ${down}`)).size).toBe(9);
  expect(shiftAt(9 * SHIFT_EVERY_MS)).toEqual(shiftAt(0));
});
