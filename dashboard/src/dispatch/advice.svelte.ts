/** What the model suggests, asked for again every few seconds while the page is open. */
import { getContext, setContext } from 'svelte';
import type { Suggestions } from '../contracts/types.ts';
import { get, type Got } from '../live/rest.ts';

export const ASK_EVERY_MS = 10_000;

export class Advice {
  #ask: () => Promise<Got<Suggestions>>;
  #asking = 0;
  /** null: not asked yet. What was answered last stays while nobody answers. */
  found = $state.raw<Suggestions | null>(null);
  isFailed = $state(false);

  constructor(ask = () => get<Suggestions>('/v1/moves/suggestions')) {
    this.#ask = ask;
  }

  /** Ask now; of several answers the last one that was asked for counts. */
  async refresh(): Promise<void> {
    const mine = (this.#asking += 1);
    const got = await this.#ask();
    if (mine !== this.#asking) return;
    this.isFailed = got.is === 'failed';
    if (got.is === 'there') this.found = got.value;
  }
}

const ADVICE = Symbol('advice');

export function provideAdvice(advice: Advice): void {
  setContext(ADVICE, advice);
}

export function useAdvice(): Advice {
  return getContext<Advice>(ADVICE);
}
