/** The team lead's page: everything on it is said in the reader's language, and what it says is the floor's. */
import { describe, expect, it } from 'vitest';
import type { AgentTile, Alert, Item, TeamTimeline, TeamView } from '../../src/contracts/types.ts';
import { TeamDay } from '../../src/team/day.svelte.ts';
import TeamPage from '../../src/team/TeamPage.svelte';
import { sample } from '../samples.ts';
import { inPseudo, stage, strangers, texts } from './stage.ts';

const TEAM = sample('item_team') as TeamView;
const AGENT: AgentTile = { ...(sample('item_agent') as AgentTile), team: TEAM.id, name: 'Ana Dias' };
const LATE: Alert = { ...(sample('item_alert_adherence') as Alert), team: TEAM.id };
const said = (...items: Item[]) => ({ type: 'snapshot' as const, epoch: 'e', seq: 1, items });
const ADDRESS = `/team?lang=en&team=${encodeURIComponent(TEAM.id)}`;
const NINE = Date.UTC(2026, 0, 9, 9);
const MINUTE = 60_000;

/** Two hours on the queue with a meal between them; Ana comes back ten minutes late, of which five are excused. */
const TIMELINE = {
  team: TEAM.id,
  date: '2026-01-09',
  timezone: 'Europe/Lisbon',
  start: NINE - 540 * MINUTE,
  end: NINE + 900 * MINUTE,
  as_of: NINE + 130 * MINUTE,
  incomplete: null,
  shares: { adherence_rate: 0.876, conformance: 0.912 },
  activities: [
    { id: 'on_queue', name: { en: 'Phones', zh: '电话' }, counts_as: 'work' },
    { id: 'meal', name: { en: 'Lunch break', zh: '午餐' }, counts_as: 'break' },
  ],
  agents: [
    {
      agent: AGENT.id,
      name: 'Ana Dias',
      start: NINE - 540 * MINUTE,
      end: NINE + 900 * MINUTE,
      as_of: NINE + 130 * MINUTE,
      planned: [
        { start: NINE, end: NINE + 60 * MINUTE, activity: 'on_queue' },
        { start: NINE + 60 * MINUTE, end: NINE + 90 * MINUTE, activity: 'meal' },
        { start: NINE + 90 * MINUTE, end: NINE + 180 * MINUTE, activity: 'on_queue' },
      ],
      actual: [
        {
          start: NINE,
          end: NINE + 60 * MINUTE,
          activity: 'on_queue',
          adherence: 'in',
          by_state_ms: { talking: 40 * MINUTE, available: 20 * MINUTE },
        },
        {
          start: NINE + 60 * MINUTE,
          end: NINE + 95 * MINUTE,
          activity: 'meal',
          adherence: 'in',
          by_state_ms: { 'not_ready:meal': 35 * MINUTE },
        },
        {
          start: NINE + 95 * MINUTE,
          end: NINE + 100 * MINUTE,
          activity: 'meal',
          adherence: 'out',
          by_state_ms: { 'not_ready:meal': 5 * MINUTE },
        },
      ],
      excused: [
        { start: NINE + 90 * MINUTE, end: NINE + 95 * MINUTE, reason: 'Headset', approved_by: 'lea' },
      ],
      shares: { adherence_rate: 0.954, conformance: 1.021 },
    },
  ],
} as unknown as TeamTimeline;

function dayOf(timeline: TeamTimeline | null, isFailed = false): TeamDay {
  const day = new TeamDay();
  day.timeline = timeline;
  day.isFailed = isFailed;
  return day;
}

describe('the team page', () => {
  it('says who needs the lead, and how everybody is', () => {
    const { page, hear } = stage(ADDRESS);
    hear(said(TEAM, AGENT, LATE));
    const text = texts(TeamPage, page, { day: dayOf(TIMELINE) });
    for (const word of [
      'My team',
      'Late from break: Ana Dias',
      'Coached by lea',
      'costs 7.5 points now',
      'Planned',
    ])
      expect(text).toContain(word);
  });

  it('draws the day: planned, done, out, excused, by the names that the administrator gave', () => {
    const { page, hear } = stage(ADDRESS);
    hear(said(TEAM, AGENT));
    const text = texts(TeamPage, page, { day: dayOf(TIMELINE) });
    for (const word of [
      'Phones 09:00–10:00',
      'Lunch break 10:00–10:30',
      'Talking 40:00, Available 20:00',
      '3 planned activities; out of adherence 10:35–10:40',
      '10:30–10:35: Headset (lea)',
      '95.4 %',
      '102.1 %',
      '87.6',
      '91.2',
    ])
      expect(text.replace(/\s+/g, ' ')).toContain(word);
  });

  it('says that there is nothing to do, no answer, a log that is still being read', () => {
    const { page, hear } = stage(ADDRESS);
    hear(said(TEAM, AGENT));
    expect(texts(TeamPage, page, { day: dayOf(TIMELINE) })).toContain('Nobody needs you now');
    const long = { ...TIMELINE, incomplete: 'long' };
    expect(texts(TeamPage, page, { day: dayOf(long) })).toContain('still being read');
    expect(texts(TeamPage, page, { day: dayOf(null, true) })).toContain('Try again');
  });

  it.each(['en', 'zh'] as const)('has no text of its own (%s)', (language) => {
    const { page, hear } = stage(ADDRESS);
    hear(said(TEAM, AGENT, LATE));
    inPseudo(page, language);
    const named = [TEAM.name, LATE.name, ...TIMELINE.activities.map((each) => each.name)];
    const names = ['Ana Dias', 'Headset', 'lea', ...named.flatMap(({ en, zh }) => [en, zh])];
    const text = texts(TeamPage, page, { day: dayOf(TIMELINE) });
    expect(strangers(text, [...names, AGENT.id, AGENT.reason], /–/g)).toBe('');
  });
});

it('a day that was asked for of another team is not shown', async () => {
  const day = new TeamDay();
  day.timeline = TIMELINE;
  await day.refresh('', null);
  expect(day.timeline).toBeNull();
});
