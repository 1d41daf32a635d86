"""Figures of contacts: from the counters of a scope's queues, added and never averaged."""

from collections.abc import Iterable

from services.alerts.domain.conditions.figures import NOTHING, Figure, Since, Steady, Stepped
from services.alerts.domain.conditions.place import SAME_CLOCK_MS, Place
from services.alerts.domain.floor import site_of
from services.alerts.domain.past import week_before
from services.alerts.domain.values import (
    DETAILS,
    NO_COUNTERS,
    ChannelPart,
    Counters,
    QueueNow,
    added,
    counts_of,
    details_of,
)
from services.contracts import formulas
from services.contracts.alerts import Compare
from services.contracts.catalogue import Metric
from services.contracts.comparing import is_count
from services.contracts.definitions import (
    COUNTERS,
    DEFAULT_SWITCHES,
    DEFINITIONS,
    Counts,
    DefinitionName,
    GenesysSwitches,
    service_level,
)
from services.contracts.metrics import HALF_HOUR_MS

Queues = list[tuple[str, QueueNow]]
MINUTE_MS = 60_000


def contacts_figure(compare: Compare, metric: Metric, place: Place) -> Figure:
    """A figure of theme service, volume or handling, or mean length, or estimated wait."""
    queues = list(place.queues())
    counters = _counters(compare, queues)
    if counters is None or (compare.min_offered and counters[0] < compare.min_offered):
        return NOTHING
    if metric.id in DETAILS or metric.id == "response_rate" or compare.part:
        return Steady(_of_details(compare, metric, [queue for _, queue in queues]))
    if metric.id in {"mean_length", "estimated_wait_s"}:
        return Steady(_of_present(metric, counts_of(counters), [queue for _, queue in queues]))
    if is_count(metric):
        return Steady(float(counters[COUNTERS.index(metric.id)]))
    return Steady(share_of(compare, metric, counts_of(counters), queues, place))


def outlook_figure(compare: Compare, metric: Metric, place: Place) -> Figure:
    """What can still become of the service level."""
    queues = list(place.queues())
    counters = _counters(compare, queues)
    if counters is None or counters[0] < compare.min_offered or not _told(queue for _, queue in queues):
        return NOTHING
    counts = counts_of(counters)
    waiting = sum(queue.waiting for _, queue in queues)
    to_win = min(sum(queue.waiting_within for _, queue in queues), waiting)
    case = formulas.best_case if metric.id == "outlook.best" else formulas.worst_case
    return Steady(share_of(compare, metric, case(counts, to_win, counted=False), queues, place))


def queue_figure(compare: Compare, metric: Metric, place: Place) -> Figure:
    """How many wait, how long, who of them is lost already; ghosts."""
    queues, channel = list(place.queues()), compare.channel
    rows: list[tuple[str, QueueNow | ChannelPart]] = [
        (id_, queue if channel is None else queue.channels[channel])
        for id_, queue in queues
        if channel is None or channel in queue.channels
    ]
    if not rows:
        return NOTHING
    waiting = sum(row.waiting for _, row in rows)
    match metric.id:
        case "oldest_offered_at":
            return _wait(rows, place)
        case "ghosts":
            return Steady(_sum(queue.ghosts for _, queue in queues))
        case "waiting":
            return Steady(float(waiting))
    if not _told(queue for _, queue in queues):
        return NOTHING
    to_win = min(sum(queue.waiting_within for _, queue in queues), waiting)
    return Steady(float(to_win if metric.id == "outlook.still_to_win" else waiting - to_win))


def last_week_figure(compare: Compare, metric: Metric, place: Place) -> Figure:
    """The figure of the half-hour that ended a week ago on the wall's clock, of two clock half-hours by their share."""
    queues = list(place.queues())
    told = max((queue.as_of + place.lag(site_of(id_)) for id_, queue in queues), default=0)
    first = told - told % MINUTE_MS + MINUTE_MS
    steps = range(first, first + HALF_HOUR_MS, MINUTE_MS)  # then nothing is left of what was counted
    return Stepped(lambda instant: _week_ago(compare, metric, place, queues, instant), steps)


def target_percent(compare: Compare, place: Place) -> float | None:
    """The target that all queues of a scope are held to; None: they differ."""
    queues = [queue for _, queue in place.queues()]
    channel = compare.channel
    if channel is not None:
        targets = {queue.channels[channel].target_percent for queue in queues if channel in queue.channels}
    else:
        targets = {queue.target_percent for queue in queues}
    return targets.pop() if len(targets) == 1 else None


