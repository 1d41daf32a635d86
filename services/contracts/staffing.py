"""What a queue may expect of so many agents, and how many it needs: Erlang A, or C where patience is unknown.

The formulas (contracts.erlang) say what callers meet in the long run; here that becomes counters of a million callers,
so that every definition of service level, short abandons included, means the same of the model as of the floor.

Limits. The model is a steady state: it knows neither who waits at this moment nor how long a change takes to be felt.
Arrivals are Poisson, handling and patience exponential, agents of one queue alike. A fraction of an agent (one who
shares their time with other queues) is read on the straight line between the whole numbers. Flow-outs, callers who
call again, and several chats at once are not in it.
"""

import math
from functools import lru_cache
from typing import Literal, NamedTuple

from services.contracts.definitions import (
    DEFAULT_SWITCHES,
    Counts,
    DefinitionName,
    GenesysSwitches,
    abandonment_rate,
    service_level,
)
from services.contracts.erlang import SteadyState, erlang_a, erlang_c

Model = Literal["erlang_a", "erlang_c"]
CALLERS = 1_000_000
MOST_AGENTS = 20_000
DEFAULT_OCCUPANCY_CAP = 0.85
"""Above 85 to 90 % of their time on contacts agents tire and leave; the usual planning limit."""


class Load(NamedTuple):
    """What comes to a queue. `patience_s`: mean time until a waiting caller gives up; None: nobody knows (Erlang C)."""

    arrivals_per_hour: float
    aht_s: float
    patience_s: float | None = None

    @property
    def erlangs(self) -> float:
        """Offered load: agents that are busy if everybody is answered."""
        return self.arrivals_per_hour * self.aht_s / 3600

    @property
    def model(self) -> Model:
        """The formula that is used."""
        return "erlang_c" if self.patience_s is None else "erlang_a"


class Promise(NamedTuple):
    """What a queue is held to: `target` (0…1) of its callers, counted by `definition`, within `target_s`."""

    target_s: int = 20
    target: float = 0.8
    short_s: float = 0.0
    definition: DefinitionName = "offered"
    switches: GenesysSwitches = DEFAULT_SWITCHES


class Expected(NamedTuple):
    """What the model expects. Shares 0…1, None: nothing to divide by. `stable` False: the queue grows for ever."""

    model: Model
    agents: float
    stable: bool
    service_level: float | None
    abandonment_rate: float | None
    asa_s: float | None
    occupancy: float | None
    mean_queue: float | None


class Needed(NamedTuple):
    """Agents for a target; `by`: what decides their number. None: not even MOST_AGENTS suffice."""

    agents: int | None
    by: Literal["service_level", "occupancy"]


def steady(load: Load, agents: int, within_s: float) -> SteadyState | None:
    """The steady state; None: there is none, since callers without end to their patience are too many."""
    arrivals, service = load.arrivals_per_hour / 3600, 1 / load.aht_s
    if load.patience_s is not None:
        return erlang_a(arrivals, service, agents, 1 / load.patience_s, within_s)
    if arrivals and load.erlangs >= agents:
        return None
    return erlang_c(arrivals, service, agents, within_s)


@lru_cache(maxsize=20_000)
def expected_counts(load: Load, agents: int, target_s: int, short_s: float) -> Counts:
    """A million callers as the model expects them, counted as a floor does; none where nobody comes to nobody."""
    if not load.arrivals_per_hour and not agents:
        return Counts()
    found = steady(load, agents, target_s)
    if found is None:  # the agents answer what they can, all of it too late
        answered = round(CALLERS * min(1.0, agents / load.erlangs))
        return Counts(offered=CALLERS, answered=answered, waiting=CALLERS - answered)
    abandoned = round(CALLERS * found.abandons)
    short_state = steady(load, agents, short_s) if short_s and abandoned else None
    short = 0.0 if short_state is None else short_state.abandoned_within
    answered_wait_s = found.answered_wait_s or 0.0
    return Counts(
        offered=CALLERS,
        answered=CALLERS - abandoned,
        abandoned=abandoned,
        answered_within=min(CALLERS - abandoned, round(CALLERS * found.answered_within)),
        abandoned_within=min(abandoned, round(CALLERS * found.abandoned_within)),
        short_abandoned=min(abandoned, round(CALLERS * short)),
        short_abandoned_within=min(abandoned, round(CALLERS * min(short, found.abandoned_within))),
        wait_answered_ms=round((CALLERS - abandoned) * answered_wait_s * 1000),
    )


