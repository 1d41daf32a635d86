/** The first steps of an empty installation: which are done, which comes now. */
import type { Queue } from '../contracts/types.ts';

export const STEPS = ['key', 'send', 'see', 'name', 'wall'] as const;
export type Step = (typeof STEPS)[number];
export type Standing = 'done' | 'now' | 'later';

export interface Seen {
  /** Keys that may send events. */
  keys: number;
  /** Queues that have numbers. */
  tiles: number;
  /** Queues as they are described. */
  queues: readonly Queue[];
  /** Screens that were let in. */
  walls: number;
}

/** What is done by what is there; the first that is not is the one that comes now. */
export function standings(seen: Seen): Record<Step, Standing> {
  const done: Record<Step, boolean> = {
    // Who has numbers has a way of sending, whichever it is.
    key: seen.keys > 0 || seen.tiles > 0,
    send: seen.tiles > 0,
    see: seen.tiles > 0,
    name: seen.queues.some(isNamed),
    wall: seen.walls > 0,
  };
  const now = STEPS.find((step) => !done[step]);
  const standing = (step: Step): Standing => (done[step] ? 'done' : step === now ? 'now' : 'later');
  return Object.fromEntries(STEPS.map((step) => [step, standing(step)])) as Record<Step, Standing>;
}

/** Somebody has given it a name: the one that it comes with is the end of its id. */
export function isNamed(queue: Queue): boolean {
  const own = queue.id.slice(queue.id.indexOf('/') + 1);
  return queue.name.en !== own || queue.name.zh !== own;
}

/** Where events are sent: as the installation says, else this page's host and the port of ingest. */
export function addressOf(
  told: { address: string; port: number },
  here: { protocol: string; hostname: string },
) {
  return told.address.replace(/\/+$/, '') || `${here.protocol}//${here.hostname}:${told.port}`;
}

/** A call that comes and is answered at once, as a command to paste. */
export function command(address: string, key: string, queue: string): string {
  const common = `"source": "my-acd", "queue": "${queue}", "contact": "call-'$NOW'", "occurred_at": "'$NOW'"`;
  return [
    'NOW=$(date -u +%Y-%m-%dT%H:%M:%SZ)',
    `curl -sS ${address}/v1/events -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '[`,
    `  {"type": "offered", "event_id": "1-'$NOW'", ${common}},`,
    `  {"type": "answered", "event_id": "2-'$NOW'", "offered_at": "'$NOW'", ${common}}]'`,
  ].join('\n');
}

/** Whether a text is site/queue as events name it, so that it may stand in a command. */
export function isQueueId(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]{0,63}\/[\w.-]{1,96}$/.test(text);
}
