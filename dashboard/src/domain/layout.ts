/**
 * How a floor is fitted on a screen. All lengths are in `unit`s, the wall's font size: the plan with the largest unit
 * wins, so that twenty queues are as large as they can be on a laptop and on a 4K wall. Only the number of sites and queues
 * and the screen decide, never a value that a queue shows: boxes do not move when numbers change.
 *
 * Sites are bands, worst first, read from left to right in `lanes` and then downwards; a band has its roll-up on the left
 * and its queues in `columns` on the right.
 */
export interface Plan {
  lanes: number;
  columns: number;
  /** px */
  unit: number;
  /** units */
  tileWidth: number;
  tileHeight: number;
  /** It does not fit at a readable size: the page may be scrolled. */
  scrolls: boolean;
}

/** Bar, alerts, and the gap under them. */
export const HEAD_UNITS = 6.25;
/** A line of regions. */
export const REGIONS_UNITS = 2.6;
export const BAND_HEAD_UNITS = 10;
export const GAP_UNITS = 0.5;
export const BAND_GAP_UNITS = 0.75;
export const LANE_GAP_UNITS = 1;
export const MARGIN_UNITS = 0.75;
const TILE_WIDTH = { least: 13.4, most: 22 };
const TILE_HEIGHT = { least: 10.3, most: 13.5 };
/** A line of agents in each tile. */
const AGENTS_UNITS = 1.1;
/** What stands in a site's roll-up above its teams, and a team. */
const SITE_HEAD_UNITS = 11.2;
const TEAM_UNITS = 2.2;
const MOST_LANES = 3;
const MOST_COLUMNS = 10;
const LEAST_UNIT_PX = 10.5;
const LEAST_UNIT_SCROLLING_PX = 14;

/** What a floor has beside queues and sites: it takes room whether or not there is anything to say. */
export interface Extras {
  agents: boolean;
  regions: boolean;
}

const NO_EXTRAS: Extras = { agents: false, regions: false };

/** `queues`: how many each site has, in the order in which the sites are shown. */
export function plan(
  queues: readonly number[],
  width: number,
  height: number,
  extras: Extras = NO_EXTRAS,
): Plan {
  let best: Plan | null = null;
  for (let lanes = 1; lanes <= Math.min(MOST_LANES, Math.max(1, queues.length)); lanes += 1) {
    for (let columns = 1; columns <= Math.min(MOST_COLUMNS, Math.max(1, ...queues)); columns += 1) {
      const candidate = fit(queues, lanes, columns, width, height, extras);
      if (best === null || candidate.unit > best.unit) best = candidate;
    }
  }
  const fitting = best ?? fit([1], 1, 1, width, height, extras);
  return fitting.unit >= LEAST_UNIT_PX ? fitting : scrolling(queues, width, extras);
}

/** How many teams a site's roll-up has room for beside `queues` tiles. */
export function teamRoom({ columns, tileHeight }: Plan, queues: number): number {
  const rows = Math.max(1, Math.ceil(queues / columns));
  const free = rows * tileHeight + (rows - 1) * GAP_UNITS - SITE_HEAD_UNITS;
  return Math.max(0, Math.floor(free / TEAM_UNITS));
}

const tileHeights = (extras: Extras) => ({
  least: TILE_HEIGHT.least + (extras.agents ? AGENTS_UNITS : 0),
  most: TILE_HEIGHT.most + (extras.agents ? AGENTS_UNITS : 0),
});

function fit(
  queues: readonly number[],
  lanes: number,
  columns: number,
  width: number,
  height: number,
  extras: Extras,
): Plan {
  const tall = tileHeights(extras);
  const head = HEAD_UNITS + (extras.regions ? REGIONS_UNITS : 0);
  const { rows, bands } = heights(queues, lanes, columns);
  const fixedWide =
    2 * MARGIN_UNITS + (lanes - 1) * LANE_GAP_UNITS + lanes * (BAND_HEAD_UNITS + columns * GAP_UNITS);
  const fixedHigh = head + MARGIN_UNITS + (rows - bands) * GAP_UNITS + (bands - 1) * BAND_GAP_UNITS;
  const unit = Math.min(
    width / (fixedWide + lanes * columns * TILE_WIDTH.least),
    height / (fixedHigh + rows * tall.least),
    largest(width, height),
  );
  const tileWidth = Math.min(TILE_WIDTH.most, (width / unit - fixedWide) / (lanes * columns));
  const tileHeight = Math.min(tall.most, (height / unit - fixedHigh) / rows);
  return { lanes, columns, unit, tileWidth, tileHeight, scrolls: false };
}

/**
 * Rows of tiles and bands on top of each other. Bands side by side are as high as the higher one, and who stands beside
 * whom changes with the order of the sites: the worst case is taken, so that a new order does not resize the wall.
 */
function heights(queues: readonly number[], lanes: number, columns: number): { rows: number; bands: number } {
  const bands = Math.max(1, Math.ceil(queues.length / lanes));
  const rows = queues.map((count) => Math.max(1, Math.ceil(count / columns))).sort((a, b) => b - a);
  return {
    rows: Math.max(
      1,
      rows.slice(0, bands).reduce((sum, row) => sum + row, 0),
    ),
    bands,
  };
}

function scrolling(queues: readonly number[], width: number, extras: Extras): Plan {
  const unit = LEAST_UNIT_SCROLLING_PX;
  const free = width / unit - 2 * MARGIN_UNITS - BAND_HEAD_UNITS;
  const columns = Math.max(
    1,
    Math.min(Math.max(1, ...queues), Math.floor(free / (TILE_WIDTH.least + GAP_UNITS))),
  );
  const tileWidth = Math.max(TILE_WIDTH.least, Math.min(TILE_WIDTH.most, free / columns - GAP_UNITS));
  return { lanes: 1, columns, unit, tileWidth, tileHeight: tileHeights(extras).least, scrolls: true };
}

/** A single queue does not fill the wall: text that large is not read faster. */
function largest(width: number, height: number): number {
  return Math.min(width / 56, height / 31);
}
