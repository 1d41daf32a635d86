"""The floor by hand: rolling half-hour, half-hours of the day and the queue now, straight from a list of calls.

Slow and simple, and without a line of the services': every number is a sum over all calls, written as the definition
says it. All times are epoch milliseconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

HALF_HOUR_MS = 30 * 60 * 1000

Outcome = Literal["answered", "abandoned", "flowed_out"]


@dataclass(frozen=True)
class Call:
    """A caller in a queue; `resolved_at` is None while they wait, talk_ms None while they talk."""

    queue: str
    contact: str
    offered_at: int
    outcome: Outcome | None = None
    resolved_at: int | None = None
    talk_ms: int | None = None
    hold_ms: int = 0
    wrap_up_ms: int = 0

    @property
    def wait_ms(self) -> int:
        assert self.resolved_at is not None
        return self.resolved_at - self.offered_at


@dataclass(frozen=True)
class IvrVisit:
    """A call in a voice menu; outcome None while it is inside."""

    flow: str
    contact: str
    entered_at: int
    outcome: Literal["contained", "abandoned", "to_queue", "virtual"] | None = None


def counts(calls: Iterable[Call], threshold_s: float, short_s: float) -> dict[str, int]:
    """Every counter of a set of calls."""
    calls = list(calls)
    answered = [c for c in calls if c.outcome == "answered"]
    abandoned = [c for c in calls if c.outcome == "abandoned"]
    flowed_out = [c for c in calls if c.outcome == "flowed_out"]
    handled = [c for c in answered if c.talk_ms is not None]
    short = [c for c in abandoned if c.wait_ms < short_s * 1000]

    def within(some: list[Call]) -> int:
        return sum(c.wait_ms <= threshold_s * 1000 for c in some)

    return {
        "offered": len(calls),
        "answered": len(answered),
        "abandoned": len(abandoned),
        "flowed_out": len(flowed_out),
        "waiting": sum(c.outcome is None for c in calls),
        "short_abandoned": len(short),
        "answered_within": within(answered),
        "abandoned_within": within(abandoned),
        "short_abandoned_within": within(short),
        "flowed_out_within": within(flowed_out),
        "wait_answered_ms": sum(c.wait_ms for c in answered),
        "wait_abandoned_ms": sum(c.wait_ms for c in abandoned),
        "handled": len(handled),
        "talk_ms": sum(c.talk_ms or 0 for c in handled),
        "hold_ms": sum(c.hold_ms for c in handled),
        "wrap_up_ms": sum(c.wrap_up_ms for c in handled),
    }


def service_level_event(call: Call, threshold_s: float) -> int:
    """The moment that decides: its outcome, or T passing while it waits."""
    lost_at = call.offered_at + round(threshold_s * 1000)
    return lost_at if call.resolved_at is None else min(call.resolved_at, lost_at)


def rolling(calls: Iterable[Call], queue: str, threshold_s: float, short_s: float, now: int) -> dict[str, int]:
    """Counters of the calls whose service-level event lies in (now − 30 min, now]."""
    inside = [c for c in calls if c.queue == queue and now - HALF_HOUR_MS < service_level_event(c, threshold_s) <= now]
    return counts(inside, threshold_s, short_s)


def waiting(calls: Iterable[Call], queue: str) -> list[int]:
    """When those who wait now came, longest first."""
    return sorted(c.offered_at for c in calls if c.queue == queue and c.outcome is None)


def half_hour(moment: int, timezone: str) -> tuple[str, str, int]:
    """(local day, local HH:MM, epoch ms) of the half-hour that a moment lies in, found by walking through the day."""
    zone = ZoneInfo(timezone)
    day = datetime.fromtimestamp(moment / 1000, zone).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    start = midnight
    while (start + timedelta(minutes=30)).timestamp() * 1000 <= moment:
        start += timedelta(minutes=30)
    return day.isoformat(), start.astimezone(zone).strftime("%H:%M"), round(start.timestamp() * 1000)


def half_hours(
    calls: Iterable[Call], timezone: str, thresholds_s: Iterable[int], short_s: float
) -> dict[tuple[str, int], dict[str, object]]:
    """(queue, start) → date, label and counters by T of every half-hour in which somebody called."""
    groups: dict[tuple[str, int], list[Call]] = {}
    places: dict[tuple[str, int], tuple[str, str]] = {}
    for call in calls:
        date, label, start = half_hour(call.offered_at, timezone)
        groups.setdefault((call.queue, start), []).append(call)
        places[call.queue, start] = date, label
    return {
        name: {
            "date": places[name][0],
            "label": places[name][1],
            "by_threshold": {t: counts(group, t, short_s) for t in thresholds_s},
        }
        for name, group in groups.items()
    }


def ivr_half_hours(visits: Iterable[IvrVisit], timezone: str) -> dict[tuple[str, int], dict[str, int]]:
    """(flow, start) → counters of every half-hour in which somebody entered."""
    groups: dict[tuple[str, int], list[IvrVisit]] = {}
    for visit in visits:
        groups.setdefault((visit.flow, half_hour(visit.entered_at, timezone)[2]), []).append(visit)
    return {
        name: {
            "entered": len(group),
            "contained": sum(v.outcome == "contained" for v in group),
            "lost": sum(v.outcome == "abandoned" for v in group),
            "to_queue": sum(v.outcome == "to_queue" for v in group),
            "virtual": sum(v.outcome == "virtual" for v in group),
            "inside": sum(v.outcome is None for v in group),
        }
        for name, group in groups.items()
    }
