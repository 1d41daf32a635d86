"""Half-hours of a day as REST answers them: of a queue or flow, or added up over several."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import add
from typing import Protocol, TypeVar

from services.api.domain.answers import HalfHour, IvrHalfHour
from services.api.domain.days import at_target
from services.api.domain.ratios import ratios_of
from services.contracts.metrics import Interval, IvrCounts, IvrInterval, Status


class _HalfHour(Protocol):
    @property
    def scope(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def label(self) -> str: ...
    @property
    def status(self) -> Status: ...


Half = TypeVar("Half", bound=_HalfHour)


def _slots(halves: Iterable[Half], *, by_local_time: bool) -> list[list[Half]]:
    """Half-hours that belong together, in order: by start, or by local time of day where sites differ."""
    if not by_local_time:
        by_start: defaultdict[int, list[Half]] = defaultdict(list)
        for half in halves:
            by_start[half.start].append(half)
        return [by_start[start] for start in sorted(by_start)]
    slots: defaultdict[tuple[str, int], list[Half]] = defaultdict(list)
    times_seen: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for half in sorted(halves, key=lambda half: half.start):
        # Where the clock goes back, a site has the same local time twice.
        starts = times_seen[half.scope.partition("/")[0], half.label]
        if half.start not in starts:
            starts.append(half.start)
        slots[half.label, starts.index(half.start)].append(half)
    return [slots[key] for key in sorted(slots)]


def _status(halves: Sequence[_HalfHour]) -> Status:
    return "provisional" if any(half.status == "provisional" for half in halves) else "final"


def half_hours(
    intervals: Iterable[Interval], target_of: Callable[[str], int], *, by_local_time: bool = False
) -> tuple[HalfHour, ...]:
    """Intervals of one or several queues, added up half-hour by half-hour; `target_of` gives a queue's T."""
    return tuple(
        _half_hour(slot, target_of)
        for slot in _slots(intervals, by_local_time=by_local_time)
    )  # fmt: skip


def _half_hour(slot: list[Interval], target_of: Callable[[str], int]) -> HalfHour:
    newest = max(slot, key=lambda interval: interval.start)
    thresholds = sorted(set.intersection(*(set(interval.by_threshold) for interval in slot)))
    counts = {t: reduce(add, (interval.by_threshold[t] for interval in slot)) for t in thresholds}
    target = reduce(add, (at_target(interval, target_of(interval.scope)) for interval in slot))
    return HalfHour.model_construct(
        start=newest.start,
        end=newest.end,
        label=newest.label,
        status=_status(slot),
        target_counts=target,
        target_ratios=ratios_of(target),
        by_threshold=counts,
        ratios={t: ratios_of(c) for t, c in counts.items()},
    )


def ivr_half_hours(intervals: Iterable[IvrInterval], *, by_local_time: bool = False) -> tuple[IvrHalfHour, ...]:
    """Intervals of one or several flows, added up half-hour by half-hour."""
    return tuple(_ivr_half_hour(slot) for slot in _slots(intervals, by_local_time=by_local_time))


def _ivr_half_hour(slot: list[IvrInterval]) -> IvrHalfHour:
    newest = max(slot, key=lambda interval: interval.start)
    total = {
        name: sum(getattr(interval.counts, name) for interval in slot) for name in IvrCounts.model_fields
    }  # fmt: skip
    return IvrHalfHour(
        start=newest.start, end=newest.end, label=newest.label, status=_status(slot), counts=IvrCounts(**total)
    )
