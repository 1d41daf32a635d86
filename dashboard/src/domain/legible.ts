/**
 * How large the tiles of a wall must be so that they are read from a distance, and so how many fit on one page.
 *
 * Sizes are in units: a screen is 54 units high (96 wide), whatever its resolution. The reference is a screen of 55 inches
 * (0.685 m high) seen from eight metres. A service level's digits are then 3.1 units high (0.727 em of 4.3), so 40 mm, which
 * is 17 minutes of arc: ISO 9241-303 asks for 16 at least and prefers 20 to 22 for what has to be read at a glance. Who stands
 * nearer can do with smaller tiles: the scale is in proportion to the distance.
 */
export interface TilePlan {
  columns: number;
  rows: number;
  /** px of a unit: the root's font size. */
  unit: number;
  /** Of what is in a tile; units in it are so many times as large. */
  scale: number;
}

export const SCREEN_UNITS = { width: 96, height: 54 } as const;
/** What is not for tiles: head, alerts, foot and margins. */
export const FRAME_UNITS = { width: 2, height: 10.6 } as const;
export const TILE_UNITS = { width: 22.6, height: 13.6 } as const;
export const TILE_GAP_UNITS = 0.7;
export const REFERENCE_M = 8;
export const DISTANCE_M = { least: 1, most: 16 } as const;
/** A lone queue does not fill the wall: digits that large are not read faster. */
const MOST_SCALE = 1.9;
/** Nearer than this nobody looks: a phone's letters. */
const LEAST_UNIT_PX = 9.5;
const LEAST_LETTER_PX = 12;

export function clampDistance(metres: number): number {
  return Number.isFinite(metres)
    ? Math.min(DISTANCE_M.most, Math.max(DISTANCE_M.least, metres))
    : REFERENCE_M;
}

/** The grid of a page that shows as many of `queues` as can be read from `distanceM`, as large as they can be. */
export function tilePlan(
  queues: number,
  width: number,
  height: number,
  distanceM: number = REFERENCE_M,
): TilePlan {
  const unit = Math.max(LEAST_UNIT_PX, Math.min(width / SCREEN_UNITS.width, height / SCREEN_UNITS.height));
  const wide = Math.max(1, width / unit - FRAME_UNITS.width);
  const high = Math.max(1, height / unit - FRAME_UNITS.height);
  const least = Math.min(
    Math.max(clampDistance(distanceM) / REFERENCE_M, LEAST_LETTER_PX / unit / 1.1),
    scaleOf(1, 1, wide, high),
  );
  const most = {
    columns: fitting(wide, TILE_UNITS.width * least),
    rows: fitting(high, TILE_UNITS.height * least),
  };
  const wanted = Math.min(Math.max(1, queues), most.columns * most.rows);
  let best: TilePlan | null = null;
  for (let columns = 1; columns <= most.columns; columns += 1) {
    const rows = Math.ceil(wanted / columns);
    if (rows > most.rows) continue;
    const scale = Math.min(MOST_SCALE, scaleOf(columns, rows, wide, high));
    if (best === null || scale > best.scale + 1e-9) best = { columns, rows, unit, scale };
  }
  return best ?? { columns: most.columns, rows: most.rows, unit, scale: least };
}

/** How many queues a page holds. */
export function perPage({ columns, rows }: TilePlan): number {
  return columns * rows;
}

function fitting(room: number, tile: number): number {
  return Math.max(1, Math.floor((room + TILE_GAP_UNITS) / (tile + TILE_GAP_UNITS) + 1e-9));
}

function scaleOf(columns: number, rows: number, wide: number, high: number): number {
  return Math.min(
    (wide - (columns - 1) * TILE_GAP_UNITS) / columns / TILE_UNITS.width,
    (high - (rows - 1) * TILE_GAP_UNITS) / rows / TILE_UNITS.height,
  );
}
