/**
 * The way to the desk: what a person asks for, told to the API until it has an answer.
 *
 * A command has an id that this page chooses (Idempotency-Key), so asking again does nothing twice: it is repeated when the
 * network, Kafka or Redis is away for a moment, and its outcome is asked for while the desk takes its time (202).
 */
import type { Done, Outcome, Problem, Refused, Waiting } from '../contracts/types.ts';
import type { Scheduler } from './scheduler.ts';

export type Shown = NonNullable<Done['view']>;

export interface Order {
  method?: 'POST' | 'PUT' | 'DELETE';
  /** '/v1/alerts/…/acknowledge' */
  path: string;
  body?: unknown;
  /** Revision of the target that the person saw: the desk refuses a command about anything else. */
  revision?: number;
}

export type Answer =
  | { said: 'done'; outcome: Outcome; view: Shown | null }
  /** It was so already. */
  | { said: 'same'; outcome: Outcome; view: Shown | null }
  /** `code` is the desk's (stale, taken, not_now …) or the API's (not_allowed, invalid …); `view`: how the thing stands now. */
  | { said: 'refused'; code: string; message: string; view: Shown | null }
  /** Nobody could be asked, for longer than is sensible. It may still be done: the floor will show it. */
  | { said: 'away' };

export interface CommandOptions {
  fetch: (path: string, init: RequestInit) => Promise<Response>;
  scheduler: Pick<Scheduler, 'after'>;
  /** A new id each time, 16 characters or more of letters and digits. */
  newId: () => string;
}

export const TRIES = 4;
export const RETRY_MS = 1_000;
export const ASK_AGAIN_MS = 500;
export const ASK_AGAIN_TIMES = 40;

export class Commands {
  #options: CommandOptions;

  constructor(options: CommandOptions) {
    this.#options = options;
  }

  /** Give a command and wait for what became of it. */
  async give({ method = 'POST', path, body, revision }: Order): Promise<Answer> {
    const headers: Record<string, string> = { 'idempotency-key': `page-${this.#options.newId()}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (revision !== undefined) headers['if-match'] = `"${revision}"`;
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    const answer = await this.#ask(path, init);
    return answer?.status === 202 ? this.#wait(((await answer.json()) as Waiting).id) : read(answer);
  }

  /** Ask, and ask again while the API or what is behind it is away; null: it stayed away. */
  async #ask(path: string, init: RequestInit): Promise<Response | null> {
    for (let tried = 1; ; tried += 1) {
      const answer = await this.#options.fetch(path, init).catch(() => null);
      if (answer !== null && answer.status < 500) return answer;
      if (tried === TRIES) return null;
      await this.#pause(RETRY_MS * tried);
    }
  }

  async #wait(id: string): Promise<Answer> {
    for (let asked = 0; asked < ASK_AGAIN_TIMES; asked += 1) {
      await this.#pause(ASK_AGAIN_MS);
      const answer = await this.#ask(`/v1/commands/${id}`, {});
      if (answer?.status !== 202) return read(answer);
    }
    return { said: 'away' };
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.scheduler.after(ms, resolve));
  }
}

async function read(answer: Response | null): Promise<Answer> {
  if (answer === null) return { said: 'away' };
  const content = (await answer.json().catch(() => null)) as Done | Refused | Problem | null;
  if (content === null) return { said: 'refused', code: 'unknown', message: '', view: null };
  if (answer.ok && 'outcome' in content) {
    const { outcome, view } = content;
    return { said: outcome.code === 'same' ? 'same' : 'done', outcome, view };
  }
  const { code, message } = content as Problem;
  return { said: 'refused', code, message, view: 'view' in content ? content.view : null };
}
