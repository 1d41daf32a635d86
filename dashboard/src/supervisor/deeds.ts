import type { Alert, Matcher } from '../contracts/types.ts';

/** What can be done about an alert that needs words or a time. */
export type Deed = 'assign' | 'snooze' | 'note' | 'silence';

/** How long a snooze or a silence may last, in minutes. */
export const MINUTES = [15, 30, 60, 120, 240, 480] as const;

/** This rule here; this rule at the whole site; every rule here. */
export type Reach = 'this' | 'rule' | 'scope';

/** Which alerts a silence of that reach stops: globs, and a name's own glob signs mean themselves. */
export function matchersOf(alert: Pick<Alert, 'rule' | 'scope' | 'site'>, reach: Reach): Matcher[] {
  const rule = { name: 'rule', match: literal(alert.rule) };
  const scope = { name: 'scope', match: literal(alert.scope) };
  if (reach === 'scope') return [scope];
  if (reach === 'this' || alert.site === null) return [rule, scope];
  return [rule, { name: 'site', match: literal(alert.site) }];
}

/** A name as a glob that matches nothing else. */
function literal(name: string): string {
  return name.replace(/[*?[]/g, '[$&]');
}
