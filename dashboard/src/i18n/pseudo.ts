/**
 * A language that nobody speaks: every text of a catalogue, longer by a third and in brackets. What a page shows without
 * brackets was not taken from the catalogue, and what does not fit will not fit in German either.
 */
export function pseudo<M extends object>(messages: M): M {
  return transform(messages) as M;
}

function transform(value: unknown): unknown {
  if (typeof value === 'string') return stretched(value);
  if (typeof value === 'function') {
    const message = value as (...args: unknown[]) => string;
    return (...args: unknown[]) => stretched(message(...args));
  }
  if (Array.isArray(value)) return value.map(transform);
  return Object.fromEntries(Object.entries(value as object).map(([key, part]) => [key, transform(part)]));
}

function stretched(text: string): string {
  return text.trim() === '' ? text : `⟦${text}${'~'.repeat(Math.ceil(text.length / 3))}⟧`;
}
