"""The desk's alerts against an oracle that steps the same floor second by second; batches, repeats and restarts."""

from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerts.domain.alerts import Alerts
from services.alerts.domain.desk import Desk
from services.contracts.alerts import Alert, AlertTransition, Rule
from services.contracts.desk import AnyCommand, News
from tests.oracle.alerts import SITE, Oracle
from tests.oracle.alerts import Rule as Told
from tests.unit.alerts.floor import NAMES, clock, command, import_rules, rule, rules, tick, tile

QUEUES = [f"{SITE}/NW", f"{SITE}/PS"]
BEGIN = 1000


class Second(NamedTuple):
    """What happens in one second, and how many pass before it."""

    gap: int
    feed: bool
    known: dict[str, tuple[int, float | None]]
    acts: list[tuple[str, str, int]]


def for_desk(told: Told) -> Rule:
    compared = {"metric": "queue_length", "direction": "above"} if told.above else {
        "metric": "service_level", "direction": "below", "min_offered": 1}  # fmt: skip
    return rule(
        id=told.id, threshold=told.threshold, clear=told.clear, for_s=told.for_s, keep_firing_for_s=told.keep_s,
        no_data_after_s=told.no_data_s, escalate_after_s=told.escalate_s,
        inhibits=[told.inhibits] if told.inhibits else [], **compared,
    )  # fmt: skip


spans = st.sampled_from([0, 0, 1, 3, 10, 40])
TOLD = st.tuples(
    st.builds(Told, st.just("many"), st.just(True), st.just(10), st.sampled_from([5, 10]), spans, spans, st.none(),
              st.sampled_from([None, 5, 30]), st.sampled_from(["", "late"])),
    st.builds(Told, st.just("late"), st.just(False), st.just(60), st.sampled_from([60, 75]), spans, spans,
              st.sampled_from([None, 0, 5, 20]), st.sampled_from([None, 5])),
).map(list)  # fmt: skip
figures = st.tuples(st.sampled_from([0, 5, 7, 11, 20]), st.sampled_from([None, 25.0, 50.0, 75.0, 100.0]))
TARGETS = [f"{id_}|{queue}" for id_ in ("many", "late") for queue in QUEUES] + [f"feed-down|{SITE}"]
acts = st.one_of(
    st.tuples(st.just("acknowledge"), st.sampled_from(TARGETS), st.just(0)),
    st.tuples(st.just("snooze"), st.sampled_from(TARGETS), st.integers(0, 30)),
    st.tuples(st.just("silence"), st.sampled_from(["many", "late"]), st.integers(1, 30)),
)
seconds = st.builds(
    Second, st.sampled_from([1, 1, 1, 1, 2, 5]), st.sampled_from([True, True, True, True, False]),
    st.dictionaries(st.sampled_from(QUEUES), figures, max_size=2), st.lists(acts, max_size=1),
)  # fmt: skip
silent = st.integers(55, 75).map(lambda n: [Second(1, False, {}, [])] * n)
long = st.sampled_from([100, 905]).map(lambda n: [Second(n, True, {}, [])])
stories = st.lists(st.one_of(st.lists(seconds, min_size=1, max_size=8), silent, long), min_size=1, max_size=5).map(
    lambda parts: [second for part in parts for second in part]
)


def as_told(queue: str, at: int, waiting: int, share: float | None) -> News:
    offered = 0 if share is None else 4
    return tile(queue, at, waiting=waiting, offered=offered, answered=offered, answered_within=round((share or 0) / 25))


class Both(NamedTuple):
    """A story for both."""

    records: list[list[News | AnyCommand]]
    oracle: Oracle


