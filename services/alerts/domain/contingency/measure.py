"""A plan's scope, or a move's queue, in numbers, at a moment."""

from services.alerts.domain.conditions.place import Place
from services.alerts.domain.values import QueueNow, added, counts_of
from services.contracts.contingency import Measured
from services.contracts.definitions import (
    COUNTERS,
    DEFAULT_SWITCHES,
    DEFINITIONS,
    Counts,
    DefinitionName,
    GenesysSwitches,
    ratio,
)

Queues = list[tuple[str, QueueNow]]


def measure(place: Place, at: int) -> Measured:
    """The rolling half-hour of all queues of a place: counters are added, ratios never."""
    queues = list(place.queues())
    counts = _counts(queues)
    crowds = [crowd for _, crowd in place.crowds()]
    return Measured(
        at=at,
        service_level=_service_level(place, queues, counts),
        abandonment_rate=ratio(counts.abandoned - counts.short_abandoned, counts.offered - counts.short_abandoned),
        waiting=sum(queue.waiting for _, queue in queues),
        agents=sum(crowd.signed_in for crowd in crowds) if crowds else None,
    )


def service_level(place: Place) -> float | None:
    """That of the rolling half-hour, 0…1; None: nothing to divide by."""
    queues = list(place.queues())
    return _service_level(place, queues, _counts(queues))


def _counts(queues: Queues) -> Counts:
    return counts_of(added([queue.target_counters for _, queue in queues], len(COUNTERS)))


def _service_level(place: Place, queues: Queues, counts: Counts) -> float | None:
    name, switches = definition_of(place, queues)
    return DEFINITIONS[name].ratio(counts, switches)


def definition_of(place: Place, queues: Queues) -> tuple[DefinitionName, GenesysSwitches]:
    """The definition and switches that some queues agree on, else the defaults."""
    names = {queue.definition for _, queue in queues}
    name: DefinitionName = names.pop() if len(names) == 1 else "offered"
    described = [found for id_, _ in queues if (found := place.queue(id_)) is not None]
    switches = described[0].genesys if described else DEFAULT_SWITCHES
    return name, DEFAULT_SWITCHES if any(queue.genesys != switches for queue in described) else switches
