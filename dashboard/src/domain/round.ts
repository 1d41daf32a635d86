/**
 * Pages that turn by themselves. A *round* shows every queue once, in an order that stands for the whole round: who waits
 * for a queue sees it come. Alarmed queues stand first; with many pages theirs come back after every few others, so that an
 * alarm is not out of sight for minutes. A queue that is newly alarmed begins a new round at once.
 *
 * Pure: time comes in, in ms of a clock that does not run backwards.
 */
export interface Turning {
  /** How long a page stands, ms; 0: it is not turned. */
  dwellMs: number;
  perPage: number;
}

export interface Round {
  /** Ids by page; at least one page, maybe empty. */
  pages: readonly (readonly string[])[];
  /** Indices of pages as they are shown: all of them, alarmed ones more than once. */
  sequence: readonly number[];
}

export interface Shown {
  round: Round;
  /** Place in the sequence. */
  at: number;
  /** Since when. */
  since: number;
  alarmed: ReadonlySet<string>;
}

/** So many other pages may come between an alarmed one and itself. */
export const PAGES_BETWEEN = 3;

export function roundOf(order: readonly string[], alarmed: ReadonlySet<string>, perPage: number): Round {
  const first = [...order.filter((id) => alarmed.has(id)), ...order.filter((id) => !alarmed.has(id))];
  const size = Math.max(1, perPage);
  const pages = Array.from({ length: Math.max(1, Math.ceil(first.length / size)) }, (_, page) =>
    first.slice(page * size, (page + 1) * size),
  );
  const marked = pages.flatMap((ids, page) => (ids.some((id) => alarmed.has(id)) ? [page] : []));
  const others = pages.flatMap((_, page) => (marked.includes(page) ? [] : [page]));
  const sequence = [...marked];
  others.forEach((page, index) => {
    if (index > 0 && index % PAGES_BETWEEN === 0) sequence.push(...marked);
    sequence.push(page);
  });
  return { pages, sequence };
}

export function begin(
  order: readonly string[],
  alarmed: ReadonlySet<string>,
  perPage: number,
  now: number,
): Shown {
  return { round: roundOf(order, alarmed, perPage), at: 0, since: now, alarmed };
}

export function pageOf({ round, at }: Shown): number {
  return round.sequence[at] ?? 0;
}

/**
 * What is to be shown now. The order of a running round stands; queues that came or went, another size of page or a new
 * alarm begin a new one. `held`: a person has stopped it or has a tile in hand: nothing turns, but new alarms come first.
 */
export function advance(
  shown: Shown,
  order: readonly string[],
  alarmed: ReadonlySet<string>,
  { dwellMs, perPage }: Turning,
  held: boolean,
  now: number,
): Shown {
  const size = Math.max(1, ...shown.round.pages.map((page) => page.length));
  const known = new Set(shown.round.pages.flat());
  const other = order.length !== known.size || order.some((id) => !known.has(id));
  const recut = shown.round.pages.length > 1 ? size !== perPage : known.size > perPage;
  const news = [...alarmed].some((id) => !shown.alarmed.has(id) && known.has(id));
  if (other || recut || (news && !held))
    return kept(shown, begin(order, alarmed, perPage, now), news && !held);
  if (held || dwellMs <= 0) return { ...shown, since: held ? now : shown.since };
  if (now - shown.since < dwellMs) return shown;
  if (shown.at + 1 < shown.round.sequence.length) return { ...shown, at: shown.at + 1, since: now };
  return begin(order, alarmed, perPage, now);
}

/** By hand: to a page before or after, round and round. It stands its full time from now. */
export function turn(shown: Shown, by: number, now: number): Shown {
  const { pages } = shown.round;
  return goTo(shown, (((pageOf(shown) + by) % pages.length) + pages.length) % pages.length, now);
}

/** To a page by its number, from 0; the last one if there are fewer. */
export function goTo(shown: Shown, page: number, now: number): Shown {
  const last = shown.round.pages.length - 1;
  const wanted = Math.min(Math.max(0, page), last);
  return { ...shown, at: Math.max(0, shown.round.sequence.indexOf(wanted)), since: now };
}

/** A new round because queues came or went goes on where the old one was; one because of an alarm begins with it. */
function kept(before: Shown, after: Shown, alarm: boolean): Shown {
  return alarm ? after : { ...goTo(after, pageOf(before), after.since), since: before.since };
}
