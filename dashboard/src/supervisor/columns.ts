/** The columns of the day's table: what a half-hour is compared by, on the page, on paper and in the file. */
import type { Forecast } from '../contracts/types.ts';

import { count, mean, NOTHING, percent } from '../domain/format.ts';
import { levelOf, standingOf, type DefinitionName } from '../domain/standing.ts';
import type { Column } from '../domain/table.ts';
import type { DayRow } from '../domain/weeks.ts';
import type { Messages } from '../i18n/index.ts';
import type { supervisor } from '../i18n/en/supervisor.ts';

export interface DayColumn extends Column<DayRow> {
  /** Of the catalogue, where the number can be asked for its meaning. */
  metric?: string;
}

export interface Told {
  m: Messages;
  t: typeof supervisor;
  tag: string;
  definition: DefinitionName;
  target: number | null;
  forecast: Forecast | null;
}

export function dayColumns(told: Told): DayColumn[] {
  const { m, t, tag, definition, target } = told;
  const share = (value: number | null) => (value === null ? NOTHING : percent(value, tag) + m.percentUnit);
  const whole = (value: number | undefined) => (value === undefined ? NOTHING : count(value, tag));
  const levelNow = (row: DayRow) => (row.today ? levelOf(row.today, definition) : null);
  const levelThen = (row: DayRow) => row.lastWeek && levelOf(row.lastWeek.target_ratios, definition);
  const counted = (key: 'answered' | 'abandoned', label: string, metric?: string): DayColumn => ({
    ...number(
      key,
      label,
      (row) => row.today?.[key] ?? null,
      (row) => whole(row.today?.[key]),
    ),
    ...(metric === undefined ? {} : { metric }),
  });
  return [
    { key: 'label', label: m.halfHour, value: (row) => row.label },
    {
      ...number('service_level', m.serviceLevel, levelNow, (row) => share(levelNow(row))),
      metric: `service_level.${definition}`,
    },
    {
      key: 'standing',
      label: m.targetWord,
      value: (row) => (row.today ? m.standing[standingOf(levelNow(row), target)] : null),
    },
    number('level_last', t.lastWeekLevel, levelThen, (row) => share(levelThen(row))),
    {
      ...number('offered', t.offeredToday, offered, (row) => whole(row.today?.offered)),
      metric: 'offered',
    },
    ...forecastColumns(told),
    number(
      'usual',
      t.usual,
      (row) => row.usual,
      (row) => mean(row.usual, tag),
    ),
    beside('against', t.againstUsual, (row) => row.usual, tag),
    number(
      'offered_last',
      t.lastWeek,
      (row) => row.lastWeek?.target_counts.offered ?? null,
      (row) => whole(row.lastWeek?.target_counts.offered),
    ),
    counted('answered', m.answered, 'answered'),
    counted('abandoned', m.counter.abandoned),
    {
      key: 'status',
      label: m.statusWord,
      value: (row) => (row.today ? m.status[row.today.status] : null),
    },
  ];
}

/** What a forecast tells; none, where there is none. */
function forecastColumns({ t, tag, forecast }: Told): DayColumn[] {
  const halves = forecast?.half_hours ?? [];
  const of = (key: string, label: string, name: 'contacts' | 'aht_s' | 'required') =>
    number(
      key,
      label,
      (row) => row.forecast?.[name] ?? null,
      (row) => mean(row.forecast?.[name] ?? null, tag),
    );
  if (halves.length === 0) return [];
  return [
    of('forecast', t.forecast, 'contacts'),
    beside('beside', t.againstForecast, (row) => row.forecast?.contacts ?? null, tag),
    ...(halves.some((half) => half.aht_s !== null) ? [of('forecast_aht', t.forecastAht, 'aht_s')] : []),
    ...(halves.some((half) => half.required !== null) ? [of('required', t.required, 'required')] : []),
  ];
}

const offered = (row: DayRow) => row.today?.offered ?? null;

function number(
  key: string,
  label: string,
  value: (row: DayRow) => number | null,
  text: (row: DayRow) => string,
): DayColumn {
  return { key, label, value, text, align: 'right' };
}

/** How many more came than that; negative: fewer. */
function beside(key: string, label: string, than: (row: DayRow) => number | null, tag: string): DayColumn {
  const value = (row: DayRow) => {
    const [came, other] = [offered(row), than(row)];
    return came === null || other === null ? null : came - other;
  };
  const text = (row: DayRow) =>
    value(row)?.toLocaleString(tag, { signDisplay: 'exceptZero', maximumFractionDigits: 1 }) ?? NOTHING;
  return number(key, label, value, text);
}
