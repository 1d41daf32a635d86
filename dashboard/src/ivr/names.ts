/** How a box of a menu is called and written. */
import type { FlowDay, MenuWarning } from '../contracts/types.ts';
import { count, NOTHING, percent } from '../domain/format.ts';
import { nodeOf } from '../domain/menus.ts';
import type { Page } from '../page/page.svelte.ts';
import { WORDS } from './words.ts';

/** The name of a node, queue or outcome; a queue that the menu did not name is said to be so. */
export function nameOf(page: Page, day: Pick<FlowDay, 'nodes'>, id: string): string {
  const t = page.words(WORDS);
  if (id === 'queue:') return t.unknownQueue;
  const known = { start: t.calls, contained: t.contained, lost: t.lost }[id];
  const node = nodeOf(day, id);
  if (known !== undefined && node?.kind !== 'node') return known;
  return node ? page.name(node.name) : id;
}

/** A share with its unit; an en dash where there is none. */
export function share(page: Page, value: number | null): string {
  return value === null ? NOTHING : percent(value, page.tag) + page.m.percentUnit;
}

/** What a warning says, in the reader's language. */
export function warningText(page: Page, { fault, value, limit }: MenuWarning): string {
  const text = page.words(WORDS).warning[fault];
  const number = (each: number | null) => (each === null ? '' : count(each, page.tag));
  return typeof text === 'string' ? text : text(number(value), number(limit));
}