def tell(told: list[Told], story: list[Second]) -> Both:
    """Run the oracle through a story, and say it in records for the desk, one a second."""
    oracle, records, now = Oracle(told, QUEUES), list[list[News | AnyCommand]](), BEGIN
    for number, second in enumerate(story):
        for _ in range(second.gap):
            now += 1
            oracle.tick(now)
            items: list[News | AnyCommand] = [tick(now)]
            if second.feed:
                oracle.hear(now)
                items.append(clock(SITE, now))
            records.append(items)
        if second.feed and second.known:
            oracle.tiles(now, second.known)
            records[-1] += [as_told(queue, now, *second.known[queue]) for queue in sorted(second.known)]
        for what, target, more in second.acts:
            oracle.do(what, target, now + more)
            records[-1].append(_order(what, target, now, now + more, number))
    return Both(records, oracle)


def _order(what: str, target: str, now: int, until: int, number: int) -> AnyCommand:
    by: dict[str, Any] = {"by": "ana", "id": f"c{number}"}
    if what == "silence":
        matchers = [{"name": "rule", "match": target}]
        return command(what, f"s{now}", now, until=until * 1000, matchers=matchers, **by)
    if what == "snooze":
        by["until"] = until * 1000
    return command(what, target, now, **by)


class Played:
    """A desk that hears records; what each of its alerts did."""

    def __init__(self, told: list[Told]) -> None:
        self.desk = Desk(NAMES, [Alerts(NAMES)])
        self.desk.restore(None)
        self.desk.take([import_rules(rules(*map(for_desk, told)))])
        self.steps: list[AlertTransition] = []

    def hear(self, items: list[News | AnyCommand]) -> None:
        self.steps += [fact.value for fact in self.desk.take(items) if isinstance(fact.value, AlertTransition)]

    def restart(self) -> None:
        again = Desk(NAMES, [Alerts(NAMES)])
        assert again.restore(self.desk.snapshot()) == []
        self.desk = again

    def of(self, alert: str) -> list[list[Any]]:
        return [
            [step.alert.id, step.previous, step.alert.state, step.at, step.wall_at // 1000, step.why, step.tell]
            for step in self.steps
            if step.alert.id == alert
        ]

    def way_of(self, alert: str) -> list[list[Any]]:
        """From state to state, without what hid it meanwhile."""
        return [step[:5] for step in self.of(alert) if not step[5]]

    def stand(self) -> list[Alert]:
        """How alerts are now; how many changes led there is not asked."""
        return [
            view.value.model_copy(update={"revision": 0}) for view in self.desk.views() if isinstance(view.value, Alert)
        ]


@settings(max_examples=40, deadline=None)
@given(TOLD, stories)
def test_every_alert_lives_as_the_oracle_says(told: list[Told], story: list[Second]) -> None:
    records, oracle = tell(told, story)
    played = Played(told)
    for items in records:
        played.hear(items)

    for alert in TARGETS:
        assert played.of(alert) == [step for step in oracle.told if step[0] == alert]
    assert len({step.id for step in played.steps}) == len(played.steps)


@settings(max_examples=25, deadline=None)
@given(TOLD, stories, st.lists(st.integers(1, 9), max_size=30), st.sets(st.integers(0, 30)))
def test_neither_batches_nor_repeats_nor_restarts_change_a_step(
    told: list[Told], story: list[Second], sizes: list[int], restarts: set[int]
) -> None:
    records, _ = tell(told, story)
    steady, other = Played(told), Played(told)
    for items in records:
        steady.hear(items)

    rest = list(records)
    for number, size in enumerate([*sizes, len(records)]):
        some, rest = rest[:size], rest[size:]
        other.hear([item for items in some for item in (*items, *items)])
        if number in restarts:
            other.restart()

    assert other.steps == steady.steps
    assert other.desk.snapshot() == steady.desk.snapshot()


@settings(max_examples=20, deadline=None)
@given(TOLD, stories)
def test_wherever_records_are_cut_each_alert_goes_the_same_way(told: list[Told], story: list[Second]) -> None:
    """Queues told of one by one are looked at one by one: whether one alert hides another may be known a look later."""
    records, _ = tell(told, story)
    whole, cut = Played(told), Played(told)
    for items in records:
        whole.hear(items)
        for item in items:
            cut.hear([item, item])

    for alert in TARGETS:
        assert cut.way_of(alert) == whole.way_of(alert)
    assert cut.stand() == whole.stand()
