"""When rules would have fired, had they been on: the conditions of today held against what was recorded.

Two kinds of record can be read:

- *tiles* (the desk's inbox, kept for a day): what the desk itself saw, to the moment.
- *half-hours* (the topic `intervals`, kept for as long as the log is): the floor at the end of each clock half-hour. A
  queue's rolling half-hour then is that clock half-hour, by arrival, once all its contacts had their outcome; it holds
  until the next one ends. So shares, means and volumes are right at every :00 and :30, and nothing is known between
  them: a breach lasts a multiple of half an hour. How many waited at a moment, the longest wait, the outlook, agents,
  and changes over less than half an hour were never recorded: rules that ask for these are left out, with the reason.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from services.alerts.domain.conditions import Reading, read_rule, scopes_of
from services.alerts.domain.conditions.place import Place
from services.alerts.domain.floor import Floor, site_of
from services.alerts.domain.values import AgentNow, FlowNow, HalfPart, QueueNow, row_of, row_of_details
from services.contracts.agents import AgentTile
from services.contracts.alerts import Rule
from services.contracts.comparing import basis_of, metric_of
from services.contracts.desk import Described, Tick
from services.contracts.metrics import HALF_HOUR_MS, FeedClock, Interval, IvrInterval, Tile
from services.contracts.topology import Contract, Description, Queue, record_key, unknown_queue

DAY_MS = 86_400_000
Item = Tile | AgentTile | FeedClock | IvrInterval | Tick | Described


class Firing(Contract):
    """One time that a rule would have fired. Times are epoch ms of the scope's clock; `end` None: it still did."""

    scope: str
    start: int
    end: int | None
    value: float | None = Field(description="when it began to fire")


class RuleResult(Contract):
    """What a rule would have done. `left_out`: why it could not be tested; then nothing is known of it."""

    rule: str
    left_out: str = ""
    firings: tuple[Firing, ...] = ()
    per_day: float = 0
    fired_s: float = Field(default=0, description="seconds of firing, of all scopes together")
    longest_s: float = 0


class Backtest(Contract):
    """The rules of a file over a span of recorded time, [start, end) in epoch ms."""

    start: int
    end: int
    source: Annotated[str, Field(description="tiles or intervals")]
    rules: tuple[RuleResult, ...]


class Recorded:
    """A floor that is fed what was recorded. `take` tiles as they came, or `end_half_hour` with all that ended."""

    def __init__(self, described: Iterable[Description]) -> None:
        """Begin with the descriptions of today."""
        self.floor = Floor()
        self.floor.described = {record_key(one): one for one in described}

    def take(self, items: Iterable[Item]) -> None:
        """A record of the inbox."""
        floor = self.floor
        for item in items:
            match item:
                case Tile():
                    self._put(item.id, QueueNow.of(item))
                case AgentTile():
                    floor.staff.take(item.id, AgentNow.of(item))
                case IvrInterval():
                    floor.flows[item.scope] = FlowNow.of(item, floor.flows.get(item.scope))
                case FeedClock():
                    floor.clocks.hear(item)
                case Described():
                    floor.described |= {record_key(one): one for one in item.records}
                case Tick():
                    floor.wall_at = max(floor.wall_at, item.at)

    def end_half_hour(self, end: int, halves: Iterable[Interval | IvrInterval], sites: Iterable[str] = ()) -> None:
        """All half-hours that ended at `end`. A queue of these sites, or of `sites`, that has none had no contact."""
        listed, floor = list(halves), self.floor
        told = {half.scope for half in listed}
        for site in sorted({*sites, *(site_of(half.scope) for half in listed)}):
            floor.clocks.sites[site] = max(end, floor.clocks.at(site))
            for queue in floor.of_site.get(site, ()):
                if queue not in told:
                    self._put(queue, _without_contacts(floor.queues[queue], end))
        for half in listed:
            if isinstance(half, IvrInterval):
                floor.flows[half.scope] = FlowNow.of(half, floor.flows.get(half.scope))
            else:
                found = floor.described.get(f"queue|{half.scope}")
                self._put(
                    half.scope, _queue_at_end(half, found if isinstance(found, Queue) else unknown_queue(half.scope))
                )

    def _put(self, id_: str, queue: QueueNow) -> None:
        known = self.floor.queues.get(id_)
        if known is None:
            self.floor.of_site[site_of(id_)].append(id_)
        elif queue.as_of < known.as_of:
            return
        self.floor.history.hear(id_, None if known is None else known.running, queue.running)
        self.floor.queues[id_] = queue


