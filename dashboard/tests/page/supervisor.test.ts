/** The supervisor's page: its texts, its numbers, and what its alerts and plans offer. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Alert, AgentTile, Item, PlanView, Session, Silence } from '../../src/contracts/types.ts';
import { supervisor as en } from '../../src/i18n/en/supervisor.ts';
import MetricDialog from '../../src/supervisor/MetricDialog.svelte';
import SupervisorPage from '../../src/supervisor/SupervisorPage.svelte';
import { agentsNow, BANK_NOW as RICH_NOW, METRICS, RICH } from '../rich.ts';
import { sample } from '../samples.ts';
import { inPseudo, stage, strangers, texts, type Stage } from './stage.ts';

const NO_LANGUAGE =
  /\bbank(?:\/\w+)?|\brule\b|\bsite\b|\blow-\S+|\bann\b|\bsupervisor\b|Asia\/\w+|\bBo\b|\bAna\b/g;
const FIRING = sample('item_alert_firing') as Alert;
const PLAN = sample('item_plan') as PlanView;
const AGENT: AgentTile = {
  ...(sample('item_agent') as AgentTile),
  site: 'bank',
  team: 'bank/day',
  queues: ['bank/PS'],
};

let page: Stage['page'];
let hear: Stage['hear'];

beforeEach(() => {
  ({ page, hear } = stage('/supervisor?site=bank'));
  page.session = sample('rest_session') as Session;
  page.metrics = METRICS;
});

const told = (...items: Item[]) => hear({ ...RICH, items: [...RICH.items, ...items] });
const seen = () => texts(SupervisorPage, page, {});

function rest(): string {
  const names = [
    ...RICH.items,
    FIRING,
    PLAN.definition,
    ...PLAN.definition.levels,
    ...PLAN.definition.levels.flatMap((each) => each.actions),
  ].flatMap((item) => ('name' in item && typeof item.name !== 'string' ? [item.name.en, item.name.zh] : []));
  const catalogue = METRICS.flatMap(({ name, formula }) => [name.en, name.zh, formula.en, formula.zh]);
  return strangers(seen(), [...names, ...catalogue, AGENT.name, PLAN.cause, 'Fire drill'], NO_LANGUAGE);
}

describe('in the pseudo-language nothing else is to be read', () => {
  beforeEach(() => inPseudo(page));

  it('with alerts in every tray, a plan, a silence and agents', () => {
    const alert = (id: string, change: Partial<Alert>): Alert => ({ ...FIRING, id, site: 'bank', ...change });
    told(
      alert('a', {}),
      alert('b', {
        acknowledged_by: 'Ana',
        assignee: 'Bo',
        notes: [{ at: 0, by: 'Ana', text: 'bank' }],
        flapping: true,
      }),
      alert('c', { snoozed_until: 917_252_100_000 }),
      alert('d', { hidden_by: 'silence' }),
      alert('e', { state: 'resolved' }),
      { ...PLAN, proposed: 1 },
      { ...(sample('item_silence') as Silence) },
      AGENT,
    );
    const read = seen();
    for (const word of [
      en.acknowledge,
      en.standDown,
      en.activateShort,
      en.endSilence,
      en.wake,
      en.hiddenSilence,
      en.flapping,
    ])
      expect(read).toContain(`⟦${word}`);
    for (const tray of Object.values(en.tray)) expect(read).toContain(`⟦${tray}`);
    expect(read).toContain(`⟦${en.assignedTo('Bo')}`);
    expect(rest()).toBe('');
  });

  it('with nothing yet, and with nothing to do', () => {
    expect(seen()).toContain('Loading');
    expect(rest()).toBe('');
    hear({ ...RICH, items: [] });
    for (const word of [en.nothingToDo, en.noQueues, en.noAgents]) expect(seen()).toContain(`⟦${word}`);
    expect(rest()).toBe('');
  });
});

describe('the numbers', () => {
  it('an agent who is out is said so, with the time since, and what was planned', () => {
    told({ ...AGENT, since: RICH_NOW - 65_000, adherence_since: RICH_NOW - 5_000 });
    const read = seen();
    expect(read).toContain(AGENT.name);
    expect(read).toContain('Not ready: Break');
    expect(read).toMatch(/1:0[5-9]/);
    expect(read).toContain(en.activity.on_queue);
  });

  it('somebody of another site, or who went home, is not listed', () => {
    told({ ...AGENT, site: 'lisbon' }, { ...AGENT, id: 'gone', name: 'Gone Home', state: 'offline' });
    expect(seen()).toContain(en.noAgents);
    expect(agentsNow().signed_in).toBeGreaterThan(0);
  });

  it('alerts of a team lead’s agents are theirs', () => {
    told({ ...FIRING, site: 'bank', owner: 'team_lead' });
    expect(seen()).toContain(en.nothingToDo);
    told({ ...FIRING, site: 'bank', owner: 'supervisor' });
    expect(seen()).toContain(en.acknowledge);
  });

  it('a number’s meaning is the catalogue’s; contacts are listed of a queue', () => {
    told();
    const [metric] = METRICS;
    if (!metric) throw new Error('the catalogue has some');
    const asked = { metric: metric.id, text: '68.0 %', scope: 'bank/PS', start: null, ofContacts: true };
    const dialog = (change: object) =>
      texts(MetricDialog, page, {
        asked: { ...asked, ...change },
        timezone: 'UTC',
        onclose: () => undefined,
      });
    for (const word of [metric.name.en, metric.formula.en, '68.0 %', page.m.behind])
      expect(dialog({})).toContain(word);
    expect(dialog({ scope: 'bank' })).toContain(en.contactsAt);
    expect(dialog({ ofContacts: false })).toContain(en.notOfContacts);
  });
});
