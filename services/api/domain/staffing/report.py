"""Whether a contingency plan is used for emergencies, or in place of planning."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from statistics import fmean
from zoneinfo import ZoneInfo

from services.api.domain.days import at_target
from services.api.domain.staffing.answers import FaultyHalfHour, PlanReport
from services.contracts import live_load
from services.contracts.contingency import PlanStep
from services.contracts.definitions import service_level
from services.contracts.live_load import Sample
from services.contracts.metrics import Interval
from services.contracts.staffing import Load, Promise, agents_behind, agents_for
from services.contracts.topology import Text

QUARTER_MS = 15 * 60_000
LEAST_DAYS = 3
"""On fewer days nothing is most of them."""
UNKNOWN = "no half-hour of these days tells both arrivals and handle time"

Place = tuple[str, str]
"""(local date, local time HH:MM of a half-hour)."""


def plan_report(
    plan: str,
    steps: Iterable[PlanStep],
    halves: Sequence[Interval],
    promise_of: Callable[[str], Promise],
    *,
    timezone: str,
    now: int,
) -> PlanReport:
    """How often a plan fired at which half-hour.

    Args:
        plan: its id.
        steps: of the plan, in any order, repeated or not.
        halves: published half-hours of its queues, of the days that are looked at.
        promise_of: what a queue is held to.
        timezone: whose half-hours the labels are; each queue's intervals have their own.
        now: event time of the plan's scope, epoch ms: a plan that is still on has been on until then.
    """
    dates = sorted({half.date for half in halves})
    by_place: defaultdict[Place, list[Interval]] = defaultdict(list)
    for half in halves:
        by_place[half.date, half.label].append(half)
    spans = list(spans_of(steps, now))
    fired: defaultdict[str, set[str]] = defaultdict(set)
    for start, end in spans:
        for date, label in _places(start, end, ZoneInfo(timezone)):
            if date in dates:
                fired[label].add(date)
    rows = [_row(label, sorted(on), len(dates), by_place, promise_of) for label, on in fired.items()]
    rows.sort(key=lambda row: (-row.fired_days, row.label))
    faulty = [row for row in rows if is_faulty(row)]
    return PlanReport(
        plan=plan, timezone=timezone, days=len(dates), first_date=dates[0] if dates else None,
        last_date=dates[-1] if dates else None, fired=len(spans), planning_fault=bool(faulty),
        half_hours=tuple(rows), message=_message(faulty, len(dates)),
    )  # fmt: skip


def is_faulty(row: FaultyHalfHour) -> bool:
    """Whether the plan fires there on most days."""
    return row.days >= LEAST_DAYS and 2 * row.fired_days > row.days


def spans_of(steps: Iterable[PlanStep], now: int) -> Iterator[tuple[int, int]]:
    """[start, end) of event time in which the plan was proposed or active."""
    since = None
    for step in sorted({step.id: step for step in steps}.values(), key=lambda step: step.view.revision):
        wanted = step.view.level > 0 or step.view.proposed is not None
        if wanted and since is None:
            since = step.at
        elif not wanted and since is not None:
            yield since, max(step.at, since + 1)
            since = None
    if since is not None:
        yield since, max(now, since + 1)


def _places(start: int, end: int, zone: ZoneInfo) -> Iterator[Place]:
    at = start - start % QUARTER_MS  # half-hours of some zones begin at :15 and :45 UTC
    while at < end:
        local = datetime.fromtimestamp(max(at, start) / 1000, zone)
        yield local.date().isoformat(), f"{local.hour:02}:{local.minute // 30 * 30:02}"
        at += QUARTER_MS


def _row(
    label: str, on: list[str], days: int, by_place: Mapping[Place, list[Interval]],
    promise_of: Callable[[str], Promise],
) -> FaultyHalfHour:  # fmt: skip
    found = [
        sum(known)
        for date in on
        if (known := [n for half in by_place.get((date, label), ()) if (n := missing(half, promise_of)) is not None])
    ]
    return FaultyHalfHour(
        label=label, fired_days=len(on), days=days, share=len(on) / days, dates=tuple(on),
        missing_agents=round(fmean(found), 2) if found else None, why="" if found else UNKNOWN,
    )  # fmt: skip


def missing(half: Interval, promise_of: Callable[[str], Promise]) -> float | None:
    """Agents that a half-hour lacked: those that its target needs less those that explain what was measured."""
    promise = promise_of(half.scope)
    counts = at_target(half, promise.target_s)
    sample = (Sample(counts, half.waiting_ms, "half_hour"),)
    arrivals = live_load.arrivals(sample[0], half.end - half.start).value
    aht, measured = live_load.handle_time(sample).value, service_level(promise.definition, counts, promise.switches)
    if not arrivals or aht is None or measured is None:
        return None
    load = Load(arrivals, aht, live_load.patience(sample).value)
    needed, there = agents_for(load, promise).agents, agents_behind(load, promise, measured)
    return None if needed is None or there is None else max(0.0, needed - there)


def _message(faulty: Sequence[FaultyHalfHour], days: int) -> Text:
    if days < LEAST_DAYS:
        return Text(
            en=f"Of {days} days nothing can be said; {LEAST_DAYS} at least are needed.",
            zh=f"只有 {days} 天的数据，至少需要 {LEAST_DAYS} 天才能判断。",
        )
    if not faulty:
        return Text(
            en="The plan is used as one: at no half-hour does it fire on most days.",
            zh="预案使用正常：没有任何半小时时段在多数日子里触发。",
        )
    labels = ", ".join(sorted(row.label for row in faulty))
    return Text(
        en=f"A fault of planning: the plan fires on most days at {labels}. Roster the missing agents there.",
        zh=f"排班问题：该预案在多数日子的 {labels} 触发。请在这些时段补足缺少的座席。",
    )
