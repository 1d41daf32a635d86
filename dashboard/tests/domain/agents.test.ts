import { describe, expect, it } from 'vitest';
import { adherent, planned, stateCounts, strip } from '../../src/domain/agents.ts';
import { agentsNow } from '../rich.ts';

describe('agents by state', () => {
  it('four groups add up to who is signed in: ringing and hold are on a contact', () => {
    const agents = agentsNow({ by_state: { ...agentsNow().by_state, ringing: 2 }, signed_in: 14 });
    expect(strip(agents)).toEqual({ available: 3, on_contact: 7, wrap_up: 1, not_ready: 3 });
    expect(Object.values(strip(agents)).reduce((sum, each) => sum + each)).toBe(agents.signed_in);
  });

  it('stand in the floor’s order, the commonest reason first; nobody is not listed', () => {
    const agents = agentsNow({ by_state: { ...agentsNow().by_state, ringing: 0, 'not_ready:a:b': 1 } });
    expect(stateCounts(agents).map((each) => [each.state, each.reason, each.agents])).toEqual([
      ['available', '', 3],
      ['talking', '', 4],
      ['hold', '', 1],
      ['wrap_up', '', 1],
      ['not_ready', 'lunch', 2],
      ['not_ready', 'a:b', 1],
      ['not_ready', 'break', 1],
    ]);
  });

  it('a state of a newer server is listed last and in no group', () => {
    const agents = agentsNow({ by_state: { juggling: 9, available: 1, offline: 3 } });
    expect(stateCounts(agents).map((each) => each.state)).toEqual(['available', 'offline', 'juggling']);
    expect(strip(agents)).toEqual({ available: 1, on_contact: 0, wrap_up: 0, not_ready: 0 });
  });
});

it('adherence: without a plan nobody is in or out', () => {
  expect(adherent(agentsNow(), 'out')).toBe(2);
  expect(adherent(agentsNow(), 'ignored')).toBe(0);
  expect(planned(agentsNow())).toBe(true);
  expect(planned(agentsNow({ adherence: { unscheduled: 5, unknown: 1 } }))).toBe(false);
});
