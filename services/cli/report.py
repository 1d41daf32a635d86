"""The proof report: what the metrics service published, arranged by site day, queue and local half-hour."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.contracts.definitions import Counts
from services.contracts.metrics import HALF_HOUR_MS, Interval, IvrInterval

REPORTED_THRESHOLDS_S = (20, 30)
_NOTHING = dict.fromkeys(REPORTED_THRESHOLDS_S, Counts())


def local_half_hours(day: date, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    """Start (epoch ms) and local HH:MM of a day's half-hours: 48, or 46 or 50 when the clock changes."""
    start = _midnight_ms(day, zone)
    for at in range(start, _midnight_ms(day + timedelta(days=1), zone), HALF_HOUR_MS):
        yield at, datetime.fromtimestamp(at / 1000, zone).strftime("%H:%M")


def build(
    site: str,
    timezone: str,
    intervals: Iterable[Interval | IvrInterval],
    rejected: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Arrange one site's published intervals.

    Args:
        site: its id; intervals of other sites are passed over.
        timezone: IANA name, for the days' half-hours.
        intervals: newest version of each interval.
        rejected: `{"file", "line", "reason"}` of each row that could not be read.

    Returns:
        `{"site": {"id", "days"}, "queues": {queue: {"days"}}, "rejected"}`. A queue's days are those on which
        contacts were offered; each has every half-hour of the local day. Sums of waits are in seconds.
    """
    zone = ZoneInfo(timezone)
    queues: defaultdict[str, defaultdict[str, dict[int, Interval]]] = defaultdict(lambda: defaultdict(dict))
    site_days: defaultdict[str, dict[str, int]] = defaultdict(lambda: {"ivr_entered": 0, "ivr_lost": 0})
    for interval in intervals:
        if interval.scope.partition("/")[0] != site:
            continue
        if isinstance(interval, IvrInterval):
            site_days[interval.date]["ivr_entered"] += interval.counts.entered
            site_days[interval.date]["ivr_lost"] += interval.counts.lost
        elif any(counts.offered for counts in interval.by_threshold.values()):
            queues[interval.scope][interval.date][interval.start] = interval
    return {
        "site": {"id": site, "days": dict(sorted(site_days.items()))},
        "queues": {
            queue: {"days": {day: _day(day, zone, found) for day, found in sorted(days.items())}}
            for queue, days in sorted(queues.items())
        },
        "rejected": list(rejected),
    }


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    # Through UTC: where clocks go forward at midnight the day begins at 01:00.
    return round(datetime.combine(day, time.min, zone).astimezone(UTC).timestamp() * 1000)


def _day(day: str, zone: ZoneInfo, found: Mapping[int, Interval]) -> dict[str, Any]:
    half_hours = [
        (label, found[start].by_threshold if start in found else _NOTHING)
        for start, label in local_half_hours(date.fromisoformat(day), zone)
    ]
    whole = {t: sum((counts[t] for _, counts in half_hours), Counts()) for t in REPORTED_THRESHOLDS_S}
    return {
        **_figures(whole),
        "wait_answered_sum_s": whole[REPORTED_THRESHOLDS_S[0]].wait_answered_ms / 1000,
        "intervals": [{"start": label, **_figures(counts)} for label, counts in half_hours],
    }


def _figures(by_threshold: Mapping[int, Counts]) -> dict[str, Any]:
    counts = by_threshold[REPORTED_THRESHOLDS_S[0]]
    return {
        "offered": counts.offered,
        "answered": counts.answered,
        "abandoned": counts.abandoned,
        "answered_within": {str(t): by_threshold[t].answered_within for t in REPORTED_THRESHOLDS_S},
    }
