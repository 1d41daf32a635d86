/** Numbers as the floor reads them. What is not known is an en dash. */
export const NOTHING = '–';

/**
 * A share as whole percent, rounded down: 79.6 % is shown as 79 beside "below target 80 %", and 100 means all.
 * The hair keeps 0.29 × 100 = 28.999… at 29.
 */
export function percentDown(share: number | null): string {
  return share === null ? NOTHING : String(Math.floor(share * 100 + 1e-9));
}

/** A share as percent with one decimal, for details. */
export function percent(share: number | null, locale: string): string {
  return share === null ? NOTHING : oneDecimal(locale).format(share * 100);
}

/** Two shares as whole percent, worst first: 58–71, or 71 where nothing is open any more. */
export function percentRange(worst: number | null, best: number | null): string {
  const [low, high] = [percentDown(worst), percentDown(best)];
  if (low === high) return low;
  return low === NOTHING || high === NOTHING ? `${low}…${high}` : `${low}–${high}`;
}

/** A mean of things that are counted: 3.4. */
export function mean(value: number | null, locale: string): string {
  return value === null ? NOTHING : oneDecimal(locale).format(value);
}

/** 1:05, 12:30, 1:02:05. Seconds are cut, as clocks do. */
export function clockTime(seconds: number | null): string {
  if (seconds === null) return NOTHING;
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (part: number) => String(part).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function count(value: number, locale: string): string {
  return numbers(locale, '', {}).format(value);
}

const oneDecimal = (locale: string) =>
  numbers(locale, '.0', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Made once each: a wall of a thousand queues writes ten thousand numbers a second. */
const written = new Map<string, Intl.NumberFormat>();

function numbers(locale: string, key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  let held = written.get(locale + key);
  if (!held) written.set(locale + key, (held = new Intl.NumberFormat(locale, options)));
  return held;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** 09:41:30 at the site. */
export function timeOfDay(epochMs: number, timezone: string, seconds: boolean): string {
  return format(`t${seconds}${timezone}`, () => ({
    timeZone: timezone,
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds ? { second: '2-digit' } : {}),
    hourCycle: 'h23',
  })).format(epochMs);
}

/** 1999-01-25 at the site. */
export function dateOf(epochMs: number, timezone: string): string {
  return format(`d${timezone}`, () => ({
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })).format(epochMs);
}

function format(key: string, options: () => Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  let held = formats.get(key);
  // The Swedish way of writing dates and times is the ISO one.
  if (!held) formats.set(key, (held = new Intl.DateTimeFormat('sv-SE', options())));
  return held;
}
