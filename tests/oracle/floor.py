"""The floor by hand: rolling half-hour, half-hours of the day and the queue now, straight from a list of calls.

Slow and simple, and without a line of the services': every number is a sum over all calls, written as the definition
says it. All times are epoch milliseconds.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

HALF_HOUR_MS = 30 * 60 * 1000

Outcome = Literal["answered", "abandoned", "flowed_out"]
DAY_S = 86_400


@dataclass(frozen=True)
class Rules:
    """What calls are held to; `channels` has others for calls of some channels."""

    target_s: int
    short_s: float = 0
    objective_s: int | None = None
    ghost_s: int | None = None
    channels: dict[str, "Rules"] = field(default_factory=dict)

    def of(self, call: "Call") -> "Rules":
        return self.channels.get(call.channel, self)

    def ghost_after_ms(self, call: "Call") -> int:
        usual = 4 * 3600 if call.channel in ("voice", "chat") else 7 * DAY_S
        return 1000 * (self.of(call).ghost_s or self.ghost_s or usual)


@dataclass(frozen=True)
class Call:
    """A caller in a queue; `resolved_at` is None while they wait, talk_ms None while they talk.

    `marks` are what else happened, and when: ringing, held, blind, consulted, conferenced. `inferred`: nobody told the
    answer itself.
    """

    queue: str
    contact: str
    offered_at: int
    outcome: Outcome | None = None
    resolved_at: int | None = None
    talk_ms: int | None = None
    hold_ms: int = 0
    wrap_up_ms: int = 0
    channel: str = "voice"
    segment: str = ""
    dialled: str = ""
    reason: str = "overflow"
    marks: tuple[tuple[str, int], ...] = ()
    inferred: bool = False

    @property
    def wait_ms(self) -> int:
        assert self.resolved_at is not None
        return self.resolved_at - self.offered_at

    @property
    def ended_at(self) -> int | None:
        if self.talk_ms is None or self.resolved_at is None:
            return None
        return self.resolved_at + self.talk_ms + self.hold_ms + self.wrap_up_ms

    @property
    def last_sign(self) -> int:
        return max(self.offered_at, *(at for _, at in self.marks)) if self.marks else self.offered_at


def settled(calls: Iterable["Call"], rules: Rules, now: int) -> list[Call]:
    """Who has given no sign of life for too long has flowed out, when that was so; nobody knows where."""
    found = []
    for call in calls:
        silent_at = call.last_sign + rules.ghost_after_ms(call)
        gone = call.outcome is None and silent_at <= now
        found.append(replace(call, outcome="flowed_out", resolved_at=silent_at, reason="unknown") if gone else call)
    return found


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


def add(some: Iterable[dict[str, int]]) -> dict[str, int]:
    """Counters added."""
    total = counts([], 0, 0)
    for one in some:
        total = {name: total[name] + one[name] for name in total}
    return total


def at_target(calls: Iterable[Call], rules: Rules) -> dict[str, int]:
    """Counters of calls, each held to its own channel's terms."""
    return add(counts([c], rules.of(c).target_s, rules.of(c).short_s) for c in calls)


def details(calls: Iterable[Call], rules: Rules) -> dict[str, object]:
    """What else happened to calls."""
    calls = list(calls)

    def marked(kind: str) -> int:
        return sum(any(mark == kind for mark, _ in c.marks) for c in calls)

    held = [c for c in calls if c.hold_ms > 0 or any(mark == "held" for mark, _ in c.marks)]
    objectives = [(c, rules.of(c).objective_s or rules.objective_s) for c in calls]
    met = [
        c for c, objective_s in objectives
        if objective_s and c.ended_at is not None and c.ended_at - c.offered_at <= objective_s * 1000
    ]  # fmt: skip
    reasons = [c.reason for c in calls if c.outcome == "flowed_out"]
    return {
        "rang": marked("ringing"),
        "held": len(held),
        "transferred_blind": marked("blind"),
        "transferred_consulted": marked("consulted"),
        "conferenced": marked("conferenced"),
        "inferred": sum(c.inferred and c.outcome == "answered" for c in calls),
        "objectives": sum(bool(objective_s) for _, objective_s in objectives),
        "objectives_met": len(met),
        "flow_outs": {reason: reasons.count(reason) for reason in reasons},
    }


def service_level_event(call: Call, threshold_s: float) -> int:
    """The moment that decides: its outcome, or T passing while it waits."""
    lost_at = call.offered_at + round(threshold_s * 1000)
    return lost_at if call.resolved_at is None else min(call.resolved_at, lost_at)


