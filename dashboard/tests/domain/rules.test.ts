/** Rules as a form edits them, what the API finds wrong with them, what a backtest found, and files. */
import { describe, expect, it } from 'vitest';
import type { Compare, MetricView } from '../../src/contracts/types.ts';
import { hours, isCut, spanOf, strips } from '../../src/domain/backtest.ts';
import { faultAt, faultsOf } from '../../src/domain/faults.ts';
import {
  blankCompare,
  blankRule,
  checklistOf,
  checklistText,
  comparesOf,
  freeId,
  group,
  isOfContacts,
  kindOf,
  labelsOf,
  labelsText,
  measureOf,
  metricChoices,
  turned,
  words,
} from '../../src/domain/rules.ts';
import { yaml } from '../../src/domain/yaml.ts';

const metric = (id: string, unit: MetricView['unit'], ...scopes: MetricView['scopes']): MetricView => ({
  id, unit, scopes, theme: 'now', name: { en: id, zh: id }, formula: { en: '', zh: '' }, source: '', direction: 'lower', events: [],
}); // prettier-ignore
const METRICS = [
  metric('service_level.offered', 'share', 'queue', 'site'),
  metric('service_level.xcally', 'share', 'queue', 'site'),
  metric('waiting', 'contacts', 'queue', 'site'),
  metric('oldest_offered_at', 'time', 'queue'),
  metric('repeat_rate', 'share', 'queue'),
  metric('occupancy', 'share', 'team'),
];

describe('what the API finds wrong', () => {
  it('stands at the fields of the form, whatever says it', () => {
    const told =
      "body.when.compare.threshold: Input should be a valid number; body.for_s: Input should be greater than or equal to 0; body: Value error, when.all[1].metric: there is no 'long'; at scope queue there are waiting, offered; windows[0].timezone: needed at scope all, which has no local time of its own";
    expect(faultsOf(told)).toEqual([
      { at: 'when.threshold', text: 'Input should be a valid number' },
      { at: 'for_s', text: 'Input should be greater than or equal to 0' },
      { at: 'when.all.1.metric', text: "there is no 'long'; at scope queue there are waiting, offered" },
      { at: 'windows.0.timezone', text: 'needed at scope all, which has no local time of its own' },
    ]);
  });

  it('a check of two fields stands at the one it names', () => {
    const told =
      'body.when.any_of.any.0.compare: Value error, clear (50.0) must lie at or under threshold (10.0)';
    expect(faultsOf(told)).toEqual([
      { at: 'when.any.0.clear', text: 'clear (50.0) must lie at or under threshold (10.0)' },
    ]);
  });

  it('of a rule in a list it stands at the rule’s own fields, of a plan at its level’s', () => {
    expect(
      faultsOf('body.rules.0.name.en: String too short; body.end: must lie after start', 'rules.0'),
    ).toEqual([
      { at: 'name.en', text: 'String too short' },
      { at: 'end', text: 'must lie after start' },
    ]);
    const told = "body: Value error, levels[0].enter.metric: 'x' is not known of scope site, only of queue";
    expect(faultAt(faultsOf(told), 'levels.0.enter.metric')).toBe(
      "'x' is not known of scope site, only of queue",
    );
    expect(faultAt(faultsOf(told), 'levels.0.leave.metric')).toBeNull();
  });

  it('what names no field is said of the whole', () => {
    expect(faultsOf('Kafka is away.')).toEqual([{ at: '', text: 'Kafka is away.' }]);
    expect(faultsOf('')).toEqual([]);
  });
});

