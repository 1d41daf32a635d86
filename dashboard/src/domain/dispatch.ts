/** Regions, centres and queues as a dispatcher looks at them: who has agents to spare, and who is short. */
import type { Balance, MoveView, PlanView, Suggestion } from '../contracts/types.ts';

export interface CentreBalance {
  site: string;
  queues: readonly Balance[];
  /** Agents to spare (below 0: missing) of the queues of which it is known; null: of none. */
  surplus: number | null;
}

export interface RegionBalance {
  /** '': centres of no region. */
  region: string;
  centres: readonly CentreBalance[];
  surplus: number | null;
}

export interface SkillBalance {
  skill: string;
  agents: number | null;
  needed: number | null;
  surplus: number | null;
  /** Queues that are short, worst first. */
  short: readonly Balance[];
  /** Queues with a whole agent to spare, best first. */
  spare: readonly Balance[];
}

/** Regions by name, those without one last; centres and queues by id, so that nothing changes its place. */
export function byRegion(balance: readonly Balance[]): readonly RegionBalance[] {
  const regions = grouped(balance, ({ region }) => region);
  return [...regions]
    .map(([region, all]) => {
      const centres = [...grouped(all, ({ site }) => site)]
        .map(([site, queues]) => ({ site, queues: sorted(queues), surplus: total(queues) }))
        .sort((a, b) => a.site.localeCompare(b.site));
      return { region, centres, surplus: total(all) };
    })
    .sort((a, b) => Number(a.region === '') - Number(b.region === '') || a.region.localeCompare(b.region));
}

/** Skills by name. Agents of several queues are counted by the part that each queue has of them. */
export function bySkill(balance: readonly Balance[]): readonly SkillBalance[] {
  return [...grouped(balance, ({ skill }) => skill)]
    .map(([skill, queues]) => ({
      skill,
      agents: sumOfAll(queues.map(({ agents }) => agents)),
      needed: sumOfAll(queues.map(({ needed }) => needed)),
      surplus: total(queues),
      short: queues
        .filter(({ surplus }) => isShort(surplus))
        .sort((a, b) => (a.surplus ?? 0) - (b.surplus ?? 0)),
      spare: queues
        .filter(({ surplus }) => (surplus ?? 0) >= 1)
        .sort((a, b) => (b.surplus ?? 0) - (a.surplus ?? 0)),
    }))
    .sort((a, b) => a.skill.localeCompare(b.skill));
}

/** A fraction of an agent is nobody: who shares their time with other queues makes such fractions. */
export const isShort = (surplus: number | null): boolean => surplus !== null && surplus <= -0.5;

/** null as soon as one is not known. */
function sumOfAll(values: readonly (number | null)[]): number | null {
  return values.some((value) => value === null)
    ? null
    : values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

function total(queues: readonly Balance[]): number | null {
  const known = queues.flatMap(({ surplus }) => surplus ?? []);
  return known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0);
}

function grouped<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}

const sorted = (queues: readonly Balance[]) => [...queues].sort((a, b) => a.queue.localeCompare(b.queue));

const OPEN = ['proposed', 'accepted', 'effective'];

export const isOpen = (move: MoveView): boolean => OPEN.includes(move.state);

/** Open moves by age, the oldest first; closed ones newest first. */
export function moveOrder(moves: readonly MoveView[]): { open: MoveView[]; closed: MoveView[] } {
  const open = moves.filter(isOpen).sort((a, b) => a.proposed_at - b.proposed_at || a.id.localeCompare(b.id));
  const closed = moves
    .filter((move) => !isOpen(move))
    .sort(
      (a, b) => (b.closed_at ?? b.proposed_at) - (a.closed_at ?? a.proposed_at) || a.id.localeCompare(b.id),
    );
  return { open, closed };
}

export type MoveAct = 'accept' | 'decline' | 'cancel' | 'return';

/** What can be done about a move as it stands. */
export function actsOf(move: MoveView): readonly MoveAct[] {
  if (move.state === 'proposed') return ['accept', 'decline', 'cancel'];
  if (move.state === 'accepted') return ['cancel', 'return'];
  return move.state === 'effective' ? ['return'] : [];
}

/** How long its agents were away, in ms of event time: until `now` while it lasts; null: it never began. */
export function lent(move: MoveView, now: number | null): number | null {
  if (move.effective_at === null) return null;
  const end = move.ended_at ?? now;
  return end === null ? null : Math.max(0, end - move.effective_at);
}

/** Change of a queue's service level in points; null: one side is not known. */
export function points(side: {
  service_level_before: number | null;
  service_level_after: number | null;
}): number | null {
  const { service_level_before: before, service_level_after: after } = side;
  return before === null || after === null ? null : (after - before) * 100;
}

/** Of levels that were left: what is still in force, or may be. */
export const notTakenBack = (plan: PlanView) =>
  plan.taken_back.filter(({ state }) => state === 'open' || state === 'failed');

/** Plans that want somebody first: proposed, to be left, active; then the others by id. */
export function planOrder(plans: readonly PlanView[]): PlanView[] {
  const rank = (plan: PlanView) =>
    plan.proposed !== null ? 0 : plan.leave_proposed ? 1 : plan.level > 0 ? 2 : 3;
  return [...plans].sort((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id));
}

/** The step of a suggestion for so many agents. */
export function stepOf(suggestion: Suggestion, agents: number): Suggestion['steps'][number] | undefined {
  return suggestion.steps.find((step) => step.agents === agents);
}
