/**
 * How a wall's owner has arranged it: which queues are left out, which stand first and what they are called there. It is all
 * in the address, so that it outlives reloads, power cuts and releases, and a link shows the same wall elsewhere.
 *
 *   hide=harbour/quiet,hill/quiet   order=hill/cards,hill/sales   name.hill/cards=Cards!
 */
export interface Arrangement {
  hidden: ReadonlySet<string>;
  /** Those that were put first by hand. */
  order: readonly string[];
  names: ReadonlyMap<string, string>;
}

export type Words = Readonly<Record<string, string>>;
const NAME = 'name.';
export const LONGEST_NAME = 40;

export function readArrangement(words: Words): Arrangement {
  return {
    hidden: new Set(list(words['hide'])),
    order: [...new Set(list(words['order']))],
    names: new Map(
      Object.entries(words)
        .filter(([key, name]) => key.startsWith(NAME) && name.trim() !== '')
        .map(([key, name]) => [key.slice(NAME.length), name.trim().slice(0, LONGEST_NAME)]),
    ),
  };
}

/** The words of an address with this arrangement in place of the one that they had. */
export function writeArrangement(words: Words, { hidden, order, names }: Arrangement): Words {
  const others = Object.entries(words).filter(
    ([key]) => key !== 'hide' && key !== 'order' && !key.startsWith(NAME),
  );
  return Object.fromEntries([
    ...others,
    ...(hidden.size > 0 ? [['hide', [...hidden].sort().join(',')] as const] : []),
    ...(order.length > 0 ? [['order', order.join(',')] as const] : []),
    ...[...names].filter(([, name]) => name.trim() !== '').map(([id, name]) => [NAME + id, name] as const),
  ]);
}

/** Ids as they are shown: hidden ones left out, those put first by hand first, the others as they stood. */
export function arranged(ids: readonly string[], { hidden, order }: Arrangement): string[] {
  const there = new Set(ids);
  const first = order.filter((id) => there.has(id) && !hidden.has(id));
  const placed = new Set(first);
  return [...first, ...ids.filter((id) => !placed.has(id) && !hidden.has(id))];
}

/** Put a queue a place up or down among those that are shown; all up to there are then placed by hand. */
export function moved(ids: readonly string[], id: string, by: -1 | 1): string[] {
  const at = ids.indexOf(id);
  const to = at + by;
  const other = ids[to];
  if (at < 0 || other === undefined) return [...ids];
  const next = [...ids];
  next[at] = other;
  next[to] = id;
  return next;
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
}
