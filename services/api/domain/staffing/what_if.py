"""What would be if: a queue's numbers, live, past or given, and what the model makes of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from services.api.domain.staffing.answers import (
    Basis,
    LiveAgents,
    ModelOutcome,
    NeededAgents,
    Variation,
    WhatIf,
)
from services.api.domain.staffing.inputs import QueueInput
from services.contracts import live_load
from services.contracts.definitions import service_level
from services.contracts.live_load import Estimate, Sample
from services.contracts.metrics import Interval
from services.contracts.staffing import (
    DEFAULT_OCCUPANCY_CAP,
    Expected,
    Load,
    Promise,
    agents_behind,
    agents_for,
    expected,
    with_shrinkage,
)

MORE_AGENTS = tuple(n for n in range(-5, 6) if n)
SHARES: tuple[tuple[Literal["aht", "arrivals"], float], ...] = (
    ("aht", -0.1), ("aht", 0.1), ("arrivals", -0.2), ("arrivals", 0.2)
)  # fmt: skip
AgentsFrom = Literal["live", "given", "implied", "none"]


@dataclass(frozen=True, slots=True)
class Given:
    """What the one who asks gives in place of what was counted; None: what was counted."""

    arrivals_per_hour: float | None = None
    aht_s: float | None = None
    patience_s: float | None = None
    agents: float | None = None
    target_percent: float | None = None
    target_s: int | None = None
    occupancy_cap: float = DEFAULT_OCCUPANCY_CAP
    shrinkage: float | None = None

    def promise(self, counted: Promise) -> Promise:
        """What the queue is to be held to."""
        target = counted.target if self.target_percent is None else self.target_percent / 100
        return counted._replace(target=target, target_s=self.target_s or counted.target_s)


@dataclass(frozen=True, slots=True)
class Counted:
    """A queue at some time: what came, what was done, and the agents, as far as that is known."""

    queue: str
    promise: Promise
    arrivals: Estimate
    aht: Estimate
    patience: Estimate
    measured: float | None
    as_of: int | None = None
    staff: LiveAgents | None = None
    shrinkage: float | None = None
    date: str | None = None
    start: str | None = None


def live(queue: QueueInput, staff: LiveAgents | None, shrinkage: float | None) -> Counted:
    """A queue now."""
    return Counted(
        queue.id, queue.promise, queue.arrivals, queue.aht, queue.patience, queue.measured, queue.as_of, staff,
        shrinkage,
    )  # fmt: skip


def past(interval: Interval, sample: Sample, promise: Promise) -> Counted:
    """A published half-hour. How many agents there were was not published; `answer` reads the model backwards."""
    samples = (sample._replace(source="half_hour"),)
    return Counted(
        interval.scope, promise, live_load.arrivals(samples[0], interval.end - interval.start),
        live_load.handle_time(samples), live_load.patience(samples),
        service_level(promise.definition, sample.counts, promise.switches),
        as_of=interval.end, date=interval.date, start=interval.label,
    )  # fmt: skip


def answer(counted: Counted, given: Given) -> WhatIf:
    """What the model makes of it."""
    promise = given.promise(counted.promise)
    arrivals = _or(given.arrivals_per_hour, counted.arrivals)
    aht, patience = _or(given.aht_s, counted.aht), _or(given.patience_s, counted.patience)
    load = None
    if arrivals.value is not None and (aht.value is not None or not arrivals.value):
        load = Load(arrivals.value, aht.value or 1.0, patience.value)
    agents, agents_from = _agents(counted, given, load)
    shrinkage, shrinkage_from = _shrinkage(counted, given)
    fields = {} if load is None else _computed(load, agents, promise, given.occupancy_cap, shrinkage)
    return WhatIf.model_validate(
        {
            "queue": counted.queue, "site": counted.queue.partition("/")[0], "as_of": counted.as_of,
            "date": counted.date, "start": counted.start, "target_s": promise.target_s,
            "target_percent": round(promise.target * 100, 9), "definition": promise.definition,
            "arrivals_per_hour": basis(arrivals), "aht_s": basis(aht), "patience_s": basis(patience),
            "agents": agents, "agents_from": agents_from, "staff": counted.staff,
            "measured_service_level": counted.measured, "erlangs": None if load is None else load.erlangs,
            "model": None if load is None else load.model, "occupancy_cap": given.occupancy_cap,
            "shrinkage": shrinkage, "shrinkage_from": shrinkage_from, "why": _why(load, agents, arrivals, aht),
        }
        | fields
    )  # fmt: skip


def basis(estimate: Estimate) -> Basis:
    """An estimate, as it is answered."""
    return Basis(
        value=estimate.value, contacts=estimate.contacts, source=estimate.source,
        why="" if estimate.value is not None else estimate.why,
    )  # fmt: skip


def _or(given: float | None, counted: Estimate) -> Estimate:
    return counted if given is None else Estimate(given, source="given")


def _agents(counted: Counted, given: Given, load: Load | None) -> tuple[float | None, AgentsFrom]:
    if given.agents is not None:
        return given.agents, "given"
    if counted.staff is not None:
        return (counted.staff.effective, "live") if counted.staff.signed_in else (None, "none")
    if load is not None and counted.measured is not None and load.arrivals_per_hour:
        implied = agents_behind(load, counted.promise, counted.measured)
        if implied is not None:
            return round(implied, 3), "implied"
    return None, "none"


def _shrinkage(counted: Counted, given: Given) -> tuple[float, Literal["measured", "given", "none"]]:
    if given.shrinkage is not None:
        return given.shrinkage, "given"
    if counted.shrinkage is not None and counted.shrinkage < 1:
        return max(0.0, counted.shrinkage), "measured"
    return 0.0, "none"


def _why(load: Load | None, agents: float | None, arrivals: Estimate, aht: Estimate) -> str:
    if load is None:
        missing = [f"{name}: {one.why}" for name, one in (("arrivals", arrivals), ("aht", aht)) if one.value is None]
        return f"too little is known ({'; '.join(missing)}); give it: arrivals_per_hour, aht_s"
    if agents is None:
        return "nobody told how many agents there are; give it: agents"
    return ""


def _computed(load: Load, agents: float | None, promise: Promise, cap: float, shrinkage: float) -> dict[str, object]:
    models = [load] if load.patience_s is None else [load, load._replace(patience_s=None)]
    found: dict[str, object] = {"needed": tuple(_needed(one, promise, cap, shrinkage) for one in models)}
    if agents is None:
        return found
    return found | {
        "now": outcome(expected(load, agents, promise)),
        "variations": tuple(_variations(load, agents, promise)),
    }


def _needed(load: Load, promise: Promise, cap: float, shrinkage: float) -> NeededAgents:
    needed = agents_for(load, promise, occupancy_cap=cap)
    if needed.agents is None:
        return NeededAgents(
            model=load.model, agents=None, by=needed.by, rostered=None, service_level=None, occupancy=None
        )
    found = expected(load, needed.agents, promise)
    return NeededAgents(
        model=load.model, agents=needed.agents, by=needed.by, rostered=with_shrinkage(needed.agents, shrinkage),
        service_level=found.service_level, occupancy=found.occupancy,
    )  # fmt: skip


def _variations(load: Load, agents: float, promise: Promise) -> Iterator[Variation]:
    for more in MORE_AGENTS:
        if agents + more >= 0:
            yield _variation("agents", more, load, agents + more, promise)
    for change, share in SHARES:
        if change == "aht":
            other = load._replace(aht_s=load.aht_s * (1 + share))
        else:
            other = load._replace(arrivals_per_hour=load.arrivals_per_hour * (1 + share))
        yield _variation(change, share, other, agents, promise)


def _variation(
    change: Literal["agents", "aht", "arrivals"], by: float, load: Load, agents: float, promise: Promise
) -> Variation:  # fmt: skip
    return Variation(
        change=change, by=by, arrivals_per_hour=load.arrivals_per_hour, aht_s=load.aht_s,
        expected=outcome(expected(load, agents, promise)),
    )  # fmt: skip


def outcome(found: Expected) -> ModelOutcome:
    """What the model expects, as it is answered."""
    return ModelOutcome(
        agents=round(found.agents, 3), stable=found.stable, service_level=found.service_level,
        abandonment_rate=found.abandonment_rate, asa_s=found.asa_s, occupancy=found.occupancy,
        mean_queue=found.mean_queue,
    )  # fmt: skip