describe('conditions', () => {
  const waiting: Compare = { ...blankCompare(), metric: 'waiting' };

  it('one becomes the first of several, and the first of several remains', () => {
    const all = turned(waiting, 'all');
    expect(all).toEqual({ all: [waiting] });
    expect(turned(all, 'any')).toEqual({ any: [waiting] });
    expect(turned(group('all', [waiting, blankCompare()]), 'compare')).toEqual(waiting);
    expect(turned(waiting, 'compare')).toBe(waiting);
  });

  it('comparisons are listed from left to right', () => {
    const nested = group('all', [group('any', [waiting, blankCompare()]), waiting]);
    expect(comparesOf(nested).map(({ metric: id }) => id)).toEqual(['waiting', 'service_level', 'waiting']);
    expect(kindOf(nested)).toBe('all');
  });

  it('only what is known at a scope may be watched, and what is chosen stays', () => {
    const ids = (kind: 'queue' | 'team', chosen: string) =>
      metricChoices(METRICS, kind, chosen).map(({ id }) => id);
    expect(ids('queue', 'queue_length')).toEqual(['service_level', 'waiting', 'oldest_offered_at']);
    expect(ids('team', '')).toEqual(['occupancy']);
    expect(ids('team', 'longest_wait_s')).toEqual(['occupancy', 'oldest_offered_at']);
  });

  it('few contacts say nothing only where contacts are counted', () => {
    expect(isOfContacts('service_level', METRICS)).toBe(true);
    expect(isOfContacts('queue_length', METRICS)).toBe(false);
    expect(isOfContacts('occupancy', METRICS)).toBe(false);
    expect(isOfContacts('nothing', METRICS)).toBe(false);
  });

  it('a threshold has the unit of what it is compared with', () => {
    const measure = (id: string, against: Compare['against'] = 'value') =>
      measureOf({ metric: id, against }, METRICS);
    expect(measure('service_level')).toBe('percent');
    expect(measure('longest_wait_s')).toBe('seconds');
    expect(measure('queue_length')).toBe('number');
    expect(measure('service_level', 'target')).toBe('points');
    expect(measure('waiting', 'last_week')).toBe('percent_of_last_week');
    expect(measure('waiting', 'change')).toBe('number');
  });
});

describe('what is typed', () => {
  it('labels, lists and checklists', () => {
    expect(labelsOf('team=night, floor = 2，urgent')).toEqual({ team: 'night', floor: '2', urgent: '' });
    expect(labelsText({ team: 'night', floor: '2' })).toBe('team=night, floor=2');
    expect(words('a, b，c')).toEqual(['a', 'b', 'c']);
    const typed = checklistOf([{ en: 'Tell', zh: '通知' }], 'en', 'Tell them\nSwitch it on');
    expect(typed).toEqual([{ en: 'Tell them', zh: '通知' }, { en: 'Switch it on', zh: '' }]); // prettier-ignore
    expect(checklistText(typed, 'zh')).toBe('通知');
    expect(checklistOf(typed, 'en', '')).toEqual([{ en: '', zh: '通知' }]);
    expect(freeId('action', ['action-1', 'action-3'])).toBe('action-2');
  });
});

describe('what a backtest found', () => {
  const DAY = 86_400_000;
  const at = (hour: number) => DAY + hour * 3_600_000;
  const firing = (from: number, to: number | null, scope = 'bank/PS') => ({
    scope, start: at(from), end: to === null ? null : at(to), value: 1,
  }); // prettier-ignore

  it('each day has its stretches; those of several places are drawn once', () => {
    const days = strips([firing(6, 12), firing(9, 18, 'bank/NW'), firing(23, 25)], DAY, 3 * DAY);
    expect(days.map(({ date, firedS }) => [date, firedS])).toEqual([['1970-01-02', 13 * 3600], ['1970-01-03', 3600]]); // prettier-ignore
    expect(days[0]?.stretches).toEqual([{ from: 0.25, to: 0.75 }, { from: 23 / 24, to: 1 }]); // prettier-ignore
  });

  it('what still fired goes on to the end of the span', () => {
    expect(strips([firing(12, null)], DAY, 2 * DAY)[0]?.firedS).toBe(12 * 3600);
  });

  it('how long is told in hours and minutes', () => {
    expect([0, 240, 65_580].map(hours)).toEqual(['0:00', '0:04', '18:13']);
  });

  it('a span is whole days, and none backwards', () => {
    expect(spanOf('1970-01-02', '1970-01-02')).toEqual({ start: DAY, end: 2 * DAY });
    expect(spanOf('1970-01-03', '1970-01-02')).toBeNull();
    expect(spanOf('', '1970-01-02')).toBeNull();
    expect(isCut({ firings: [firing(1, 2)], times: 3 })).toBe(true);
  });
});

describe('a file', () => {
  it('is YAML in blocks whose texts can hold anything', () => {
    const rule = {
      ...blankRule(),
      id: 'low',
      name: { en: 'Low: "very"', zh: '低' },
      when: group('all', [{ ...blankCompare() }]),
    };
    const text = yaml({ rules: [rule] });
    expect(text).toContain('rules:\n  - id: "low"\n    name:\n      en: "Low: \\"very\\""\n      zh: "低"\n');
    expect(text).toContain(
      '    when:\n      all:\n        - metric: "service_level"\n          direction: "below"\n',
    );
    expect(text).toContain('\n    windows: []\n');
    expect(text).toContain('\n    labels: {}\n');
    expect(yaml({ plans: [] })).toBe('plans: []\n');
  });
});