@dataclass(slots=True)
class _Watch:
    """One rule at one scope: since when it is breached, fires, and is over."""

    rule: Rule
    scope: str
    breached_at: int | None = None
    fires_since: int | None = None
    over_at: int | None = None
    value: float | None = None
    firings: list[Firing] = field(default_factory=list)

    def look(self, at: int, reading: Reading) -> None:
        """What the condition says at a moment. A rule without data fires on no longer than one that is cleared."""
        verdict = reading.at(at)
        if self.fires_since is None:
            self.breached_at = (at if self.breached_at is None else self.breached_at) if verdict.breached else None
            if self.breached_at is not None and at >= self.breached_at + round(self.rule.for_s * 1000):
                self.fires_since, self.value, self.over_at = at, verdict.value, None
            return
        if not (verdict.cleared or not verdict.has_data):
            self.over_at = None
            return
        self.over_at = at if self.over_at is None else self.over_at
        if at >= self.over_at + round(self.rule.keep_firing_for_s * 1000):
            self.end(at)

    def due(self) -> int | None:
        """When something happens by itself."""
        if self.fires_since is None:
            return None if self.breached_at is None else self.breached_at + round(self.rule.for_s * 1000)
        return None if self.over_at is None else self.over_at + round(self.rule.keep_firing_for_s * 1000)

    def end(self, at: int | None) -> None:
        """It fires no more, or (None) the record ends."""
        if self.fires_since is not None:
            self.firings.append(Firing(scope=self.scope, start=self.fires_since, end=at, value=self.value))
        self.breached_at = self.fires_since = self.over_at = None


class Trial:
    """Rules on trial over a floor. Ask `look` after each record of it, and the `result` at the end."""

    def __init__(self, rules: Iterable[Rule], source: str) -> None:
        """`source`: tiles or intervals."""
        self._source = source
        self._rules = {rule.id: rule for rule in rules}
        self._left_out = {id_: why_not(rule) for id_, rule in self._rules.items()} if source == "intervals" else {}
        self._watches: dict[tuple[str, str], _Watch] = {}
        self._readings: dict[tuple[str, str], tuple[int, Reading]] = {}

    def look(self, floor: Floor) -> None:
        """The floor is other than before: what held until now is over."""
        for rule in self._rules.values():
            if self._left_out.get(rule.id):
                continue
            for scope in scopes_of(rule.scope, floor):
                key = rule.id, scope
                now = Place(floor, rule.scope.kind, scope, rule.scope.match).now
                watch = self._watches.setdefault(key, _Watch(rule, scope))
                before = self._readings.get(key)
                if before is not None:
                    self._pass(watch, before[1], before[0], now)
                reading = read_rule(rule, scope, floor)
                self._readings[key] = now, reading
                watch.look(now, reading)

    @staticmethod
    def _pass(watch: _Watch, reading: Reading, since: int, to: int) -> None:
        """What happened by itself in (since, to)."""
        ahead = [instant for instant in reading.instants() if since < instant < to]
        at = since
        while True:
            due = watch.due()
            moments = [*ahead[:1], *([due] if due is not None and at < due < to else [])]
            if not moments:
                return
            at = min(moments)
            watch.look(at, reading)
            ahead = [instant for instant in ahead if instant > at]

    def result(self, start: int, end: int) -> Backtest:
        """When each rule would have fired in [start, end)."""
        for key, watch in self._watches.items():
            since, reading = self._readings[key]
            self._pass(watch, reading, since, end)
            watch.end(None)
        return Backtest(start=start, end=end, source=self._source, rules=tuple(self._results(start, end)))

    def _results(self, start: int, end: int) -> Iterator[RuleResult]:
        days = max(1, end - start) / DAY_MS
        for id_ in self._rules:
            watches = [watch for (rule, _), watch in self._watches.items() if rule == id_]
            firings = sorted(
                (one for watch in watches for one in watch.firings if start <= one.start < end),
                key=lambda one: (one.start, one.scope),
            )
            spans = [((end if one.end is None else one.end) - one.start) / 1000 for one in firings]
            yield RuleResult(
                rule=id_,
                left_out=self._left_out.get(id_, ""),
                firings=tuple(firings),
                per_day=len(firings) / days,
                fired_s=sum(spans),
                longest_s=max(spans, default=0),
            )


