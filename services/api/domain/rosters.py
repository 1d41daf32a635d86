"""Answers about agents: rows with their shares, days, and absences in the order of what they cost now."""

from collections.abc import Callable, Iterable

from services.api.domain.reports import Absence, AgentDayRow, AgentDays, AgentRow, AgentShares, QueueCost
from services.api.domain.staff import Group, Staff
from services.api.domain.sums import shifted, target_counts
from services.contracts import formulas
from services.contracts.agents import AgentDay, AgentTile
from services.contracts.definitions import GenesysSwitches, service_level
from services.contracts.formulas import StaffTime
from services.contracts.metrics import Tile


def shares_of(time: StaffTime, contacts: int) -> AgentShares:
    """All shares of agents' times."""
    return AgentShares.model_construct(
        occupancy=formulas.occupancy(time),
        utilisation=formulas.utilisation(time),
        adherence_rate=formulas.adherence(time),
        conformance=formulas.conformance(time),
        shrinkage_planned=formulas.shrinkage_planned(time),
        shrinkage_actual=formulas.shrinkage_actual(time),
        aht_s=formulas.agent_aht_s(time, contacts),
    )


def agent_row(agent: AgentTile, time: StaffTime) -> AgentRow:
    """An agent now; `time` is that of the day up to now."""
    return AgentRow.model_construct(agent=agent, shares=shares_of(time, agent.totals.contacts))


def agent_day(day: AgentDay) -> AgentDayRow:
    """An agent's day."""
    return AgentDayRow.model_construct(
        day=day, shares=shares_of(formulas.staff_time(day.totals), day.totals.contacts)
    )  # fmt: skip


def agent_days(date: str, days: Iterable[AgentDay]) -> AgentDays:
    """The same day of several agents."""
    listed = sorted(days, key=lambda day: day.agent)
    time, contacts = StaffTime(), 0
    for day in listed:
        time = StaffTime(*shifted(time, formulas.staff_time(day.totals), 1))
        contacts += day.totals.contacts
    return AgentDays.model_construct(
        date=date, shares=shares_of(time, contacts), agents=tuple(agent_day(day) for day in listed)
    )


def queue_cost(queue: str, staff: Staff, tile: Tile | None, switches: GenesysSwitches) -> QueueCost:
    """What one absence costs a queue now."""
    sums = staff.sums(Group("queue", queue))
    missing, working = (0, 0) if sums is None else (sums.missing, sums.working)
    shortfall = 0.0
    if tile is not None:
        level = service_level(tile.definition, target_counts(tile), switches)
        shortfall = 0.0 if level is None else max(0.0, tile.target_percent / 100 - level)
    waiting = 0 if tile is None else tile.waiting
    cost = formulas.absence_cost(missing, working, shortfall, waiting)
    return QueueCost(
        queue=queue, cost=cost, shortfall=shortfall, waiting=waiting, missing=missing, working=working
    )  # fmt: skip


def absences(agents: Iterable[AgentTile], staff: Staff, cost_of: Callable[[str], QueueCost]) -> tuple[Absence, ...]:
    """Agents who are out, those first whose absence costs most; of equal ones who is out longest."""
    costs: dict[str, QueueCost] = {}
    found = []
    for agent in agents:
        if agent.adherence != "out":
            continue
        queues = agent.queues if staff.misses(agent) else ()
        for queue in queues:
            if queue not in costs:
                costs[queue] = cost_of(queue)
        found.append(
            Absence(
                agent=agent.id,
                name=agent.name,
                site=agent.site,
                team=agent.team,
                state=agent.state,
                reason=agent.reason,
                activity=agent.activity,
                planned=agent.planned,
                adherence=agent.adherence,
                since=agent.adherence_since,
                cost=sum(costs[queue].cost for queue in queues),
                queues=tuple(costs[queue] for queue in queues),
            )
        )
    return tuple(sorted(found, key=lambda absence: (-absence.cost, absence.since, absence.agent)))
