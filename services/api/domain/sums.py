"""Roll-ups kept by difference: a changed queue's old counters go out, its new ones come in.

Adding up a thousand queues again for each one that changes would cost more than all the rest; integers add exactly, so
the difference gives the same sums.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from services.contracts.definitions import COUNTERS, Counts, DefinitionName
from services.contracts.metrics import Details, FlowOut, Running, Status, Tile

Value = TypeVar("Value")
NONE_YET = Counts()
_NO_COUNTERS = [0] * len(COUNTERS)
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
    # All callers' vectors are of one length by construction; this runs several times for every change.
    if sign > 0:
        return [a + b for a, b in zip(total, part, strict=False)]
    return [a - b for a, b in zip(total, part, strict=False)]


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


class Part(NamedTuple):
    """A queue's tile as it goes into sums: once taken apart, it is added to several and taken out again."""

    tile: Tile
    numbers: tuple[int, ...]
    rolling: tuple[tuple[int, tuple[int, ...]], ...]


_LOOSE = 6
"""Numbers of a part before its target's counters: queues, those that tell of the present, provisional ones, waiting,
ghosts, waiting_within; then come waiting_ms, COUNTERS and DETAILS."""


def part_of(tile: Tile) -> Part:
    """Take a tile apart."""
    # Before its queue tells of the present, its details, ghosts and times are zero by default: they add nothing.
    loose = (1, tile.running is not None, tile.status == "provisional", tile.waiting, tile.ghosts, tile.waiting_within)
    numbers = (*loose, tile.waiting_ms, *vector(target_counts(tile)), *_detailed(tile.details))
    return Part(tile, numbers, tuple((t, vector(counts)) for t, counts in tile.rolling.items()))


_FIRST_DETAIL = _LOOSE + 1 + len(COUNTERS)
_NUMBERS = _FIRST_DETAIL + len(DETAILS)


class Sums:
    """The counters of a set of queues."""

    def __init__(self) -> None:
        self._numbers = [0] * _NUMBERS
        self._flow_outs: Counter[FlowOut] = Counter()
        self._rolling: dict[int, list[int]] = {}
        self._counting: Counter[int] = Counter()
        self._targets: Counter[tuple[int, float]] = Counter()
        self._definitions: Counter[DefinitionName] = Counter()
        self._halves: dict[int, Half] = {}

    def shift(self, part: Part, sign: int) -> None:
        """A queue comes in (sign 1), or goes out exactly as it came (−1)."""
        tile = part.tile
        self._numbers = shifted(self._numbers, part.numbers, sign)
        for threshold, counters in part.rolling:
            self._rolling[threshold] = shifted(self._rolling.get(threshold, _NO_COUNTERS), counters, sign)
            count_in(self._counting, threshold, sign)
        count_in(self._targets, (tile.target_s, tile.target_percent), sign)
        count_in(self._definitions, tile.definition, sign)
        for reason, number in tile.details.flow_outs.items():
            count_in(self._flow_outs, reason, sign, number)
        if tile.running is not None:
            self._shift_half(tile.running, sign)

    def _shift_half(self, running: Running, sign: int) -> None:
        half = self._halves.get(running.start)
        if half is None:
            half = self._halves[running.start] = Half(running.start, running.end, running.label)
        half.shift(running, sign)
        if not half.queues:
            del self._halves[running.start]

    @property
    def queues(self) -> int:
        """How many queues."""
        return self._numbers[0]

    @property
    def described(self) -> int:
        """Queues whose tiles tell of the present: running half-hour, time spent waiting."""
        return self._numbers[1]

    @property
    def status(self) -> Status:
        """Provisional while one of the queues is."""
        return "provisional" if self._numbers[2] else "final"

    @property
    def waiting(self) -> int:
        """Contacts that wait."""
        return self._numbers[3]

    @property
    def ghosts(self) -> int:
        """Legs set unknown."""
        return self._numbers[4]

    @property
    def waiting_within(self) -> int:
        """Contacts that wait and have not waited past their T."""
        return self._numbers[5]

    @property
    def waiting_ms(self) -> int:
        """Time that contacts spent waiting within the rolling half-hour."""
        return self._numbers[_LOOSE]

    @property
    def target(self) -> Counts:
        """Counts of each queue at its own target T, added."""
        return counts_of(self._numbers[_LOOSE + 1 : _FIRST_DETAIL])

    @property
    def details(self) -> Details:
        """Counters that need no T."""
        fields: dict[str, Any] = dict(zip(DETAILS, self._numbers[_FIRST_DETAIL:], strict=True))
        return Details.model_construct(**fields, flow_outs=dict(sorted(self._flow_outs.items())))

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