def expected(load: Load, agents: float, promise: Promise) -> Expected:
    """What the model expects of so many agents.

    Raises:
        ValueError: agents under 0 or over MOST_AGENTS, or a load that can't be.
    """
    if not 0 <= agents <= MOST_AGENTS:
        raise ValueError(f"{agents} agents: must lie between 0 and {MOST_AGENTS}")
    below, share = int(agents), agents - int(agents)
    lower = _at(load, below, promise)
    if not share:
        return lower
    return _between(lower, _at(load, below + 1, promise), share)


@lru_cache(maxsize=20_000)
def _at(load: Load, agents: int, promise: Promise) -> Expected:
    if not load.arrivals_per_hour and not agents:
        return Expected(load.model, 0, True, None, None, None, None, None)
    found = steady(load, agents, promise.target_s)
    counts = expected_counts(load, agents, promise.target_s, promise.short_s)
    level = service_level(promise.definition, counts, promise.switches)
    if found is None:
        return Expected(load.model, agents, False, level, 0.0, None, 1.0 if agents else None, None)
    return Expected(
        load.model, agents, True, level, abandonment_rate(counts), found.answered_wait_s, found.occupancy,
        found.mean_queue,
    )  # fmt: skip


def _between(lower: Expected, upper: Expected, share: float) -> Expected:
    def middle(one: float | None, other: float | None) -> float | None:
        return None if one is None or other is None else one + (other - one) * share

    return Expected(
        lower.model,
        lower.agents + share,
        lower.stable and upper.stable,
        middle(lower.service_level, upper.service_level),
        middle(lower.abandonment_rate, upper.abandonment_rate),
        middle(lower.asa_s, upper.asa_s),
        middle(lower.occupancy, upper.occupancy) if lower.agents else upper.occupancy,
        middle(lower.mean_queue, upper.mean_queue),
    )


def agents_for(load: Load, promise: Promise, *, occupancy_cap: float = 1.0) -> Needed:
    """The fewest agents that keep the target, and of whose time no more than `occupancy_cap` is for contacts.

    With nobody to serve none are needed. More agents never make it worse, so their number is found by halving.
    """
    if not load.arrivals_per_hour:
        return Needed(0, "service_level")
    most = 1
    while not _suffice(load, most, promise, occupancy_cap):
        if most == MOST_AGENTS:
            return Needed(None, "service_level")
        most = min(2 * most, MOST_AGENTS)
    few = most // 2  # does not suffice, or is 0
    while most - few > 1:
        middle = (few + most) // 2
        if _suffice(load, middle, promise, occupancy_cap):
            most = middle
        else:
            few = middle
    spared = most > 1 and _suffice(load, most - 1, promise, 1.0)
    return Needed(most, "occupancy" if spared else "service_level")


def _suffice(load: Load, agents: int, promise: Promise, cap: float) -> bool:
    found = _at(load, agents, promise)
    level = found.service_level
    return found.stable and level is not None and level >= promise.target and (found.occupancy or 0.0) <= cap


def agents_behind(load: Load, promise: Promise, measured: float) -> float | None:
    """How many agents would have done what was measured: the model read backwards, between whole numbers.

    None: not even MOST_AGENTS, or nobody came.
    """
    needed = agents_for(load, promise._replace(target=measured)).agents
    if not needed or not load.arrivals_per_hour:
        return None
    lower, upper = (_at(load, c, promise).service_level for c in (needed - 1, needed))
    if lower is None or upper is None or upper <= lower:
        return float(needed)
    return needed - 1 + min(1.0, max(0.0, (measured - lower) / (upper - lower)))


def with_shrinkage(agents: int, shrinkage: float) -> int:
    """Agents to roster so that so many serve contacts, when a share of their time (0…<1) is for other things.

    Raises:
        ValueError: a share that can't be.
    """
    if not 0 <= shrinkage < 1:
        raise ValueError(f"shrinkage {shrinkage}: must lie between 0 and under 1")
    return math.ceil(round(agents / (1 - shrinkage), 9))
