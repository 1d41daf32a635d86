"""Roll-ups kept by difference: a changed queue's old counters go out, its new ones come in.

Adding up a thousand queues again for each one that changes would cost more than all the rest; integers add exactly, so
the difference gives the same sums.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeVar

from services.contracts.definitions import COUNTERS, Counts, DefinitionName
from services.contracts.metrics import Details, FlowOut, Running, Status, Tile

Value = TypeVar("Value")
NONE_YET = Counts()
vector = attrgetter(*COUNTERS)
"""Counts → its counters, in the order of COUNTERS."""
DETAILS = tuple(name for name in Details.model_fields if name != "flow_outs")
_detailed = attrgetter(*DETAILS)


def counts_of(counters: Iterable[int]) -> Counts:
    """The reverse of `vector`."""
    fields: dict[str, Any] = dict(zip(COUNTERS, counters, strict=True))
    return Counts.model_construct(**fields)


def shifted(total: Iterable[int], part: Iterable[int], sign: int) -> list[int]:
    """`total` with `part` added (sign 1) or taken out (−1)."""
    return [a + sign * b for a, b in zip(total, part, strict=True)]


def target_counts(tile: Tile) -> Counts:
    """A queue's rolling counts, each contact at its own target T."""
    return tile.rolling.get(tile.target_s, NONE_YET) if tile.target is None else tile.target


def count_in(counter: Counter[Value], value: Value, sign: int, number: int = 1) -> None:
    """Count a value in (sign 1) or out (−1); what is at 0 is forgotten."""
    counter[value] += sign * number
    if not counter[value]:
        del counter[value]


@dataclass(slots=True)
class Half:
    """The same running half-hour of several queues, added up."""

    start: int
    end: int
    label: str
    counters: list[int] = field(default_factory=lambda: [0] * len(COUNTERS))
    waiting_within: int = 0
    waiting_ms: int = 0
    queues: int = 0

    def shift(self, running: Running, sign: int) -> None:
        """A queue's half-hour comes in, or goes out as it came."""
        self.counters = shifted(self.counters, vector(running.counts), sign)
        self.waiting_within += sign * running.waiting_within
        self.waiting_ms += sign * running.waiting_ms
        self.queues += sign

    @staticmethod
    def together(halves: Iterable["Half"]) -> "Half | None":
        """The running half-hours of several sites (each by its own clock), named after the newest; None: of none."""
        listed = list(halves)
        if not listed:
            return None
        newest = max(listed, key=lambda half: half.start)
        total = Half(newest.start, newest.end, newest.label)
        for half in listed:
            total.counters = shifted(total.counters, half.counters, 1)
            total.waiting_within += half.waiting_within
            total.waiting_ms += half.waiting_ms
            total.queues += half.queues
        return total


