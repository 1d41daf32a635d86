/** What the API finds wrong, in the reader's language where we have words for it; else in the API's own. */
import type { Fault } from '../domain/faults.ts';
import type { rules } from '../i18n/en/rules.ts';

type Words = typeof rules;

export function inOurWords(t: Words, { text }: Fault): string {
  const limit = (pattern: RegExp) => pattern.exec(text)?.[1];
  const number = '(-?[\\d.]+)';
  if (text === 'Field required' || text.startsWith('String should have at least 1 char')) return t.needed;
  if (/^Input should be a valid (number|integer)/.test(text)) return t.aNumber;
  if (text.startsWith("String should match pattern '^[A-Za-z0-9]")) return t.fault.idForm;
  const least = limit(new RegExp(`greater than or equal to ${number}`));
  if (least !== undefined) return t.fault.atLeast(least);
  const most = limit(new RegExp(`less than or equal to ${number}`));
  if (most !== undefined) return t.fault.atMost(most);
  const more = limit(new RegExp(`^Input should be greater than ${number}$`));
  if (more !== undefined) return t.fault.more(more);
  const under = limit(new RegExp(`at or under threshold \\(${number}\\)`));
  if (under !== undefined) return t.fault.clearBelow(under);
  const over = limit(new RegExp(`at or over threshold \\(${number}\\)`));
  if (over !== undefined) return t.fault.clearAbove(over);
  if (/is not known of scope|^there is no '/.test(text)) return t.fault.noMetric;
  return text.startsWith('needed at scope') ? t.fault.timezone : text;
}
