/** What a team lead's page shows: which alerts and agents in which order, and where the spans of a day stand. */
import type { Absence, AgentTile, AgentTimeline, Alert, TeamTimeline } from '../contracts/types.ts';

export const EXCUSE_MINUTES = [15, 30, 60] as const;
const HOUR_MS = 3_600_000;

/** A team's alerts that go on and are for its lead: those that wait for somebody first, then by what they cost now. */
export function alertsOf(team: string, alerts: readonly Alert[]): Alert[] {
  const shown = alerts.filter(
    (alert) =>
      alert.team === team &&
      (alert.state === 'firing' || alert.state === 'stale') &&
      alert.handled !== 'dismissed' &&
      !alert.hidden_by.startsWith('inhibited'),
  );
  return shown.sort(
    (a, b) =>
      Number(a.handled !== '') - Number(b.handled !== '') ||
      (b.cost ?? 0) - (a.cost ?? 0) ||
      a.since - b.since ||
      a.id.localeCompare(b.id),
  );
}

/** An agent of the team: the day, how it is now (of the day that runs), and what it costs to miss them. */
export interface Row {
  id: string;
  name: string;
  day: AgentTimeline | undefined;
  now: AgentTile | undefined;
  /** Null: the agent is not out. */
  cost: number | null;
}

const FIRST = ['out', 'unknown', 'unscheduled', 'ignored', 'in'] as const;

/** Everybody of the team or of its day: who is out stands first, costliest first, then the others by name. */
export function rowsOf(
  days: readonly AgentTimeline[],
  agents: readonly AgentTile[],
  absences: readonly Absence[],
): Row[] {
  const now = new Map(agents.map((agent) => [agent.id, agent]));
  const day = new Map(days.map((each) => [each.agent, each]));
  const cost = new Map(absences.map((absence) => [absence.agent, absence.cost]));
  const rank = (row: Row) => (row.now ? FIRST.indexOf(row.now.adherence) : FIRST.length);
  return [...new Set([...now.keys(), ...day.keys()])]
    .map((id): Row => {
      const tile = now.get(id);
      return {
        id,
        name: [tile?.name, day.get(id)?.name].find((name) => name !== undefined && name !== '') ?? id,
        day: day.get(id),
        now: tile,
        cost: tile?.adherence === 'out' ? (cost.get(id) ?? null) : null,
      };
    })
    .sort(
      (a, b) =>
        rank(a) - rank(b) ||
        (b.cost ?? 0) - (a.cost ?? 0) ||
        a.name.localeCompare(b.name) ||
        a.id.localeCompare(b.id),
    );
}

/** [start, end) of an excuse: from when the cause began until so many minutes after `now` (epoch ms, of the floor). */
export function excuseOf(alert: Alert, now: number, minutes: number): { start: number; end: number } {
  return { start: alert.episode, end: Math.round(Math.max(now, alert.since)) + minutes * 60_000 };
}

/** The hours that a team's day is drawn over: from the first to the last that anybody plans or does anything. */
export interface Axis {
  start: number;
  end: number;
  /** Epoch ms, whole hours of the day that have room for their label. */
  ticks: number[];
}

const MOST_TICKS = 12;

/** Hours count from the beginning of the day: some zones are off by half an hour. */
export function axisOf(day: TeamTimeline): Axis {
  const spans = day.agents.flatMap((agent) => [...agent.planned, ...agent.actual]);
  const first = Math.min(...spans.map((span) => span.start));
  const last = Math.max(day.as_of, ...spans.map((span) => span.end));
  const down = (at: number) => day.start + Math.floor((at - day.start) / HOUR_MS) * HOUR_MS;
  const start = spans.length === 0 ? day.start : down(first);
  const end = spans.length === 0 ? day.end : Math.max(down(last - 1) + HOUR_MS, start + HOUR_MS);
  const step = Math.ceil((end - start) / HOUR_MS / MOST_TICKS) * HOUR_MS;
  const ticks = [];
  for (let at = start; at < end; at += step) ticks.push(at);
  return { start, end, ticks };
}

/** Where [start, end) stands on the axis: left edge and width in percent. */
export function placeOn(axis: Axis, start: number, end: number): { left: number; width: number } {
  const whole = axis.end - axis.start;
  const share = (at: number) => (Math.min(Math.max(at, axis.start), axis.end) - axis.start) / whole;
  return { left: share(start) * 100, width: (share(end) - share(start)) * 100 };
}

/** The states of a span that take most of it, longest first: [state or not_ready:reason, ms]. */
export function statesOf(times: Readonly<Record<string, number | undefined>>): [string, number][] {
  return Object.entries(times)
    .map(([state, ms]): [string, number] => [state, ms ?? 0])
    .sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}