class Sums:
    """The counters of a set of queues."""

    def __init__(self) -> None:
        self.queues = 0
        self.waiting = 0
        self.waiting_ms = 0
        self.waiting_within = 0
        self.ghosts = 0
        self.described = 0
        """Queues whose tiles tell of the present: running half-hour, time spent waiting."""
        self._target = [0] * len(COUNTERS)
        self._details = [0] * len(DETAILS)
        self._flow_outs: Counter[FlowOut] = Counter()
        self._rolling: dict[int, list[int]] = {}
        self._counting: Counter[int] = Counter()
        self._targets: Counter[tuple[int, float]] = Counter()
        self._definitions: Counter[DefinitionName] = Counter()
        self._provisional = 0
        self._halves: dict[int, Half] = {}

    def add(self, tile: Tile) -> None:
        """A queue comes in."""
        self._shift(tile, 1)

    def remove(self, tile: Tile) -> None:
        """A queue goes out, exactly as it came in."""
        self._shift(tile, -1)

    def _shift(self, tile: Tile, sign: int) -> None:
        self.queues += sign
        self.waiting += sign * tile.waiting
        self._target = shifted(self._target, vector(target_counts(tile)), sign)
        for threshold, counts in tile.rolling.items():
            total = self._rolling.get(threshold, [0] * len(COUNTERS))
            self._rolling[threshold] = shifted(total, vector(counts), sign)
            count_in(self._counting, threshold, sign)
        count_in(self._targets, (tile.target_s, tile.target_percent), sign)
        count_in(self._definitions, tile.definition, sign)
        self._provisional += sign * (tile.status == "provisional")
        if tile.running is not None:
            self._shift_present(tile, tile.running, sign)

    def _shift_present(self, tile: Tile, running: Running, sign: int) -> None:
        self.described += sign
        self.waiting_ms += sign * tile.waiting_ms
        self.waiting_within += sign * tile.waiting_within
        self.ghosts += sign * tile.ghosts
        self._details = shifted(self._details, _detailed(tile.details), sign)
        for reason, number in tile.details.flow_outs.items():
            count_in(self._flow_outs, reason, sign, number)
        half = self._halves.get(running.start)
        if half is None:
            half = self._halves[running.start] = Half(running.start, running.end, running.label)
        half.shift(running, sign)
        if not half.queues:
            del self._halves[running.start]

    @property
    def target(self) -> Counts:
        """Counts of each queue at its own target T, added."""
        return counts_of(self._target)

    @property
    def details(self) -> Details:
        """Counters that need no T."""
        fields: dict[str, Any] = dict(zip(DETAILS, self._details, strict=True))
        return Details.model_construct(**fields, flow_outs=dict(sorted(self._flow_outs.items())))

    @property
    def status(self) -> Status:
        """Provisional while one of the queues is."""
        return "provisional" if self._provisional else "final"

    @property
    def running(self) -> Half | None:
        """The newest half-hour that a queue is in. A queue that is behind has had no contact in it yet."""
        return self._halves[max(self._halves)] if self._halves else None

    @property
    def rolling(self) -> dict[int, Counts]:
        """Counts by each T that all the queues count."""
        return {t: counts_of(self._rolling[t]) for t in sorted(self._counting) if self._counting[t] == self.queues}

    @property
    def common_target(self) -> tuple[int | None, float | None]:
        """(T, percent) that all the queues are held to; None where they differ."""
        seconds = {s for s, _ in self._targets}
        percents = {p for _, p in self._targets}
        return (min(seconds) if len(seconds) == 1 else None, min(percents) if len(percents) == 1 else None)

    @property
    def definition(self) -> DefinitionName:
        """The definition that all the queues use, else the default."""
        return next(iter(self._definitions)) if len(self._definitions) == 1 else "offered"


WEEKS = 4
"""So many earlier weeks are what a half-hour is compared with."""
Weeks = tuple[int | None, ...]
"""Offered in the same half-hour 1, 2, 3 … weeks ago; None where that day has no data."""


def mean_of_weeks(weeks: Iterable[int | None]) -> tuple[float | None, int]:
    """(mean offered, number of weeks with data)."""
    known = [offered for offered in weeks if offered is not None]
    return (sum(known) / len(known) if known else None, len(known))


class Earlier:
    """What was offered in earlier weeks' half-hours, of each queue and, by difference, of each site."""

    def __init__(self) -> None:
        self._queues: dict[str, tuple[int, Weeks]] = {}
        self._sites: defaultdict[tuple[str, int], list[list[int]]] = defaultdict(
            lambda: [[0, 0] for _ in range(WEEKS)]
        )  # (site, start) → by week: [offered, queues with data]

    def start_of(self, queue: str) -> int | None:
        """The half-hour that is known of a queue."""
        known = self._queues.get(queue)
        return None if known is None else known[0]

    def learn(self, queue: str, start: int, weeks: Weeks) -> None:
        """Earlier weeks of the half-hour that a queue is in now."""
        self.forget(queue)
        self._queues[queue] = start, weeks
        self._shift(queue, start, weeks, 1)

    def forget(self, queue: str) -> None:
        """The queue is gone, or in another half-hour."""
        known = self._queues.pop(queue, None)
        if known is not None:
            self._shift(queue, *known, -1)

    def _shift(self, queue: str, start: int, weeks: Weeks, sign: int) -> None:
        key = queue.partition("/")[0], start
        slot = self._sites[key]
        for week, offered in enumerate(weeks):
            if offered is not None:
                slot[week][0] += sign * offered
                slot[week][1] += sign
        if not any(queues for _, queues in slot):
            del self._sites[key]

    def of_queue(self, queue: str, start: int) -> Weeks:
        """Of one queue's half-hour."""
        known = self._queues.get(queue)
        return known[1] if known is not None and known[0] == start else ()

    def of_sites(self, halves: Iterable[tuple[str, int]]) -> Weeks:
        """Of several sites, each by (site, start) of its own half-hour."""
        slots = [self._sites[key] for key in halves if key in self._sites]
        return tuple(
            sum(slot[week][0] for slot in slots) if any(slot[week][1] for slot in slots) else None
            for week in range(WEEKS)
        )
