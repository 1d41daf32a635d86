"""When rules would have fired, had they been on: the rule engine of the desk, run over what was recorded.

Two kinds of record can be read:

- *tiles* (the desk's inbox, kept for a day): what the desk itself saw, to the moment.
- *half-hours* (the topic `intervals`, kept for as long as the log is): the floor at the end of each clock half-hour. A
  queue's rolling half-hour then is that clock half-hour, by arrival, once all its contacts had their outcome; it holds
  until the next one ends. So shares, means and volumes are right at every :00 and :30, and nothing is known between
  them: a breach lasts a multiple of half an hour. How many waited at a moment, the longest wait, the outlook, agents,
  and changes over less than half an hour were never recorded: rules that ask for these are left out, with the reason.
"""

from collections.abc import Iterable, Iterator

from services.alerts.domain.floor import Floor, site_of
from services.alerts.domain.hearing import heard, settled
from services.alerts.domain.section import Changed
from services.alerts.domain.values import HalfPart, QueueNow, row_of, row_of_details
from services.alerts.domain.watches import Watches
from services.contracts.agents import AgentTile
from services.contracts.alerts import AlertTransition, Rule
from services.contracts.backtest import Backtest, BacktestOrder, BacktestSource, Firing, RuleResult
from services.contracts.comparing import basis_of, metric_of
from services.contracts.desk import Described, Tick
from services.contracts.metrics import HALF_HOUR_MS, FeedClock, Interval, IvrInterval, Tile
from services.contracts.topology import Description, Queue, record_key, unknown_queue

DAY_MS = 86_400_000
Item = Tile | AgentTile | FeedClock | IvrInterval | Tick | Described


class Trial:
    """Rules at work on a floor of their own, as at the desk but without people, silences and plans."""

    def __init__(self, rules: Iterable[Rule], described: Iterable[Description], source: BacktestSource) -> None:
        """`described`: what the floor is made of today; `source`: tiles or intervals."""
        self.floor, self._source = Floor(), source
        self.floor.describe({record_key(one): one for one in described})
        self._rules = list(rules)
        self._left_out = {rule.id: why_not(rule) for rule in self._rules} if source == "intervals" else {}
        self._watches = Watches(self.floor)
        self._steps = self._watches.adopt([rule for rule in self._rules if not self._left_out.get(rule.id)])

    def take(self, items: Iterable[Item]) -> None:
        """A record of the inbox."""
        for step in heard(self.floor, items):
            if isinstance(step, Changed):
                self._steps += self._watches.look(step)

    def end_half_hour(
        self, end: int, halves: Iterable[Interval | IvrInterval], sites: Iterable[str], *, watched: bool
    ) -> None:
        """All half-hours of some sites that ended at `end`. A queue that has none had no contact.

        Not `watched` is the past, which comparisons look back at.
        """
        floor, listed = self.floor, list(halves)
        told = {half.scope for half in listed}
        changed = Changed(sites=set(sites), moved=set(sites))
        for site in sorted(sites):
            floor.clocks.sites[site] = max(end, floor.clocks.at(site))
            for id_ in [id_ for id_ in floor.of_site.get(site, ()) if id_ not in told]:
                self._put(id_, _without_contacts(floor.queues[id_], end), changed)
        for half in listed:
            if isinstance(half, IvrInterval):
                floor.take_flow(half)
                changed.flows.add(half.scope)
            else:
                found = floor.described.get(f"queue|{half.scope}")
                queue = found if isinstance(found, Queue) else unknown_queue(half.scope)
                self._put(half.scope, _queue_at_end(half, queue), changed)
        settled(floor, changed)
        if watched:
            self._steps += self._watches.look(changed)

    def result(self, start: int, end: int, most: int) -> Backtest:
        """When each rule would have fired in [start, end); of each rule the first `most` are listed."""
        until = max(start, min(end, max(self.floor.clocks.sites.values(), default=end)))
        for watch in self._watches:
            self._steps += watch.pass_time(until - 1)
        results = tuple(self._results(start, end, until, most))
        return Backtest(start=start, end=end, until=until, source=self._source, rules=results)

    def _put(self, id_: str, queue: QueueNow, changed: Changed) -> None:
        known = self.floor.queues.get(id_)
        if known is None:
            self.floor.of_site[site_of(id_)].append(id_)
        self.floor.history.hear(id_, None if known is None else known.running, queue.running)
        self.floor.queues[id_] = queue
        changed.queues.add(id_)

    def _results(self, start: int, end: int, until: int, most: int) -> Iterator[RuleResult]:
        days = max(1, end - start) / DAY_MS
        for rule in self._rules:
            told = (firing for firing in _firings(step for step in self._steps if step.alert.rule == rule.id))
            firings = sorted((one for one in told if start <= one.start < end), key=lambda one: (one.start, one.scope))
            spans = [((until if one.end is None else one.end) - one.start) / 1000 for one in firings]
            yield RuleResult(
                rule=rule.id,
                left_out=self._left_out.get(rule.id, ""),
                firings=tuple(firings[:most]),
                times=len(firings),
                per_day=len(firings) / days,
                fired_s=sum(spans),
                longest_s=max(spans, default=0),
            )


def _firings(steps: Iterable[AlertTransition]) -> Iterator[Firing]:
    """From firing to resolved, scope by scope."""
    open_: dict[str, AlertTransition] = {}
    for step in steps:
        scope = step.alert.scope
        if step.alert.state == "firing":
            open_.setdefault(scope, step)
        elif (began := open_.pop(scope, None)) is not None:
            yield Firing(scope=scope, start=began.at, end=step.at, value=began.alert.value)
    for scope, began in open_.items():
        yield Firing(scope=scope, start=began.at, end=None, value=began.alert.value)


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
    order: BacktestOrder, described: Iterable[Description], halves: Iterable[Interval | IvrInterval]
) -> Backtest:
    """Run rules over half-hours that ended before the span's end; those before its start are their past."""
    start, end = order.start, order.end
    trial = Trial(order.rules, described, "intervals")
    by_end: dict[int, list[Interval | IvrInterval]] = {}
    sites: dict[int, set[str]] = {}
    for half in halves:
        if half.end < end:
            by_end.setdefault(half.end, []).append(half)
            for moment in (half.end, half.end + HALF_HOUR_MS):  # in the evening nothing more is told
                sites.setdefault(moment, set()).add(site_of(half.scope))
    for moment in sorted(moment for moment in sites if moment < end):
        trial.end_half_hour(moment, by_end.get(moment, ()), sites[moment], watched=moment >= start)
    return trial.result(start, end, order.most_firings)


def over_tiles(order: BacktestOrder, described: Iterable[Description], records: Iterable[list[Item]]) -> Backtest:
    """Run rules over the inbox's records, to the moment."""
    trial = Trial(order.rules, described, "tiles")
    for items in records:
        trial.take(items)
    return trial.result(order.start, order.end, order.most_firings)


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
