"""The simulator in the long run against Erlang C and Erlang A, within the confidence interval of the run itself.

Method: one long run at constant rates, its first part left out; contacts in the order of arrival are cut into 30
batches far longer than the queue's memory; the batch means give a Student interval (29 degrees of freedom) at 99.9 %.
Seeds are fixed, so a run that agrees agrees always. Each interval must also be narrow, and must not hold the
value of one agent more or fewer: a test that agrees with everything shows nothing.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean, stdev

import pytest

from services.contracts.erlang import SteadyState, erlang_a, erlang_c
from services.contracts.events import Abandoned, Answered, Offered
from tests.unit.simulator.floors import HOUR, MONDAY, exponential, floor, group, queue, simulator, site

BATCHES = 30
STUDENT_29_999 = 3.659  # two-sided 99.9 %
WITHIN_S = 20


@dataclass(frozen=True)
class Case:
    per_hour: float
    service_s: float
    agents: int
    patience_s: float | None
    contacts: int
    seed: int

    def expected(self, agents: int) -> SteadyState:
        rate, service = self.per_hour / 3600, 1 / self.service_s
        if self.patience_s is None:
            return erlang_c(rate, service, agents, WITHIN_S)
        return erlang_a(rate, service, agents, 1 / self.patience_s, WITHIN_S)


ERLANG_C = [
    Case(per_hour=200, service_s=180, agents=14, patience_s=None, contacts=60_000, seed=1),
    Case(per_hour=42, service_s=60, agents=1, patience_s=None, contacts=60_000, seed=2),
    Case(per_hour=510, service_s=60, agents=10, patience_s=None, contacts=90_000, seed=3),
]
ERLANG_A = [
    Case(per_hour=2880, service_s=60, agents=50, patience_s=120, contacts=160_000, seed=4),
    Case(per_hour=660, service_s=60, agents=10, patience_s=90, contacts=60_000, seed=5),
    Case(per_hour=90, service_s=120, agents=2, patience_s=30, contacts=60_000, seed=6),
]


@dataclass(frozen=True)
class Interval:
    mean: float
    half: float

    def holds(self, value: float) -> bool:
        return abs(value - self.mean) <= self.half


def waits_in_order_of_arrival(case: Case) -> list[tuple[float, bool]]:
    """(wait in s, answered) of each contact; those still waiting at the end are left out, with all after them."""
    one = queue(per_hour=case.per_hour, service=exponential(case.service_s), patience_s=case.patience_s)
    running = simulator(floor(site([one], [group(case.agents, "q")])), seed=case.seed)
    until = MONDAY + math.ceil(case.contacts * 1.1 / case.per_hour * HOUR)
    order: dict[str, int] = {}
    found: list[tuple[float, bool] | None] = []
    while running.clock < until:
        for event in running.run_until(until, limit=20_000):
            if isinstance(event, Offered):
                order[event.contact] = len(found)
                found.append(None)
            elif isinstance(event, Answered | Abandoned):
                waited = (event.at - event.offered_at) / 1000
                found[order.pop(event.contact)] = (waited, isinstance(event, Answered))
    whole = found[: min(order.values(), default=len(found))]
    return [one for one in whole if one is not None][-case.contacts :]


def interval(contacts: list[tuple[float, bool]], value: Callable[[float, bool], float]) -> Interval:
    size = len(contacts) // BATCHES
    means = [fmean(value(*one) for one in contacts[b * size : (b + 1) * size]) for b in range(BATCHES)]
    return Interval(fmean(means), STUDENT_29_999 * stdev(means) / math.sqrt(BATCHES))


@pytest.mark.parametrize("case", ERLANG_C + ERLANG_A, ids=str)
def test_waiting_abandonment_and_service_level_are_those_of_the_formula(case: Case) -> None:
    contacts = waits_in_order_of_arrival(case)
    assert len(contacts) == case.contacts
    expected = case.expected(case.agents)
    found = {
        "waits": interval(contacts, lambda wait, _: float(wait > 0)),
        "mean_wait_s": interval(contacts, lambda wait, _: wait),
        "answered_within": interval(contacts, lambda wait, answered: float(answered and wait <= WITHIN_S)),
        "abandons": interval(contacts, lambda _, answered: float(not answered)),
    }
    for name, one in found.items():
        assert one.holds(getattr(expected, name)), f"{name}: {one} does not hold {getattr(expected, name)}"
    assert found["waits"].half < 0.04
    assert not found["waits"].holds(case.expected(case.agents + 1).waits)
    if case.patience_s is None:
        assert found["abandons"].mean == 0
    else:
        assert found["abandons"].half < 0.02
        assert not found["abandons"].holds(case.expected(case.agents + 1).abandons)