def why_not(rule: Rule) -> str:
    """Why half-hours can't tell what a rule asks; empty: they can."""
    for compare in rule.compares:
        metric = metric_of(compare.metric, compare.definition)
        basis = None if metric is None else basis_of(metric)
        if metric is None or metric.id == "estimated_wait_s" or basis in {"queue", "outlook", "agents"}:
            return f"half-hours do not tell {compare.metric}: only tiles of the last day do"
        if compare.channel is not None:
            return "half-hours are read of all channels together: only tiles of the last day tell one"
        if compare.against == "change" and compare.over_s * 1000 < HALF_HOUR_MS:
            return f"half-hours do not tell what changes within {compare.over_s} s: only tiles of the last day do"
    return ""


def over_half_hours(
    rules: Iterable[Rule],
    described: Iterable[Description],
    halves: Iterable[Interval | IvrInterval],
    span: tuple[int, int],
) -> Backtest:
    """Run rules over half-hours that ended before the span's end; those before its start are their past."""
    start, end = span
    recorded, trial = Recorded(described), Trial(rules, "intervals")
    by_end: dict[int, list[Interval | IvrInterval]] = {}
    sites: dict[int, set[str]] = {}
    for half in halves:
        if half.end < end:
            by_end.setdefault(half.end, []).append(half)
            for moment in (half.end, half.end + HALF_HOUR_MS):  # in the evening nothing more is told
                sites.setdefault(moment, set()).add(site_of(half.scope))
    for moment in sorted(moment for moment in sites if moment < end):
        recorded.end_half_hour(moment, by_end.get(moment, ()), sites[moment])
        if moment >= start:
            trial.look(recorded.floor)
    return trial.result(start, end)


def over_tiles(
    rules: Iterable[Rule], described: Iterable[Description], records: Iterable[list[Item]], span: tuple[int, int]
) -> Backtest:
    """Run rules over the inbox's records, to the moment."""
    recorded, trial = Recorded(described), Trial(rules, "tiles")
    for items in records:
        recorded.take(items)
        trial.look(recorded.floor)
    return trial.result(*span)


def _queue_at_end(half: Interval, queue: Queue) -> QueueNow:
    counters = {t: row_of(counts) for t, counts in half.by_threshold.items()}
    own = None if half.target is None else row_of(half.target)
    at_target = counters.get(queue.target_s, own) or own or next(iter(counters.values()))
    return QueueNow(
        half.end, queue.target_s, queue.target_percent, queue.definition, 0, 0, None, 0, half.waiting_ms, counters,
        own, row_of_details(half.details), dict(half.details.flow_outs),
        HalfPart(half.start, own or at_target, half.waiting_ms), {}, queue.skill,
    )  # fmt: skip


def _without_contacts(queue: QueueNow, end: int) -> QueueNow:
    nobody = {t: (0,) * len(row) for t, row in queue.counters.items()}
    width = len(queue.target_counters)
    return QueueNow(
        end, queue.target_s, queue.target_percent, queue.definition, 0, 0, None, 0, 0, nobody,
        None if queue.own is None else (0,) * width, (0,) * len(queue.details), {},
        HalfPart(end - HALF_HOUR_MS, (0,) * width, 0), {}, queue.skill,
    )  # fmt: skip
