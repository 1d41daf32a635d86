/** Against burn-in: the whole wall moves a little, step by step round a small square, so that no edge stands for weeks. */
export const SHIFT_EVERY_MS = 120_000;
const PATH = [[0, 0], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]] as const; // prettier-ignore

/** Where the wall stands at a moment, in steps of −1…1 to the right and down. */
export function shiftAt(nowMs: number): { right: number; down: number } {
  const [right, down] = PATH[Math.floor(nowMs / SHIFT_EVERY_MS) % PATH.length] ?? [0, 0];
  return { right, down };
}
