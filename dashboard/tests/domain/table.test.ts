import { describe, expect, it } from 'vitest';
import { clicked, csv, ordered, type Column } from '../../src/domain/table.ts';

interface Row {
  name: string;
  waiting: number | null;
}

const ROWS: readonly Row[] = [
  { name: 'Queue 10', waiting: 2 },
  { name: 'Queue 9', waiting: null },
  { name: 'Queue 2', waiting: 11 },
  { name: '=1+1', waiting: 2 },
];
const COLUMNS: readonly Column<Row>[] = [
  { key: 'name', label: 'Queue', value: (row) => row.name },
  { key: 'waiting', label: 'Waiting, now', value: (row) => row.waiting },
];
const names = (key: string, descending: boolean) =>
  ordered(ROWS, COLUMNS, { key, descending }, 'en').map((row) => row.name);

describe('order', () => {
  it('numbers by size, texts as people count, nothing last either way', () => {
    expect(names('waiting', false)).toEqual(['Queue 10', '=1+1', 'Queue 2', 'Queue 9']);
    expect(names('waiting', true)).toEqual(['Queue 2', 'Queue 10', '=1+1', 'Queue 9']);
    expect(names('name', false)).toEqual(['=1+1', 'Queue 2', 'Queue 9', 'Queue 10']);
  });

  it('of nothing, or of a column that is not there, is as it comes', () => {
    expect(ordered(ROWS, COLUMNS, null, 'en')).toBe(ROWS);
    expect(names('colour', false)).toEqual(ROWS.map((row) => row.name));
  });

  it('turns on the second click and starts anew on another column', () => {
    const first = clicked(null, 'name');
    expect(first).toEqual({ key: 'name', descending: false });
    expect(clicked(first, 'name')).toEqual({ key: 'name', descending: true });
    expect(clicked(clicked(first, 'name'), 'waiting')).toEqual({ key: 'waiting', descending: false });
  });
});

describe('CSV', () => {
  it('quotes what has to be, leaves nothing empty, and gives a spreadsheet no formula', () => {
    const rows = [...ROWS.slice(1), { name: 'a "b"\r\nc', waiting: 0.5 }];
    expect(csv(rows, COLUMNS)).toBe(
      '\uFEFFQueue,"Waiting, now"\r\nQueue 9,\r\nQueue 2,11\r\n\'=1+1,2\r\n"a ""b""\r\nc",0.5\r\n',
    );
  });
});
