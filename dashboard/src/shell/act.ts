/** A person does something: it is told to the desk, and what became of it is said in their language. */
import type { Answer, Order } from '../live/commands.ts';
import type { Page } from '../page/page.svelte.ts';
import { SHELL } from './words.ts';

/** Give a command; a toast says what became of it. `done`: the page's own words for success. */
export async function act(page: Page, order: Order, done?: string): Promise<Answer> {
  const answer = await page.commands.give(order);
  const { tone, text } = said(page, answer, done);
  page.toasts.say(tone, text);
  return answer;
}

/** An answer in words. What the API says beyond our own words (a field that is not valid) follows in its own. */
export function said(page: Page, answer: Answer, done?: string): { tone: 'good' | 'bad'; text: string } {
  const t = page.words(SHELL);
  if (answer.said === 'done') return { tone: 'good', text: done ?? t.done };
  if (answer.said === 'same') return { tone: 'good', text: t.same };
  if (answer.said === 'away') return { tone: 'bad', text: t.away };
  const known: Readonly<Record<string, string>> = t.refused;
  const words = known[answer.code];
  const more = words === undefined || answer.code === 'invalid' ? ` ${answer.message}` : '';
  return { tone: 'bad', text: `${words ?? t.refused.other}${more}`.trim() };
}
