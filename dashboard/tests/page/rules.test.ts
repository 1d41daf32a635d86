/** Rules, plans and limits: their texts, and what the reader is told of a fault. */
import { describe, expect, it } from 'vitest';
import type { PlanView, RuleView } from '../../src/contracts/types.ts';
import { blankAction, blankCompare, blankPlan, blankRule, group } from '../../src/domain/rules.ts';
import PlanEditor from '../../src/plans/PlanEditor.svelte';
import PlansPart from '../../src/plans/PlansPart.svelte';
import ReportDialog from '../../src/plans/ReportDialog.svelte';
import FaultList from '../../src/rules/FaultList.svelte';
import ImportDialog from '../../src/rules/ImportDialog.svelte';
import RuleEditor from '../../src/rules/RuleEditor.svelte';
import RuleList from '../../src/rules/RuleList.svelte';
import RulesPage from '../../src/rules/RulesPage.svelte';
import { inOurWords } from '../../src/rules/saying.ts';
import { RULES } from '../../src/rules/words.ts';
import { inPseudo, stage, strangers, texts } from './stage.ts';

const nothing = () => undefined;
const NAMES = ['⟦name⟧', 'low', 'hill/sales', 'ada', 'Markdown'];
const NO_LANGUAGE = /Esc|service_level|when\.clear|Something odd|\bs\b|\d/g;
const rule = {
  ...blankRule(),
  id: 'low',
  name: { en: '⟦name⟧', zh: '⟦name⟧' },
  scope: { kind: 'queue' as const, match: 'hill/sales' },
  when: group('all', [blankCompare(), group('any', [blankCompare()])]),
  windows: [{ days: ['mon' as const], start: '08:00', end: '20:00', except_dates: [], timezone: null }],
};
const view: RuleView = {
  kind: 'rule', id: 'low', revision: 3, rule, origin: 'person', changed_by: 'ada', changed_at: 1,
}; // prettier-ignore
const definition = blankPlan('hill/sales');
definition.levels[0].actions.push(blankAction([]));
definition.name = { en: '⟦name⟧', zh: '⟦name⟧' };
const editor = { metrics: [], mayChange: true, onclose: nothing, onanew: nothing };

describe('every text is of the catalogue', () => {
  it.each([
    ['page', RulesPage, {}],
    ['rule', RuleEditor, { ...editor, start: rule, view }],
    ['new rule', RuleEditor, { ...editor, start: blankRule(), view: null }],
    ['a rule to read', RuleEditor, { ...editor, start: rule, view, mayChange: false }],
    ['plans', PlansPart, { metrics: [], mayChange: true }],
    ['plan', PlanEditor, { ...editor, start: definition, view: null }],
    ['report', ReportDialog, { plan: { id: 'low', definition } as unknown as PlanView, onclose: nothing }],
    ['import', ImportDialog, { kind: 'rules', onclose: nothing }],
    ['faults', FaultList, { faults: [{ at: 'when.clear', text: 'Something odd' }] }],
  ] as const)('%s', (_, component, props) => {
    const { page } = stage('/rules');
    inPseudo(page);
    expect(strangers(texts(component as never, page, props), NAMES, NO_LANGUAGE)).toBe('');
  });

  it('the list, live: what it says, where, whether it is on, who changed it', () => {
    const { page, hear } = stage('/rules');
    hear({ type: 'snapshot', epoch: 'e', seq: 1, items: [view] } as never);
    const shown = texts(RuleList, page, { metrics: [], mayChange: true });
    expect(shown).toContain('all of these: Service level (the queue’s own definition) below 60%');
    expect(shown).toMatch(/each queue: hill\/sales.*warning.*on.*by ada/s);
    inPseudo(page);
    expect(strangers(texts(RuleList, page, { metrics: [], mayChange: true }), NAMES, NO_LANGUAGE)).toBe('');
  });
});

describe('a fault in the reader’s words', () => {
  const said = (text: string) => inOurWords(RULES.zh, { at: '', text });

  it('where we have some', () => {
    expect(said('Field required')).toBe('必填。');
    expect(said('Input should be a valid number')).toBe('需要一个数字。');
    expect(said('Input should be greater than or equal to 0')).toBe('不能小于 0。');
    expect(said('Input should be less than or equal to 86400')).toBe('不能大于 86400。');
    expect(said('clear (5.0) must lie at or under threshold (3.0)')).toBe('不能高于阈值（3.0）。');
    expect(said("String should match pattern '^[A-Za-z0-9][A-Za-z0-9_.\\-]{0,63}$'")).toContain('字母');
    expect(said("'occupancy' is not known of scope flow, only of queue")).toBe(RULES.zh.fault.noMetric);
  });

  it('else in the API’s', () => {
    expect(said('part: occupancy has no parts; leave it out')).toBe(
      'part: occupancy has no parts; leave it out',
    );
  });
});