def definition_of(compare: Compare, metric: Metric, queues: Queues) -> DefinitionName:
    """The definition that a comparison names, else the one that all its queues use, else the default."""
    if compare.definition is not None:
        return compare.definition
    if compare.metric != "service_level" and metric.id.startswith("service_level."):
        return next(name for name in DEFINITIONS if metric.id == f"service_level.{name}")
    names = {queue.definition for _, queue in queues}
    return names.pop() if len(names) == 1 else "offered"


def share_of(compare: Compare, metric: Metric, counts: Counts, queues: Queues, place: Place) -> float | None:
    """A figure that is computed from counts: shares in percent, times in seconds."""
    if metric.theme == "service":
        definition = definition_of(compare, metric, queues)
        switches = _switches(queues, place) if definition == "genesys_cloud" else DEFAULT_SWITCHES
        return percent(service_level(definition, counts, switches))
    assert metric.compute is not None, "who has no formula is a counter"
    value = metric.compute(counts)
    return percent(value) if metric.unit == "share" else value


def percent(share: float | None) -> float | None:
    """Rules are written in percent."""
    return None if share is None else share * 100


def _counters(compare: Compare, queues: Queues) -> Counters | None:
    """Rolling counters added; None where a queue does not count that T, or no queue has that channel."""
    rows: list[Counters]
    if compare.channel is not None:
        rows = [queue.channels[compare.channel].counters for _, queue in queues if compare.channel in queue.channels]
    elif compare.threshold_s is not None:
        found = [queue.counters.get(compare.threshold_s) for _, queue in queues]
        rows = [row for row in found if row is not None]
        if len(rows) < len(queues):
            return None
    else:
        rows = [queue.target_counters for _, queue in queues]
    return added(rows, len(COUNTERS)) if rows else None


def _of_details(compare: Compare, metric: Metric, queues: list[QueueNow]) -> float | None:
    if metric.id == "flowed_out":
        return _sum(count for queue in queues for reason, count in queue.flow_outs.items() if reason == compare.part)
    row = added([queue.details for queue in queues], len(DETAILS))
    if metric.id == "response_rate":
        return percent(formulas.response_rate(details_of(row, {})))
    return float(row[DETAILS.index(metric.id)])


def _of_present(metric: Metric, counts: Counts, queues: list[QueueNow]) -> float | None:
    if not _told(queues):
        return None
    if metric.id == "mean_length":
        return formulas.mean_length(sum(queue.waiting_ms for queue in queues))
    return formulas.estimated_wait_s(sum(queue.waiting for queue in queues), counts)


def _told(queues: Iterable[QueueNow]) -> bool:
    """Whether a queue's tile tells of the present."""
    return any(queue.running is not None for queue in queues)


def _wait(rows: "list[tuple[str, QueueNow | ChannelPart]]", place: Place) -> Figure:
    """The longest wait, of sites on other clocks each by its own; 0 s when nobody waits."""
    starts = []
    for id_, row in rows:
        if row.oldest_offered_at is not None:
            lag = place.lag(site_of(id_))
            starts.append(row.oldest_offered_at + (lag if lag > SAME_CLOCK_MS else 0))
    return Since(min(starts)) if starts else Steady(0.0)


def _switches(queues: Queues, place: Place) -> GenesysSwitches:
    """The switches that all queues agree on, else the default."""
    described = [place.queue(id_) for id_, _ in queues]
    found = {DEFAULT_SWITCHES if queue is None else queue.genesys for queue in described}
    return found.pop() if len(found) == 1 else DEFAULT_SWITCHES


def _week_ago(compare: Compare, metric: Metric, place: Place, queues: Queues, instant: int) -> float | None:
    rows, waited, weeks = [], 0.0, {}
    for id_, _ in queues:
        site = site_of(id_)
        if site not in weeks:
            weeks[site] = week_before(instant - place.lag(site), place.timezone_of(site))
        earlier, later, minutes = weeks[site]
        old, new = place.floor.history.of(id_, earlier), place.floor.history.of(id_, later)
        if new is None and not minutes:
            new = NO_COUNTERS, 0
        if old is None or new is None:
            continue
        of_new = minutes / 30
        rows.append([a * (1 - of_new) + b * of_new for a, b in zip(old[0], new[0], strict=True)])
        waited += old[1] * (1 - of_new) + new[1] * of_new
    if not rows:
        return None
    if metric.id == "mean_length":
        return waited / HALF_HOUR_MS
    sums: list[float] = [sum(column) for column in zip(*rows, strict=True)]
    if is_count(metric):
        return sums[COUNTERS.index(metric.id)]
    return share_of(compare, metric, counts_of(sums), queues, place)


def _sum(numbers: Iterable[int]) -> float:
    return float(sum(numbers))
