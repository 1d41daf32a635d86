/** Rules and conditions as a form edits them: what may be chosen, what a new one says, and one in short words. */
import type {
  AllOf,
  AnyOf,
  Compare,
  MetricView,
  PlanAction,
  PlanDefinition,
  PlanLevel,
  Rule,
  Text,
} from '../contracts/types.ts';

export type Condition = Compare | AllOf | AnyOf;
export type ConditionKind = 'compare' | 'all' | 'any';
export type ScopeKind = Rule['scope']['kind'];
export type Unit = MetricView['unit'];

export const SCOPE_KINDS: readonly ScopeKind[] = [
  'queue',
  'site',
  'region',
  'all',
  'team',
  'agent',
  'flow',
  'node',
];
export const SEVERITIES: readonly Rule['severity'][] = ['info', 'warning', 'critical'];
export const AGAINST: readonly Compare['against'][] = ['value', 'target', 'last_week', 'change'];
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export const ROLES: readonly Rule['owner'][] = [
  'viewer',
  'supervisor',
  'team_lead',
  'dispatcher',
  'administrator',
];
export const CHANNELS = ['voice', 'chat', 'email', 'task'] as const;
export const ACTION_KINDS: readonly PlanAction['kind'][] = [
  'call_in', 'announcement', 'call_back', 'overflow', 'cancel_activity', 'move', 'webhook', 'other',
]; // prettier-ignore

/** The service level by the queue's own definition: in rules alone, not in the catalogue. */
export const OWN_LEVEL = 'service_level';
const ALIASES: Readonly<Record<string, string>> = {
  longest_wait_s: 'oldest_offered_at',
  queue_length: 'waiting',
  longest_available_s: 'longest_available_since',
};
/** What no rule can read: it is counted when a half-hour is over. */
const NOT_WATCHED = new Set(['running.earlier_offered', 'repeat_rate', 'first_contact_resolution']);

/** Parts of the figures that have several. */
export const PARTS: Readonly<Record<string, readonly string[]>> = {
  by_state: ['available', 'ringing', 'talking', 'hold', 'wrap_up', 'not_ready', 'offline'],
  adherence: ['in', 'out', 'unscheduled', 'ignored', 'unknown'],
};

/** A rule's name of a metric → the catalogue's id. */
export function catalogued(metric: string): string {
  return ALIASES[metric] ?? metric;
}

export function kindOf(condition: Condition): ConditionKind {
  if ('all' in condition) return 'all';
  return 'any' in condition ? 'any' : 'compare';
}

export function partsOf(condition: AllOf | AnyOf): Condition[] {
  return 'all' in condition ? condition.all : condition.any;
}

export function group(kind: 'all' | 'any', parts: Condition[]): Condition {
  return (kind === 'all' ? { all: parts } : { any: parts }) as Condition;
}

/** The same condition as another kind: one comparison becomes the first of a group, and the first of a group remains. */
export function turned(condition: Condition, kind: ConditionKind): Condition {
  const now = kindOf(condition);
  if (now === kind) return condition;
  if (kind === 'compare') return comparesOf(condition)[0] ?? blankCompare();
  return group(kind, now === 'compare' ? [condition] : partsOf(condition as AllOf | AnyOf));
}

/** Every comparison, from left to right. */
export function comparesOf(condition: Condition): Compare[] {
  return kindOf(condition) === 'compare'
    ? [condition as Compare]
    : partsOf(condition as AllOf | AnyOf).flatMap(comparesOf);
}

export interface MetricChoice {
  id: string;
  theme: MetricView['theme'];
}

/** Metrics that a rule may watch at a kind of scope, in the catalogue's order; what is chosen now stays among them. */
export function metricChoices(
  metrics: readonly MetricView[],
  kind: ScopeKind,
  chosen: string,
): MetricChoice[] {
  const found: MetricChoice[] = metrics
    .filter(
      (each) =>
        each.scopes.includes(kind) && !NOT_WATCHED.has(each.id) && !each.id.startsWith(`${OWN_LEVEL}.`),
    )
    .map(({ id, theme }) => ({ id, theme }));
  const levels = metrics.some((each) => each.id.startsWith(`${OWN_LEVEL}.`) && each.scopes.includes(kind));
  if (levels) found.unshift({ id: OWN_LEVEL, theme: 'service' });
  const id = catalogued(chosen);
  if (chosen !== '' && !found.some((each) => each.id === id))
    found.push({ id, theme: metrics.find((each) => each.id === id)?.theme ?? 'service' });
  return found;
}

