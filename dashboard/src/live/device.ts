/**
 * How a screen in a hall is let in without anybody's password (docs/accounts.md, Walls): it shows a code, and asks until
 * somebody has approved it. A code that is over is followed by another; a server that is away is asked again. It never ends.
 */
import type { CodeOffer, CodeState } from '../contracts/types.ts';
import type { Cancel, Scheduler } from './scheduler.ts';

export interface DeviceOptions {
  fetch: (path: string, init: RequestInit) => Promise<Response>;
  scheduler: Pick<Scheduler, 'after'>;
  /** The code to show; null: none yet. */
  onCode: (offer: CodeOffer | null) => void;
  /** The cookie is there: connect. */
  onApproved: () => void;
}

export const AWAY_MS = 5_000;

export class DeviceSignIn {
  #options: DeviceOptions;
  #offer: CodeOffer | null = null;
  #timer: Cancel = () => undefined;
  #stopped = false;

  constructor(options: DeviceOptions) {
    this.#options = options;
  }

  /** One step: ask for a code, or whether it was approved; then the next one later, until it was or `stop` is called. */
  async step(): Promise<void> {
    const wait = this.#offer === null ? await this.#begin() : await this.#claim(this.#offer);
    if (wait === null || this.#stopped) return;
    this.#timer = this.#options.scheduler.after(wait, () => void this.step());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer();
  }

  /** ms until the next step. */
  async #begin(): Promise<number> {
    const answer = await this.#post('/v1/devices');
    if (!answer?.ok) return pauseOf(answer);
    this.#show((await answer.json()) as CodeOffer);
    return (this.#offer?.ask_every_s ?? 0) * 1000 || AWAY_MS;
  }

  /** ms until the next step; null: there is none, the wall is in. */
  async #claim({ code, secret, ask_every_s }: CodeOffer): Promise<number | null> {
    const answer = await this.#post('/v1/devices/claim', { code, secret });
    if (answer?.status === 404) {
      this.#show(null);
      return 0;
    }
    if (!answer?.ok) return pauseOf(answer);
    if (((await answer.json()) as CodeState).state === 'waiting') return ask_every_s * 1000;
    if (!this.#stopped) this.#options.onApproved();
    return null;
  }

  #show(offer: CodeOffer | null): void {
    this.#offer = offer;
    if (!this.#stopped) this.#options.onCode(offer);
  }

  async #post(path: string, body: object = {}): Promise<Response | null> {
    try {
      const headers = { 'content-type': 'application/json' };
      return await this.#options.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
    } catch {
      return null;
    }
  }
}

/** As long as the server says that it wants to be left alone, else a few seconds. */
function pauseOf(answer: Response | null): number {
  const seconds = Number(answer?.headers.get('retry-after'));
  return seconds > 0 ? seconds * 1000 : AWAY_MS;
}
