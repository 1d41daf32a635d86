"""Half-hours of a day as REST answers them: of a queue or flow, or added up over several."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Protocol, TypeVar

from services.api.domain.answers import HalfHour, IvrHalfHour, RepeatCalls
from services.api.domain.days import at_target
from services.api.domain.menus import added, figures
from services.api.domain.ratios import ratios_of
from services.api.domain.reports import GroupBy, GroupView
from services.api.domain.sums import DETAILS
from services.contracts import formulas
from services.contracts.definitions import Counts, GenesysSwitches
from services.contracts.metrics import Details, FlowOut, Interval, IvrInterval, Repeats, Status
from services.contracts.topology import Queue


class _OfTheClock(Protocol):
    @property
    def scope(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def label(self) -> str: ...


class _HalfHour(_OfTheClock, Protocol):
    @property
    def status(self) -> Status: ...


Half = TypeVar("Half", bound=_OfTheClock)


def slots_of(halves: Iterable[Half], *, by_local_time: bool) -> list[list[Half]]:
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


@dataclass(frozen=True, slots=True)
class Terms:
    """What queues are held to: T by queue, and the Genesys switches that all agree on."""

    target_of: Callable[[str], int]
    switches: GenesysSwitches


def half_hours(
    intervals: Iterable[Interval], terms: Terms, repeats: Iterable[Repeats] = (), *, by_local_time: bool = False
) -> tuple[HalfHour, ...]:
    """Intervals of one or several queues, added up half-hour by half-hour."""
    of_scope: dict[tuple[str, int], Repeats] = {(each.scope, each.start): each for each in repeats}
    return tuple(_half_hour(slot, terms, of_scope) for slot in slots_of(intervals, by_local_time=by_local_time))


def _half_hour(slot: list[Interval], terms: Terms, repeats: Mapping[tuple[str, int], Repeats]) -> HalfHour:
    newest = max(slot, key=lambda interval: interval.start)
    thresholds = sorted(set.intersection(*(set(interval.by_threshold) for interval in slot)))
    counts = {t: reduce(add, (interval.by_threshold[t] for interval in slot)) for t in thresholds}
    target = reduce(add, (at_target(interval, terms.target_of(interval.scope)) for interval in slot))
    details = _details(interval.details for interval in slot)
    keys = [(interval.scope, interval.start) for interval in slot]
    return HalfHour.model_construct(
        start=newest.start,
        end=newest.end,
        label=newest.label,
        status=_status(slot),
        target_counts=target,
        target_ratios=ratios_of(target, terms.switches),
        by_threshold=counts,
        ratios={t: ratios_of(c, terms.switches) for t, c in counts.items()},
        revision=slot[0].revision if len(slot) == 1 else None,
        details=details,
        mean_length=formulas.mean_length(sum(interval.waiting_ms for interval in slot), newest.end - newest.start),
        response_rate=formulas.response_rate(details),
        repeats=repeat_calls(repeats[key] for key in keys if key in repeats),
    )


def _details(parts: Iterable[Details]) -> Details:
    totals: Counter[str] = Counter()
    flow_outs: Counter[FlowOut] = Counter()
    for part in parts:
        totals.update({name: getattr(part, name) for name in DETAILS})
        flow_outs.update(part.flow_outs)
    fields: dict[str, Any] = {name: totals[name] for name in DETAILS}
    return Details.model_construct(**fields, flow_outs=dict(sorted(flow_outs.items())))


def repeat_calls(parts: Iterable[Repeats]) -> RepeatCalls | None:
    """Repeat calls of several half-hours or queues; None: of none, or no customer is known."""
    known, within = 0, Counter[int]()
    for part in parts:
        known += part.known
        within.update(part.within_days)
    if not known:
        return None
    days = sorted(within.items())
    return RepeatCalls(
        known=known,
        repeats=dict(days),
        repeat_rate={n: formulas.repeat_rate(known, repeats) for n, repeats in days},
        first_contact_resolution={n: formulas.first_contact_resolution(known, repeats) for n, repeats in days},
    )


def groups(
    intervals: Iterable[Interval], by: GroupBy, terms: Terms, queue: Callable[[str], Queue]
) -> tuple[GroupView, ...]:
    """A day's contacts by one of their properties, those with most contacts first."""
    totals: defaultdict[str, Counts] = defaultdict(Counts)
    for interval in intervals:
        if by == "skill":
            described = queue(interval.scope)
            totals[described.skill or described.id] += at_target(interval, terms.target_of(interval.scope))
            continue
        for group in interval.groups:
            totals[getattr(group, by)] += group.counts
    ordered = sorted(totals.items(), key=lambda item: (-item[1].offered, item[0]))
    return tuple(GroupView(key=key, counts=c, ratios=ratios_of(c, terms.switches)) for key, c in ordered)


def ivr_half_hours(intervals: Iterable[IvrInterval], *, by_local_time: bool = False) -> tuple[IvrHalfHour, ...]:
    """Intervals of one or several flows, added up half-hour by half-hour."""
    return tuple(_ivr_half_hour(slot) for slot in slots_of(intervals, by_local_time=by_local_time))


def _ivr_half_hour(slot: list[IvrInterval]) -> IvrHalfHour:
    newest = max(slot, key=lambda interval: interval.start)
    total = added(interval.counts for interval in slot)
    return IvrHalfHour(
        start=newest.start,
        end=newest.end,
        label=newest.label,
        status=_status(slot),
        counts=total,
        figures=figures(total),
    )
