/**
 * Worst first, without jumping about.
 *
 * The order is: what has a firing critical alert; then what has numbers, by points under the target (the largest gap
 * first); then what has no data; last what has lost its feed (its numbers say nothing about now; its tile says so). A feed that
 * is only stale, for seconds, keeps its place: a hiccup must not send a whole site to the end and back.
 * Between equals the id decides.
 *
 * Against jumping: `reorder` starts from the present order and lets one overtake the one before it only if its class is
 * better or its gap is larger by at least `marginPoints`. Callers run it at most every few seconds, and not while
 * somebody has a tile in hand (see page/board.svelte.ts).
 */
export interface Rank {
  id: string;
  critical: boolean;
  current: boolean;
  /** Points under the target; null: no data. */
  gap: number | null;
}

export const QUEUE_MARGIN_POINTS = 3;
export const SITE_MARGIN_POINTS = 5;

export function classOf(rank: Rank): number {
  if (rank.critical) return 0;
  if (!rank.current) return 3;
  return rank.gap === null ? 2 : 1;
}

/** Ids, worst first, all at once: for a first view. */
export function order(ranks: readonly Rank[]): string[] {
  return [...ranks].sort(compare).map((rank) => rank.id);
}

/**
 * Ids, worst first, as near to `previous` as the margin allows. New ids find their place, gone ones are left out. With an
 * infinite margin nothing else moves.
 */
export function reorder(previous: readonly string[], ranks: readonly Rank[], marginPoints: number): string[] {
  const byId = new Map(ranks.map((rank) => [rank.id, rank]));
  const placed = previous.map((id) => byId.get(id)).filter((rank) => rank !== undefined);
  const known = new Set(placed.map((rank) => rank.id));
  for (const rank of ranks.filter((each) => !known.has(each.id)).sort(compare)) {
    const behind = placed.findIndex((other) => compare(rank, other) < 0);
    placed.splice(behind < 0 ? placed.length : behind, 0, rank);
  }
  sink(placed, marginPoints);
  return placed.map((rank) => rank.id);
}

/** Swaps neighbours until none overtakes; each swap puts a pair right for good, so it ends. */
function sink(ranks: Rank[], marginPoints: number): void {
  for (let moved = true; moved;) {
    moved = false;
    for (let i = 1; i < ranks.length; i += 1) {
      const [before, after] = [ranks[i - 1], ranks[i]];
      if (before && after && overtakes(after, before, marginPoints)) {
        ranks[i - 1] = after;
        ranks[i] = before;
        moved = true;
      }
    }
  }
}

function overtakes(one: Rank, other: Rank, marginPoints: number): boolean {
  if (marginPoints === Infinity) return false;
  if (classOf(one) !== classOf(other)) return classOf(one) < classOf(other);
  return (one.gap ?? 0) - (other.gap ?? 0) >= marginPoints;
}

function compare(one: Rank, other: Rank): number {
  return classOf(one) - classOf(other) || (other.gap ?? 0) - (one.gap ?? 0) || (one.id < other.id ? -1 : 1);
}
