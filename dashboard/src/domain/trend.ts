/**
 * The rolling half-hour's level over the last half-hour: what a small line shows. Kept by this screen, a point for every
 * half minute of the feed's time, so that a replay at many times the speed draws the same line. Bounded: 60 points a queue,
 * and nothing of queues that are gone.
 */
import type { DefinitionName } from './standing.ts';

export const STEP_MS = 30_000;
export const POINTS = 60;

export interface Point {
  /** Which half minute, since the epoch. */
  step: number;
  /** 0…1; null: no contact counted. */
  level: number | null;
}

export class Trends {
  #points = new Map<string, Point[]>();
  #definitions = new Map<string, DefinitionName>();

  /** A queue's level as of a moment of its feed. Another definition begins a new line: it would not compare. */
  add(id: string, asOf: number, level: number | null, definition: DefinitionName): void {
    let points = this.#definitions.get(id) === definition ? this.#points.get(id) : undefined;
    const step = Math.floor(asOf / STEP_MS);
    const last = points?.at(-1);
    // A feed that begins anew in its past (a replay) has a new line as well.
    if (!points || (last && step < last.step - 1)) points = [];
    const newest = points.at(-1);
    if (newest?.step === step) newest.level = level;
    else if (!newest || step > newest.step) points.push({ step, level });
    while (points.length > 0 && (points[0]?.step ?? 0) <= step - POINTS) points.shift();
    this.#points.set(id, points);
    this.#definitions.set(id, definition);
  }

  of(id: string): readonly Point[] {
    return this.#points.get(id) ?? [];
  }

  forget(id: string): void {
    this.#points.delete(id);
    this.#definitions.delete(id);
  }

  get size(): number {
    return [...this.#points.values()].reduce((sum, points) => sum + points.length, 0);
  }

  /** For a reload: plain JSON, and back. What is not of this shape is left out. */
  written(): unknown {
    return [...this.#points].map(([id, points]) => [
      id,
      this.#definitions.get(id),
      points.map(({ step, level }) => [step, level === null ? null : Math.round(level * 10_000) / 10_000]),
    ]);
  }

  read(written: unknown): void {
    if (!Array.isArray(written)) return;
    for (const entry of written as unknown[]) {
      if (!Array.isArray(entry)) continue;
      const [id, definition, points] = entry as unknown[];
      if (typeof id !== 'string' || typeof definition !== 'string' || !Array.isArray(points)) continue;
      const known = points.filter(isPoint).map(([step, level]) => ({ step, level }));
      this.#points.set(id, known.slice(-POINTS));
      this.#definitions.set(id, definition as DefinitionName);
    }
  }
}

function isPoint(value: unknown): value is [number, number | null] {
  return (
    Array.isArray(value) &&
    typeof value[0] === 'number' &&
    (value[1] === null || typeof value[1] === 'number')
  );
}

/**
 * The line as an SVG path in a box, newest at the right edge, 0…1 from the bottom to the top. Half minutes that were not
 * heard are bridged; those without data are gaps. A single point is a short stroke.
 */
export function line(points: readonly Point[], width: number, height: number): string {
  const newest = points.at(-1)?.step ?? 0;
  const x = (step: number) => width - ((newest - step) / (POINTS - 1)) * width;
  const y = (level: number) => height - Math.min(1, Math.max(0, level)) * height;
  let path = '';
  let drawing = false;
  for (const { step, level } of points) {
    if (level === null) {
      drawing = false;
      continue;
    }
    path += `${drawing ? 'L' : 'M'}${x(step).toFixed(1)} ${y(level).toFixed(1)}`;
    if (!drawing) path += 'h-0.01';
    drawing = true;
  }
  return path;
}

/** Points of percent that the level has gained (lost: negative) since the oldest point; null: nothing to compare. */
export function change(points: readonly Point[]): number | null {
  const known = points.filter((point) => point.level !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last || first === last) return null;
  return Math.round(((last.level ?? 0) - (first.level ?? 0)) * 100);
}
