import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  AGAIN_MS,
  ASK_EVERY_MS,
  mayStartAnew,
  MISHAP_AGAIN_MS,
  ReleaseWatch,
  SPREAD_MS,
} from '../../src/wall/tv/release.ts';
import { HandClock } from '../clock.ts';

let clock: HandClock;
let served: string | null;
let memory: Map<string, string>;
const reload = vi.fn();
const storage = { getItem: (key: string) => memory.get(key) ?? null, setItem: (key: string, value: string) => void memory.set(key, value) }; // prettier-ignore

beforeEach(() => {
  clock = new HandClock();
  served = 'aaa';
  memory = new Map();
  reload.mockReset();
});

function watch(own = 'aaa'): ReleaseWatch {
  const release = new ReleaseWatch({
    own,
    ask: () => Promise.resolve(served),
    reload,
    scheduler: clock,
    random: () => 0.5,
    wallNow: () => clock.now(),
    memory: storage,
  });
  release.start();
  return release;
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

describe('a wall and the release that is served', () => {
  it('the same one: nothing happens, connection after connection', async () => {
    const release = watch();
    await release.check();
    clock.advance(SPREAD_MS);
    expect(reload).not.toHaveBeenCalled();
  });

  it('another one: it loads itself, not at the same moment as all others', async () => {
    const release = watch();
    served = 'bbb';
    await release.check();
    clock.advance(SPREAD_MS / 2 - 1);
    expect(reload).not.toHaveBeenCalled();
    clock.advance(1);
    expect(reload).toHaveBeenCalledTimes(1);
  });

  it('is asked for every few minutes, also while the connection stands', async () => {
    watch();
    served = 'bbb';
    clock.advance(ASK_EVERY_MS);
    await settle();
    clock.advance(SPREAD_MS);
    expect(reload).toHaveBeenCalledTimes(1);
  });

  it('a server that names one and serves another does not make it reload without end', async () => {
    served = 'bbb';
    await watch().check();
    clock.advance(SPREAD_MS);
    for (let load = 0; load < 5; load += 1) {
      await watch().check();
      clock.advance(SPREAD_MS);
    }
    expect(reload).toHaveBeenCalledTimes(1);
    clock.advance(AGAIN_MS);
    await watch().check();
    clock.advance(SPREAD_MS);
    expect(reload.mock.calls.length).toBeGreaterThan(1);
  });

  it.each([null, ''])(
    'no answer (%s), or a page that does not know its own: nothing happens',
    async (answer) => {
      served = answer;
      await watch().check();
      served = 'bbb';
      await watch('').check();
      clock.advance(SPREAD_MS);
      expect(reload).not.toHaveBeenCalled();
    },
  );

  it('once it is stopped it asks no more', async () => {
    const release = watch();
    release.stop();
    served = 'bbb';
    await release.check();
    clock.advance(10 * ASK_EVERY_MS);
    expect(reload).not.toHaveBeenCalled();
    expect(clock.waiting).toBe(0);
  });
});

it('a wall that broke down starts anew once, and not again for a while', () => {
  expect(mayStartAnew(storage, 1_000)).toBe(true);
  expect(mayStartAnew(storage, 2_000)).toBe(false);
  expect(mayStartAnew(storage, 1_000 + MISHAP_AGAIN_MS)).toBe(true);
});