def _always(threshold_s: float) -> Callable[[Call], float]:
    return lambda _: threshold_s


def _recent(calls: Iterable[Call], threshold_s: Callable[[Call], float], now: int) -> list[Call]:
    return [c for c in calls if now - HALF_HOUR_MS < service_level_event(c, threshold_s(c)) <= now]


def waited_ms(calls: Iterable[Call], start: int, end: int) -> int:
    """Time that calls spent waiting between two moments."""
    return sum(
        max(0, min(end, end if c.resolved_at is None else c.resolved_at) - max(start, c.offered_at)) for c in calls
    )


def tile(calls: Iterable[Call], rules: Rules, thresholds_s: Iterable[int], timezone: str, now: int) -> dict[str, Any]:
    """Everything that is to be known of a queue's calls now."""
    calls = settled(calls, rules, now)
    waiting = [c for c in calls if c.outcome is None]
    recent = _recent(calls, lambda c: rules.of(c).target_s, now)
    date, label, start = half_hour(now, timezone)
    running = [c for c in calls if start <= c.offered_at]

    def in_time(some: list[Call]) -> int:
        return sum(c.outcome is None and now < c.offered_at + rules.of(c).target_s * 1000 for c in some)

    return {
        "rolling": {t: counts(_recent(calls, _always(t), now), t, rules.short_s) for t in thresholds_s},
        "waiting": len(waiting),
        "oldest_offered_at": min((c.offered_at for c in waiting), default=None),
        "status": "provisional" if any(c.outcome is None for c in recent) else "final",
        "target": at_target(recent, rules) if rules.channels else None,
        "details": details(recent, rules),
        "waiting_ms": waited_ms(calls, now - HALF_HOUR_MS, now),
        "waiting_within": in_time(calls),
        "ghosts": sum(c.reason == "unknown" for c in calls),
        "running": {
            "start": start,
            "end": half_hour_end(start, timezone),
            "date": date,
            "label": label,
            "counts": at_target(running, rules),
            "waiting_within": in_time(running),
            "waiting_ms": waited_ms(calls, start, now),
        },
        "channels": {
            channel: {
                "target_s": held_to.target_s,
                "counts": at_target([c for c in recent if c.channel == channel], rules),
                "waiting": sum(c.channel == channel for c in waiting),
                "oldest_offered_at": min((c.offered_at for c in waiting if c.channel == channel), default=None),
            }
            for channel, held_to in [
                *rules.channels.items(),
                *((c.channel, rules) for c in calls if rules.channels and c.channel not in rules.channels),
            ]
        },
    }  # fmt: skip


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


def half_hour_end(start: int, timezone: str) -> int:
    """When the half-hour that begins at a moment ends: half an hour later, or with the local day."""
    end = start + HALF_HOUR_MS
    zone = ZoneInfo(timezone)
    day = datetime.fromtimestamp(start / 1000, zone).date() + timedelta(days=1)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    return min(end, round(midnight.timestamp() * 1000))


def ledger(
    calls: Iterable[Call], timezone: str, thresholds_s: Iterable[int], rules: Rules, now: int
) -> dict[tuple[str, int], dict[str, Any]]:
    """(queue, start) → the numbers of every half-hour in which somebody called or waited.

    Who still waits counts for the time of a half-hour only once it is over.
    """
    calls = settled(calls, rules, now)
    groups: dict[tuple[str, int], list[Call]] = {}
    for call in calls:
        start = half_hour(call.offered_at, timezone)[2]
        groups.setdefault((call.queue, start), []).append(call)
        until = now if call.resolved_at is None else call.resolved_at
        while (start := half_hour_end(start, timezone)) < until:
            groups.setdefault((call.queue, start), [])
    found = {}
    for (queue, start), group in groups.items():
        date, label, _ = half_hour(start, timezone)
        end = half_hour_end(start, timezone)
        waits = [c for c in calls if c.queue == queue and (c.outcome is not None or end <= now)]
        about = {(c.channel, c.segment, c.dialled) for c in group}
        found[queue, start] = {
            "date": date,
            "label": label,
            "end": end,
            "by_threshold": {t: counts(group, t, rules.short_s) for t in thresholds_s},
            "target": at_target(group, rules) if rules.channels else None,
            "details": details(group, rules),
            "waiting_ms": waited_ms(waits, start, end),
            "groups": {
                what: at_target([c for c in group if (c.channel, c.segment, c.dialled) == what], rules)
                for what in (about if about != {("voice", "", "")} else ())
            },
        }
    return {name: one for name, one in found.items() if groups[name] or one["waiting_ms"]}


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
