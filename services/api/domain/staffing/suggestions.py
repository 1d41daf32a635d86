"""Who can give how many agents to whom now, and what it costs the giver.

For every queue that is short and every site that has agents with its skill, agents are moved one by one, each time
from the group whose loss costs the site fewest contacts in time, as long as every queue that they serve keeps its
target and a minimum of agents. What that does is read off Erlang A on both sides. Each suggestion is made on the floor
as it is, as if it were the only one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.api.domain.staffing.answers import Balance, ProposedAgent, SuggestedStep, Suggestion, Suggestions
from services.api.domain.staffing.inputs import QueueInput, Situation
from services.contracts.agents import AgentTile
from services.contracts.moves import SideExpectation
from services.contracts.pools import Queues
from services.contracts.staffing import agents_for, expected

MOST_AGENTS = 10
"""Of one suggestion."""
MOST_QUEUES = 12
"""How many short queues are looked at unless one is named: those that are missing most agents."""
LEAST_GAIN = 0.005
"""Half a point of service level: less than this is not worth a move."""
HOPELESS = 0.05
"""A queue under this may be so overrun that no number of agents at hand brings it back in time."""
NO_AGENTS = "no feed tells of its agents"
Refused = Literal["away", "leaves_soon", "on_a_move", "silent_feed"]
Limit = Literal["floor", "candidates", "gain", "target"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a suggestion has to keep to.

    Attributes:
        stay_ms: who is planned off work, or off shift, within so long is not counted.
        minimum: agents who must remain on every queue of the giver.
    """

    stay_ms: int = 30 * 60_000
    minimum: int = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which suggestions are wanted, and what may be seen of them. None: all.

    Attributes:
        sites: only queues and agents of these.
        names: whether agents may be named; without that there are no suggestions.
    """

    queue: str | None = None
    giver: str | None = None
    taker: str | None = None
    region: str | None = None
    skill: str | None = None
    sites: frozenset[str] | None = None
    names: bool = True

    def shows(self, site: str) -> bool:
        """Whether a site may be seen."""
        return self.sites is None or site in self.sites


@dataclass(slots=True)
class _Draft:
    """A site and a queue: who may go, and what was moved so far."""

    giver: str
    queue: QueueInput
    candidates: list[AgentTile]
    chosen: list[AgentTile] = field(default_factory=list)
    steps: list[SuggestedStep] = field(default_factory=list)
    limit: Limit = "candidates"


def suggest(floor: Situation, wanted: Wanted, terms: Terms) -> Suggestions:
    """Every suggestion that is wanted, best first, and how every queue stands."""
    passed_over: dict[str, Refused] = {}
    found = []
    for queue in _takers(floor, wanted) if wanted.names else []:
        by_site = _candidates(floor, queue, terms, wanted, passed_over)
        for giver, candidates in sorted(by_site.items()):
            draft = _Draft(giver, queue, candidates)
            _fill(floor, draft, terms)
            if draft.chosen:
                found.append(_suggestion(draft))
    found.sort(key=lambda one: (one.cost_per_hour - one.gain_per_hour, -one.saved_per_hour, one.id))
    balance = tuple(balance_of(floor, queue) for queue in sorted(floor.queues) if _is_wanted(floor, queue, wanted))
    return Suggestions(
        as_of={site: at for site, at in sorted(floor.clocks.items()) if wanted.shows(site)},
        suggestions=tuple(found), balance=balance,
        passed_over=dict(sorted(Counter(passed_over.values()).items())),
    )  # fmt: skip


def _is_wanted(floor: Situation, id_: str, wanted: Wanted) -> bool:
    queue = floor.queues[id_]
    asked = ((wanted.queue, id_), (wanted.region, queue.region), (wanted.skill, queue.skill))
    sites = {wanted.taker, wanted.giver} - {None}
    shown = wanted.shows(queue.site) and (not sites or queue.site in sites)
    return shown and all(one in {None, other} for one, other in asked)


def _takers(floor: Situation, wanted: Wanted) -> list[QueueInput]:
    if wanted.queue is not None:
        queue = floor.queues.get(wanted.queue)
        return [queue] if queue is not None and queue.load is not None and floor.knows_agents_of(queue.id) else []
    short = []
    for queue in floor.queues.values():
        asked = ((wanted.taker, queue.site), (wanted.region, queue.region), (wanted.skill, queue.skill))
        if queue.load is None or not wanted.shows(queue.site) or any(one not in {None, other} for one, other in asked):
            continue
        surplus = balance_of(floor, queue.id).surplus
        if surplus is not None and surplus < 0:
            short.append((surplus, queue.id, queue))
    return [queue for _, _, queue in sorted(short)[:MOST_QUEUES]]


# -- who may go


def knows(floor: Situation, agent: AgentTile) -> frozenset[str]:
    """Skills of an agent: those of the queues that they serve. A queue without a skill is one of its own."""
    return frozenset(floor.queues[queue].skill if queue in floor.queues else queue for queue in agent.queues)


def _candidates(
    floor: Situation, queue: QueueInput, terms: Terms, wanted: Wanted, passed_over: dict[str, Refused]
) -> dict[str, list[AgentTile]]:
    """Site → its agents who could serve a queue that they do not serve now, who stays longest first."""
    found: dict[str, list[AgentTile]] = {}
    silent = {one.site for one in floor.queues.values() if one.silent}
    for agent in floor.agents.values():
        if not wanted.shows(agent.site) or wanted.giver not in {None, agent.site} or agent.state == "offline":
            continue
        if queue.id in agent.queues or queue.skill not in knows(floor, agent):
            continue
        refused = _refused(floor, agent, terms, silent)
        if refused is None:
            found.setdefault(agent.site, []).append(agent)
        else:
            passed_over[agent.id] = refused
    for agents in found.values():
        agents.sort(key=_order)
    return found


def _refused(floor: Situation, agent: AgentTile, terms: Terms, silent: set[str]) -> Refused | None:
    if agent.site in silent:
        return "silent_feed"
    if agent.id in floor.on_a_move:
        return "on_a_move"
    if agent.id not in floor.serving:
        return "away"
    until = free_until(floor, agent)
    at = max(agent.as_of, floor.clocks.get(agent.site, 0))
    return "leaves_soon" if until is not None and until - at < terms.stay_ms else None


def free_until(floor: Situation, agent: AgentTile) -> int | None:
    """When the plan takes an agent off work next: at once if they should be off already. None: it does not say."""
    if agent.planned is not None and agent.planned not in floor.work:
        return agent.as_of
    if agent.next_change_at is None or agent.next_planned in floor.work:
        return None
    return agent.next_change_at


def _order(agent: AgentTile) -> tuple[bool, int, str]:
    """Who is free now goes before who first ends a contact; then who has been so longest."""
    return (agent.state != "available", agent.since, agent.id)


# -- how many


def _fill(floor: Situation, draft: _Draft, terms: Terms) -> None:
    """Move agents one by one until something forbids the next, then keep as many as are worth it."""
    draft.steps.append(_expectations(floor, draft, []))
    waiting = list(draft.candidates)
    while waiting and len(draft.chosen) < MOST_AGENTS:
        if _reaches_target(draft):
            draft.limit = "target"
            break
        options = _options(floor, draft, waiting, terms)
        if not options:
            draft.limit = "floor"
            break
        agent, step = min(options, key=lambda one: one[1].cost_per_hour)
        draft.chosen.append(agent)
        draft.steps.append(step)
        waiting.remove(agent)
    if _reaches_target(draft):
        draft.limit = "target"
    best = _best(draft)
    if best < len(draft.chosen):
        draft.limit = "gain"
        del draft.chosen[best:]


def _reaches_target(draft: _Draft) -> bool:
    level = draft.steps[-1].taker.service_level_after
    return level is None or level >= draft.queue.promise.target


def _best(draft: _Draft) -> int:
    """How many are worth moving; 0: none."""

    def net(step: SuggestedStep) -> float:
        return step.gain_per_hour - step.cost_per_hour

    best = max(draft.steps, key=net)
    before, after = best.taker.service_level_before, best.taker.service_level_after
    if before is not None and after is not None and after - before >= LEAST_GAIN and net(best) > 0:
        return best.agents
    saving = max(draft.steps, key=lambda step: step.saved_per_hour - step.cost_per_hour)
    overrun = before is not None and before < HOPELESS
    return saving.agents if overrun and saving.saved_per_hour - saving.cost_per_hour >= 1 else 0


def _options(
    floor: Situation, draft: _Draft, waiting: Sequence[AgentTile], terms: Terms
) -> list[tuple[AgentTile, SuggestedStep]]:
    """One agent of every group that may lose one, and what that would do."""
    options, tried = [], set[Queues]()
    for agent in waiting:
        queues = floor.serving[agent.id]
        if queues in tried:
            continue
        tried.add(queues)
        step = _expectations(floor, draft, [*draft.chosen, agent])
        if _keeps_floor(floor, draft, agent, step, terms):
            options.append((agent, step))
    return options


def _keeps_floor(floor: Situation, draft: _Draft, agent: AgentTile, step: SuggestedStep, terms: Terms) -> bool:
    gone = [floor.serving[one.id] for one in (*draft.chosen, agent)]
    for queue in floor.serving[agent.id]:
        there = sum(agents for queues, agents in floor.groups.items() if queue in queues)
        if there - sum(queue in queues for queues in gone) < terms.minimum:
            return False
        known = floor.queues.get(queue)
        if known is not None and known.load is None:
            return False  # nobody can say what it would cost
    return all(_is_kept(floor, side) for side in step.givers)


def _is_kept(floor: Situation, side: SideExpectation) -> bool:
    after, before = side.service_level_after, side.service_level_before
    if after is None or after >= floor.queues[side.queue].promise.target:
        return True
    return before is not None and after >= before - 1e-9  # it was under it before, and loses nothing


def _expectations(floor: Situation, draft: _Draft, moved: Sequence[AgentTile]) -> SuggestedStep:
    taker, others = sides(floor, draft.queue.id, [agent.id for agent in moved])
    givers = [side for side in others if floor.queues[side.queue].site == draft.giver]
    relieved = [side for side in others if floor.queues[side.queue].site != draft.giver]
    return SuggestedStep(
        agents=len(moved), taker=taker, givers=tuple(givers),
        gain_per_hour=_in_time(floor, [taker, *relieved]), cost_per_hour=max(0.0, -_in_time(floor, givers)),
        saved_per_hour=round(sum(_saved(floor, side) for side in (taker, *others)), 6),
    )  # fmt: skip


def _in_time(floor: Situation, some: Iterable[SideExpectation]) -> float:
    """Contacts an hour more (or, below 0, fewer) that are in time after a move."""
    total = 0.0
    for side in some:
        load = floor.queues[side.queue].load
        if load is not None and side.service_level_after is not None and side.service_level_before is not None:
            total += load.arrivals_per_hour * (side.service_level_after - side.service_level_before)
    return round(total, 6)


def _saved(floor: Situation, side: SideExpectation) -> float:
    """Contacts an hour fewer (below 0: more) that are abandoned after a move."""
    queue = floor.queues[side.queue]
    if queue.load is None:
        return 0.0
    before, after = (
        expected(queue.load, agents or 0.0, queue.promise).abandonment_rate
        for agents in (side.agents, side.agents_after)
    )
    return queue.load.arrivals_per_hour * ((before or 0.0) - (after or 0.0))


def sides(floor: Situation, queue: str, agents: Iterable[str]) -> tuple[SideExpectation, list[SideExpectation]]:
    """What Erlang A expects of a queue and of all that lose agents, without and with some agents moved to it.

    Who does not serve contacts now takes nothing from where they are at home, and is there at the other queue.
    """
    moved = list(agents)
    changed, home = dict(floor.groups), {queue}
    for id_ in moved:
        if (queues := floor.serving.get(id_)) is not None:
            changed[queues] -= 1.0
            home.update(queues)
        changed[(queue,)] = changed.get((queue,), 0.0) + 1.0
    before, after = floor.shared_with(floor.groups, home), floor.shared_with(changed, home)
    taker = _side(floor, queue, before, after)
    lost = [
        _side(floor, other, before, after)
        for other in sorted(before)
        if other != queue and other in floor.queues and abs(after.get(other, 0.0) - before[other]) > 1e-4
    ]
    return taker, lost


def _side(floor: Situation, queue: str, before: Mapping[str, float], after: Mapping[str, float]) -> SideExpectation:
    had, has = max(0.0, before.get(queue, 0.0)), max(0.0, after.get(queue, 0.0))
    return SideExpectation(
        queue=queue, agents=round(had, 3), agents_after=round(has, 3),
        service_level_before=_level(floor, queue, had), service_level_after=_level(floor, queue, has),
    )  # fmt: skip


def _level(floor: Situation, id_: str, agents: float | None) -> float | None:
    queue = floor.queues.get(id_)
    load = None if queue is None else queue.load
    if queue is None or load is None or agents is None:
        return None
    return expected(load, round(agents, 3), queue.promise).service_level


# -- what is answered


def balance_of(floor: Situation, id_: str) -> Balance:
    """A queue's agents against those that its target needs."""
    queue = floor.queues[id_]
    agents = round(floor.shared.get(id_, 0.0), 3) if floor.knows_agents_of(id_) else None
    needed = None if queue.load is None else agents_for(queue.load, queue.promise).agents
    return Balance(
        queue=id_, site=queue.site, region=queue.region, skill=queue.skill, name=queue.name, agents=agents,
        needed=needed, surplus=None if needed is None or agents is None else round(agents - needed, 3),
        target=queue.promise.target, service_level=queue.measured,
        expected_service_level=_level(floor, id_, agents), waiting=queue.waiting,
        why=queue.why or ("" if agents is not None else NO_AGENTS),
    )  # fmt: skip


def _suggestion(draft: _Draft) -> Suggestion:
    last, queue = draft.steps[len(draft.chosen)], draft.queue
    return Suggestion(
        id=f"{draft.giver}|{queue.id}", giver=draft.giver, taker=queue.site, queue=queue.id, skill=queue.skill,
        agents=len(draft.chosen), proposed=tuple(_proposed(agent) for agent in draft.chosen),
        candidates=len(draft.candidates), steps=tuple(draft.steps), gain_per_hour=last.gain_per_hour,
        cost_per_hour=last.cost_per_hour, saved_per_hour=last.saved_per_hour, limited_by=draft.limit,
        reaches_target=(last.taker.service_level_after or 0.0) >= queue.promise.target,
    )  # fmt: skip


def _proposed(agent: AgentTile) -> ProposedAgent:
    return ProposedAgent(
        id=agent.id, name=agent.name, team=agent.team, state=agent.state, queues=agent.queues,
        free_until=agent.next_change_at,
    )  # fmt: skip
