"""The proof report: what the metrics service published, arranged by site day, queue and local half-hour."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.contracts.definitions import Counts
from services.contracts.metrics import Interval, IvrInterval

HALF_HOURS = tuple(f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30))


def build(
    site: str, intervals: Iterable[Interval | IvrInterval], rejected: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Arrange one site's published intervals.

    Args:
        site: its id; intervals of other sites are passed over.
        intervals: newest version of each interval.
        rejected: `{"file", "line", "reason"}` of each row that could not be read.

    Returns:
        `{"site": {"id", "days"}, "queues": {queue: {"days"}}, "rejected"}`. A queue's days are those on which
        contacts were offered; each has the 48 half-hours of the clock on the wall (on the days when it changes, those
        that it skips are empty, and those that it shows twice are one). Sums of waits are in seconds.
    """
    queues: defaultdict[str, defaultdict[str, list[Interval]]] = defaultdict(lambda: defaultdict(list))
    site_days: defaultdict[str, dict[str, int]] = defaultdict(lambda: {"ivr_entered": 0, "ivr_lost": 0})
    for interval in intervals:
        if interval.scope.partition("/")[0] != site:
            continue
        if isinstance(interval, IvrInterval):
            site_days[interval.date]["ivr_entered"] += interval.counts.entered
            site_days[interval.date]["ivr_lost"] += interval.counts.lost
        elif any(counts.offered for counts in interval.by_threshold.values()):
            queues[interval.scope][interval.date].append(interval)
    return {
        "site": {"id": site, "days": dict(sorted(site_days.items()))},
        "queues": {
            queue: {"days": {day: _day(found) for day, found in sorted(days.items())}}
            for queue, days in sorted(queues.items())
        },
        "rejected": list(rejected),
    }


def _day(found: Sequence[Interval]) -> dict[str, Any]:
    thresholds = sorted({t for interval in found for t in interval.by_threshold})
    whole = _Sum()
    half_hours = {label: _Sum() for label in HALF_HOURS}
    for interval in found:
        for total in (whole, half_hours[interval.label]):
            total.add(interval)
    return {
        **whole.figures(thresholds),
        "wait_answered_sum_s": whole.counts.wait_answered_ms / 1000,
        "intervals": [{"start": label, **total.figures(thresholds)} for label, total in half_hours.items()],
    }


class _Sum:
    """Intervals added up: what does not depend on T, and the answered within each T."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.within: Counter[int] = Counter()

    def add(self, interval: Interval) -> None:
        self.counts += next(iter(interval.by_threshold.values()))
        self.within.update({t: counts.answered_within for t, counts in interval.by_threshold.items()})

    def figures(self, thresholds: Iterable[int]) -> dict[str, Any]:
        return {
            "offered": self.counts.offered,
            "answered": self.counts.answered,
            "abandoned": self.counts.abandoned,
            "answered_within": {str(t): self.within[t] for t in thresholds},
        }
