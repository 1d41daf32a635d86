"""What rules look at: a queue as its last tile left it, sums of queues, and the value of a rule's metric."""

from collections.abc import Iterable, Sequence

import msgspec

from services.contracts.alerts import Rule
from services.contracts.definitions import COUNTERS, Counts, DefinitionName, abandonment_rate, asa_s, service_level
from services.contracts.metrics import Tile

RATIOS = ("service_level", "abandonment_rate", "asa_s")
NOBODY = Counts()


class QueueNow(msgspec.Struct, array_like=True):
    """A queue as of its last tile. `counters[T]` are its rolling counts in the order of COUNTERS."""

    as_of: int
    target_s: int
    definition: DefinitionName
    waiting: int
    oldest_offered_at: int | None
    counters: dict[int, tuple[int, ...]]

    @classmethod
    def of(cls, tile: Tile) -> "QueueNow":
        """What a tile says."""
        counters = {t: tuple(getattr(counts, name) for name in COUNTERS) for t, counts in tile.rolling.items()}
        return cls(tile.as_of, tile.target_s, tile.definition, tile.waiting, tile.oldest_offered_at, counters)


class Held(msgspec.Struct, array_like=True, frozen=True):
    """A value that holds until something else is known.

    Attributes:
        value: what the metric is, or None without data.
        oldest: arrival of the longest waiting contact (epoch ms) where the metric is that wait: it grows with time.
    """

    value: float | None
    oldest: int | None = None

    def at(self, instant: int) -> float | None:
        """The value at `instant` (epoch ms)."""
        return self.value if self.oldest is None else max(0, instant - self.oldest) / 1000


def measure(rule: Rule, queues: Sequence[QueueNow]) -> Held:
    """A rule's metric over queues: counters add, lengths add, the longest wait is the longest of all.

    Nobody waiting is a wait of 0 s. A ratio is None without data or under `min_offered`. Percent where the contract
    says so.
    """
    if rule.metric == "longest_wait_s":
        oldest = min((q.oldest_offered_at for q in queues if q.oldest_offered_at is not None), default=None)
        return Held(0.0, oldest)
    if rule.metric == "queue_length":
        return Held(float(sum(queue.waiting for queue in queues)))
    counts = _sum(rule.threshold_s, queues)
    if rule.metric in RATIOS and counts.offered < rule.min_offered:
        return Held(None)
    match rule.metric:
        case "offered":
            value: float | None = float(counts.offered)
        case "asa_s":
            value = asa_s(counts)
        case "abandonment_rate":
            value = _percent(abandonment_rate(counts))
        case "service_level":
            value = _percent(service_level(rule.definition or _definition(queues), counts))
    return Held(value)


def _sum(threshold_s: int | None, queues: Iterable[QueueNow]) -> Counts:
    """Counters of all queues at that T (of those that count it), or each at its own target."""
    rows = [queue.counters.get(threshold_s or queue.target_s) for queue in queues]
    totals = [sum(column) for column in zip(*(row for row in rows if row is not None), strict=True)]
    return Counts.model_construct(**dict(zip(COUNTERS, totals, strict=True))) if totals else NOBODY


def _definition(queues: Iterable[QueueNow]) -> DefinitionName:
    """The definition that all queues use, else the default."""
    definitions = {queue.definition for queue in queues}
    return definitions.pop() if len(definitions) == 1 else "offered"


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100
