/** Rows of a table in an order that a reader chose, and the same rows as a file. */

export type Cell = number | string | null;

export interface Column<Row> {
  key: string;
  label: string;
  /** What it is ordered by, and what a file gets. */
  value: (row: Row) => Cell;
  /** What is read; without it the value. */
  text?: (row: Row) => string;
  /** Numbers stand at the right; default: by the first row's value. */
  align?: 'left' | 'right';
}

export interface Order {
  key: string;
  descending: boolean;
}

/** The rows by a column; what has no value comes last either way, and equals keep their order. */
export function ordered<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  order: Order | null,
  tag: string,
): readonly Row[] {
  const column = columns.find(({ key }) => key === order?.key);
  if (!column || order === null) return rows;
  const sign = order.descending ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [a, b] = [column.value(one), column.value(other)];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
    return sign * String(a).localeCompare(String(b), tag, { numeric: true });
  });
}

/** The order after a click on a column's head: up, then down. */
export function clicked(order: Order | null, key: string): Order {
  return { key, descending: order?.key === key && !order.descending };
}

/**
 * The rows as CSV (RFC 4180): a comma, CRLF, a byte-order mark so that Excel reads Chinese. A text that a spreadsheet would
 * take for a formula is led by an apostrophe.
 */
export function csv<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = [
    columns.map(({ label }) => label),
    ...rows.map((row) => columns.map(({ value }) => value(row))),
  ];
  return `\uFEFF${lines.map((line) => line.map(field).join(',')).join('\r\n')}\r\n`;
}

function field(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
