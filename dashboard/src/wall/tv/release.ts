/**
 * A wall that hangs for weeks loads itself anew when another release is served: when it is connected, and every few minutes.
 * A hundred walls do not do so at one moment, and none does so again and again when a server names one release and serves
 * another.
 */
import type { Cancel, Scheduler } from '../../live/scheduler.ts';

export const ASK_EVERY_MS = 5 * 60_000;
export const SPREAD_MS = 20_000;
export const AGAIN_MS = 30 * 60_000;

export interface ReleaseOptions {
  /** Of this page; empty: not known, as in development. */
  own: string;
  /** What is served; null: no answer. */
  ask: () => Promise<string | null>;
  reload: () => void;
  scheduler: Scheduler;
  random: () => number;
  /** Wall clock, epoch ms, and what the last reload was for: it outlives the reload. */
  wallNow: () => number;
  memory: Pick<Storage, 'getItem' | 'setItem'>;
}

const KEY = 'floorwatch.reloaded';

export class ReleaseWatch {
  #options: ReleaseOptions;
  #timer: Cancel = () => undefined;
  #stopped = true;

  constructor(options: ReleaseOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopped = false;
    this.#later(ASK_EVERY_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer();
  }

  /** Ask now: the connection is new. */
  async check(): Promise<void> {
    const { own, ask, scheduler, random } = this.#options;
    const served = await ask();
    if (this.#stopped || own === '' || served === null || served === '' || served === own) return;
    if (!this.#mayReload(served)) return;
    this.#timer();
    this.#timer = scheduler.after(random() * SPREAD_MS, () => this.#reload(served));
  }

  #later(ms: number): void {
    this.#timer = this.#options.scheduler.after(ms, () => {
      this.#later(ASK_EVERY_MS);
      void this.check();
    });
  }

  #mayReload(served: string): boolean {
    const [build, at] = (this.#options.memory.getItem(KEY) ?? '').split('@');
    return build !== served || this.#options.wallNow() - Number(at) > AGAIN_MS;
  }

  #reload(served: string): void {
    const { memory, wallNow, reload } = this.#options;
    memory.setItem(KEY, `${served}@${wallNow()}`);
    this.#later(ASK_EVERY_MS);
    reload();
  }
}

const MISHAP_KEY = 'floorwatch.mishap';
export const MISHAP_AGAIN_MS = 10 * 60_000;

/** Whether a wall that has broken down may load itself anew: once, and then not again for a while. Remembers that it did. */
export function mayStartAnew(memory: ReleaseOptions['memory'], wallNow: number): boolean {
  const before = memory.getItem(MISHAP_KEY);
  if (before !== null && wallNow - Number(before) < MISHAP_AGAIN_MS) return false;
  memory.setItem(MISHAP_KEY, String(wallNow));
  return true;
}