/** Whether it is a share or mean of contacts, which says nothing of few. */
export function isOfContacts(metric: string, metrics: readonly MetricView[]): boolean {
  if (metric === OWN_LEVEL) return true;
  const found = metrics.find(({ id }) => id === catalogued(metric));
  const isShareOrMean = found?.unit === 'share' || found?.unit === 'seconds';
  return isShareOrMean && ['service', 'volume', 'handling', 'ivr'].includes(found.theme);
}

export type Measure = 'percent' | 'seconds' | 'points' | 'percent_of_last_week' | 'number';

/** What a threshold is given in. */
export function measureOf(
  compare: Pick<Compare, 'metric' | 'against'>,
  metrics: readonly MetricView[],
): Measure {
  if (compare.against === 'target') return 'points';
  if (compare.against === 'last_week') return 'percent_of_last_week';
  const id = catalogued(compare.metric);
  if (id === OWN_LEVEL) return 'percent';
  const unit = metrics.find((each) => each.id === id)?.unit;
  if (unit === 'share') return 'percent';
  return unit === 'seconds' || unit === 'time' ? 'seconds' : 'number';
}

export function blankCompare(): Compare {
  return {
    metric: OWN_LEVEL, direction: 'below', threshold: 60, clear: 70, against: 'value', over_s: 600, definition: null,
    threshold_s: null, channel: null, part: '', min_offered: 10,
  }; // prettier-ignore
}

export function blankRule(): Rule {
  return {
    id: '', name: { en: '', zh: '' }, scope: { kind: 'queue', match: '*' }, when: blankCompare(), for_s: 60,
    keep_firing_for_s: 120, no_data_after_s: null, windows: [], severity: 'warning', labels: {}, owner: 'supervisor',
    runbook: null, link: '', group_by: 'site', escalate_after_s: null, escalate_to: 'administrator', inhibits: [],
    enabled: true,
  }; // prettier-ignore
}

export function blankLevel(): PlanLevel {
  return {
    name: { en: '', zh: '' }, enter: blankCompare(), enter_for_s: 60,
    leave: { ...blankCompare(), direction: 'above', threshold: 80, clear: null }, leave_for_s: 300, automatic: false,
    actions: [], expected_gain: 0,
  }; // prettier-ignore
}

export function blankPlan(site: string): PlanDefinition {
  return {
    id: '',
    name: { en: '', zh: '' },
    scope: { kind: 'site', match: site },
    levels: [blankLevel()],
    enabled: true,
  };
}

export function blankAction(taken: readonly string[]): PlanAction {
  return {
    id: freeId('action', taken), kind: 'call_in', name: { en: '', zh: '' }, owner: 'supervisor', checklist: [],
    webhook: '', undo: false,
  }; // prettier-ignore
}

/** 'action-1', or the first number that is free. */
export function freeId(stem: string, taken: readonly string[]): string {
  for (let number = 1; ; number += 1) if (!taken.includes(`${stem}-${number}`)) return `${stem}-${number}`;
}

/** 'a, b' → ['a', 'b']. */
export function words(text: string): string[] {
  return text.split(/[,，\s]+/).filter((each) => each !== '');
}

/** 'team=night, floor=2' ⇄ labels. What has no sign of equality is a label without a value. */
export function labelsOf(text: string): Record<string, string> {
  const pairs = text.split(/[,，\n]+/).map((each) => each.trim());
  return Object.fromEntries(
    pairs.filter(Boolean).map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, ''] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}

export function labelsText(labels: Rule['labels']): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value ?? ''}`)
    .join(', ');
}

/** A checklist's lines in one language. */
export function checklistText(checklist: readonly Text[], language: keyof Text): string {
  return checklist
    .map((each) => each[language])
    .join('\n')
    .trimEnd();
}

/** A checklist after one language was typed anew, a line an item; a line without the other language waits for it. */
export function checklistOf(checklist: readonly Text[], language: keyof Text, typed: string): Text[] {
  const lines = typed.split('\n').map((line) => line.trim());
  const other = language === 'en' ? 'zh' : 'en';
  const length = Math.max(lines.length, checklist.length);
  return Array.from({ length }, (_, index) => {
    const found = {
      en: '',
      zh: '',
      [language]: lines[index] ?? '',
      [other]: checklist[index]?.[other] ?? '',
    };
    return found;
  }).filter(({ en, zh }) => en !== '' || zh !== '');
}
