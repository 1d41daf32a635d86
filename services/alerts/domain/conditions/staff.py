"""Figures of agents: how many are how, and shares of their times of the day, which go on as time passes."""

from services.alerts.domain.conditions.contacts import percent
from services.alerts.domain.conditions.figures import NOTHING, Figure, Moving, Since, Steady
from services.alerts.domain.conditions.place import SAME_CLOCK_MS, Place, total
from services.alerts.domain.crowds import Crowd, Line
from services.alerts.domain.values import counts_of
from services.contracts import formulas
from services.contracts.alerts import Compare
from services.contracts.catalogue import Metric
from services.contracts.definitions import DEFAULT_SWITCHES, service_level


def staff_figure(compare: Compare, metric: Metric, place: Place) -> Figure:
    """A figure of theme agents or adherence."""
    if place.kind == "agent":
        return _of_agent(metric, place)
    crowds = list(place.crowds())
    if not crowds:
        return NOTHING
    if metric.unit == "agents":
        return Steady(float(sum(_number(compare, metric, crowd) for _, crowd in crowds)))
    if metric.id == "longest_available_since":
        return _longest_available(crowds, place)
    return _share(metric, [(crowd.line, place.lag(site)) for site, crowd in crowds], place)


def _number(compare: Compare, metric: Metric, crowd: Crowd) -> int:
    if metric.id == "signed_in":
        return crowd.signed_in
    if metric.id == "adherence":
        return crowd.adherence[compare.part]
    if compare.part == "not_ready":  # whatever the reason
        return sum(n for state, n in crowd.by_state.items() if state.partition(":")[0] == "not_ready")
    return crowd.by_state[compare.part]


def _longest_available(crowds: list[tuple[str, Crowd]], place: Place) -> Figure:
    """Nobody available is 0 s, as nobody waiting is."""
    starts = []
    for site, crowd in crowds:
        if crowd.available:
            lag = place.lag(site)
            starts.append(min(crowd.available.values()) + (lag if lag > SAME_CLOCK_MS else 0))
    return Since(min(starts)) if starts else Steady(0.0)


def _share(metric: Metric, lines: list[tuple[Line, int]], place: Place) -> Figure:
    compute = metric.compute
    assert compute is not None, "shares of agents' times have formulas"
    return Moving(lambda instant: percent(compute(total(lines, instant))), place.day_end)


def _of_agent(metric: Metric, place: Place) -> Figure:
    agent, line = place.floor.agents.get(place.id), place.agent_line()
    if agent is None or line is None:
        return NOTHING
    if metric.id == "contacts":
        return Steady(float(agent.contacts))
    if metric.id == "agent_aht_s":
        contacts = agent.contacts
        return Moving(lambda instant: formulas.agent_aht_s(line.at(instant), contacts), place.day_end)
    if metric.id == "absence_cost":
        staff = place.floor.staff
        queues = agent.queues if agent.adherence == "out" and staff.misses(agent) else ()
        return Steady(sum((queue_cost(queue, place) for queue in queues), 0.0))
    return _share(metric, [(line, 0)], place)


def queue_cost(queue: str, place: Place, *, beside: int = 0) -> float:
    """What one absence costs a queue now (formula: catalogue, absence_cost).

    `beside`: so many agents are there by plan and no help, and count as missing.
    """
    crowd = place.floor.staff.group("queue", queue)
    tile, described = place.floor.queues.get(queue), place.queue(queue)
    shortfall, waiting = 0.0, 0
    if tile is not None:
        switches = DEFAULT_SWITCHES if described is None else described.genesys
        level = service_level(tile.definition, counts_of(tile.target_counters), switches)
        shortfall = 0.0 if level is None else max(0.0, tile.target_percent / 100 - level)
        waiting = tile.waiting
    missing, working = (0, 0) if crowd is None else (crowd.missing, crowd.working)
    return formulas.absence_cost(missing + beside, max(working - beside, 0), shortfall, waiting)
