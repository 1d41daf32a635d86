"""Rules over queues, sites and the whole floor."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.agents import AgentTotals
from tests.unit.alerts.days import agent
from tests.unit.alerts.floor import Engine, clock, rule, rules, tile, told

LATE = {"metric": "service_level", "direction": "below", "threshold": 60, "clear": 70}
PS, NW, SALES = "bank/PS", "bank/NW", "lisbon/sales"


def test_only_queues_that_match_are_watched():
    engine = Engine(rules(rule(scope={"kind": "queue", "match": "bank/*"})))

    assert told(engine.take([tile(SALES, 10, waiting=20), tile(PS, 10, waiting=20)])) == [
        "bank/PS: inactive → firing at 10 (20)"
    ]


def test_the_next_alert_of_an_agent_is_of_the_site_where_they_are_by_then():
    engine = Engine(rules(rule(metric="occupancy", scope="agent", threshold=30, clear=20)))

    def seen(at: int, home: int, talking_s: int) -> list[tuple[str, str | None]]:
        totals = AgentTotals(signed_in_ms=60_000, by_state_ms={"talking": talking_s * 1000, "available": 30_000})
        tile = agent("ana", 1_780_200_000 + at, home, "not_ready", (), out=False, date="2026-05-31")
        happened = engine.take([tile.model_copy(update={"totals": totals})])
        return [(one.alert.state, one.alert.site) for one in happened]

    assert seen(0, 0, 20) == [("firing", "bank")]
    assert seen(10, 1, 20) == [], "it stays where it began"
    assert seen(20, 1, 1) == [("resolved", "bank")]
    assert seen(7200, 1, 1) == [("inactive", "bank")]
    assert seen(7210, 1, 20) == [("firing", "lisbon")]


def test_a_site_adds_its_queues():
    engine = Engine(rules(rule(scope="site")))

    assert told(engine.take([tile(PS, 10, waiting=6), tile(SALES, 10, waiting=9)])) == []
    assert told(engine.take([tile(NW, 11, waiting=6)])) == ["bank: inactive → firing at 11 (12)"]
    assert told(engine.take([tile(PS, 12, waiting=0)])) == []
    assert told(engine.take([tile(NW, 13, waiting=5)])) == ["bank: firing → resolved at 13 (5)"]


def test_all_is_one_scope_of_the_queues_that_match():
    engine = Engine(rules(rule(scope={"kind": "all", "match": "*/S*"}), rule(id="every", scope="all", threshold=30)))

    assert told(
        engine.take([tile("bank/S1", 10, waiting=6), tile(PS, 10, waiting=20), tile("lisbon/S2", 12, waiting=6)])
    ) == [
        "all: inactive → firing at 12 (12)",
        "all: inactive → firing at 12 (32)",
    ]


def test_a_roll_up_adds_counters_and_never_averages_ratios():
    engine = Engine(rules(rule(**LATE, scope="site")))
    # 100 % of 10 and 50 % of 90: 55 % of 100, not 75 %.
    happened = engine.take([tile(PS, 10, offered=10, answered_within=10), tile(NW, 10, offered=90, answered_within=45)])

    assert told(happened) == ["bank: inactive → firing at 10 (55)"]


def test_under_min_offered_a_ratio_says_nothing_but_a_length_does():
    engine = Engine(rules(rule(**LATE, min_offered=10), rule(id="many")))

    assert told(engine.take([tile(PS, 10, waiting=11, offered=9)])) == ["bank/PS: inactive → firing at 10 (11)"]
    assert told(engine.take([tile(PS, 11, waiting=11, offered=10)])) == ["bank/PS: inactive → firing at 11 (0)"]


def test_every_metric_is_measured_in_its_unit():
    counts = {
        "offered": 20,
        "answered": 10,
        "answered_within": 8,
        "abandoned": 6,
        "short_abandoned": 1,
        "wait_answered_ms": 90_000,
    }
    wanted = {
        "service_level": 42.1,
        "abandonment_rate": 26.3,
        "asa_s": 9,
        "offered": 20,
        "queue_length": 4,
        "longest_wait_s": 7,
    }
    engine = Engine(rules(*(rule(id=metric, metric=metric, threshold=0, clear=0) for metric in wanted)))

    happened = engine.take([tile(PS, 17, waiting=4, oldest=10, **counts)])

    assert {t.alert.metric: round(t.alert.value or 0, 1) for t in happened} == wanted


def test_a_threshold_of_the_rules_own_says_nothing_where_a_queue_does_not_count_it():
    engine = Engine(rules(rule(**LATE, threshold_s=45, scope="site"), rule(**LATE | {"id": "one"}, threshold_s=45)))

    assert told(engine.take([tile(PS, 10, t=20, offered=10)])) == []
    assert told(engine.take([tile(NW, 10, t=45, offered=10, answered_within=5)])) == [
        "bank/NW: inactive → firing at 10 (50)"
    ]


def test_a_definition_of_the_rules_own_wins():
    counts = {"offered": 100, "answered_within": 50, "abandoned": 40, "abandoned_within": 40}
    engine = Engine(rules(rule(**LATE), rule(**LATE | {"id": "c", "definition": "cisco_ignore"})))

    assert told(engine.take([tile(PS, 10, **counts)])) == ["bank/PS: inactive → firing at 10 (50)"]


def test_for_elapses_by_the_feeds_clock_when_no_tile_changes():
    engine = Engine(rules(rule(for_s=30)))
    engine.take([clock("bank", 9), tile(PS, 10, waiting=12)])

    assert told(engine.take([clock("bank", 39)])) == []
    assert told(engine.take([clock("bank", 41)])) == ["bank/PS: pending → firing at 40 (12)"]


def test_a_feed_that_is_silent_changes_nothing():
    engine = Engine(rules(rule(metric="longest_wait_s", threshold=60)))
    engine.take([clock("bank", 10), clock("lisbon", 10), tile(PS, 10, waiting=1, oldest=9)])

    assert told(engine.take([clock("lisbon", 500)])) == []


def test_the_slowest_partition_holds_the_sites_clock():
    # Partition 1 lags behind: the caller may have been answered there long ago.
    engine = Engine(rules(rule(metric="longest_wait_s", threshold=60)))
    engine.take([clock("bank", 10, partition=p) for p in (0, 1)] + [tile(PS, 10, waiting=1, oldest=9)])

    assert told(engine.take([clock("bank", 100, partition=0)])) == []
    assert told(engine.take([clock("bank", 100, partition=1)])) == ["bank/PS: inactive → firing at 69.001 (60.001)"]


def test_a_voice_menus_clock_and_a_feed_that_ended_hold_nothing_back():
    engine = Engine(rules(rule(for_s=30)))
    engine.take(
        [clock("bank", 5, topic="ivr"), clock("bank", 6, source="old"), clock("bank", 10), tile(PS, 10, waiting=12)]
    )

    assert told(engine.take([clock("bank", 50)])) == ["bank/PS: pending → firing at 40 (12)"]


def test_sites_of_different_years_share_the_longest_wait():
    engine = Engine(rules(rule(metric="longest_wait_s", threshold=60, scope="all")))
    engine.take([clock("bank", 1000), clock("lisbon", 900_000)])
    engine.take([tile(PS, 1000, waiting=1, oldest=990), tile(SALES, 900_000, waiting=1, oldest=899_980)])

    assert told(engine.take([clock("bank", 1055)])) == ["all: inactive → firing at 900000 (65)"]


def test_an_older_tile_of_a_worker_that_slept_is_ignored():
    engine = Engine(rules(rule()))
    engine.take([tile(PS, 10, waiting=12)])

    assert told(engine.take([tile(PS, 9, waiting=0)])) == []


def test_a_rule_that_was_removed_or_no_longer_matches_ends_its_alerts():
    engine = Engine(rules(rule(), rule(id="kept"), rule(id="soon", for_s=100), rule(id="narrow")))
    engine.take([tile(PS, 10, waiting=12)])

    happened = engine.adopt(rules(rule(id="kept"), rule(id="narrow", scope={"kind": "queue", "match": "lisbon/*"})))

    assert {(t.alert.rule, t.alert.state) for t in happened} == {
        ("r", "resolved"), ("r", "inactive"), ("soon", "inactive"), ("narrow", "resolved"), ("narrow", "inactive"),
    }  # fmt: skip
    assert [alert.id for alert in engine.alerts()] == ["kept|bank/PS"]


def test_what_flaps_at_one_moment_does_so_with_the_same_ids_after_a_crash():
    flapping = rules(rule(for_s=30))
    undisturbed = Engine(flapping)
    undisturbed.take([tile(PS, 10, waiting=12), tile(PS, 10, waiting=0)])
    crashed = Engine(flapping)
    crashed.restore(undisturbed.snapshot())
    again = [tile(PS, 10, waiting=12)]

    assert told(crashed.take(again)) == told(undisturbed.take(again)) == ["bank/PS: inactive → pending at 10.002 (12)"]


def test_a_new_rule_begins_with_what_is_known():
    engine = Engine(rules())
    engine.take([clock("bank", 12), tile(PS, 10, waiting=12)])

    assert told(engine.adopt(rules(rule()))) == ["bank/PS: inactive → firing at 12 (12)"]


EVERYTHING = rules(
    rule(id="length", for_s=5),
    rule(id="now"),
    rule(id="wait", metric="longest_wait_s", threshold=8, clear=4, for_s=2),
    rule(id="site", scope="site", for_s=3),
    rule(id="all", scope="all", threshold=14),
    rule(**LATE | {"id": "late"}, for_s=4),
    rule(id="all-wait", scope="all", metric="longest_wait_s", threshold=9, clear=3),
)

seconds = st.integers(0, 60)
tiles = st.builds(
    lambda queue, at, waiting, ago, offered, good: tile(
        queue, at, waiting=waiting, oldest=at - ago if waiting else None, offered=offered, answered_within=min(good, offered)
    ),
    st.sampled_from([PS, NW, SALES]), seconds, st.sampled_from([0, 3, 8, 11, 16]), st.integers(0, 12),
    st.integers(0, 4), st.integers(0, 4),
)  # fmt: skip
clocks = st.builds(
    lambda site, at, partition: clock(site, at, partition=partition),
    st.sampled_from(["bank", "lisbon"]), seconds, st.integers(0, 1),
)  # fmt: skip
batches = st.lists(st.lists(st.one_of(tiles, clocks), max_size=4), max_size=15)


@settings(max_examples=150, deadline=None)
@given(batches, st.sets(st.integers(0, 15)))
def test_a_crash_at_any_moment_changes_no_transition(days, crashes):
    undisturbed, engine = Engine(EVERYTHING), Engine(EVERYTHING)
    for number, items in enumerate(days):
        if number in crashes:
            snapshot = engine.snapshot()
            engine = Engine(EVERYTHING)
            assert engine.restore(snapshot) == []
        assert engine.take(items) == undisturbed.take(items)
    assert engine.snapshot() == undisturbed.snapshot()


@settings(deadline=None)
@given(batches)
def test_ids_are_unique_and_each_step_follows_the_last(days):
    engine, states, ids = Engine(EVERYTHING), dict[str, str](), set[str]()
    for items in days:
        for transition in engine.take(items):
            alert = transition.alert
            assert transition.previous == states.get(alert.id, "inactive")
            assert transition.id not in ids
            assert transition.id == f"{alert.id}|{alert.state}|{transition.at}"
            assert alert.since == transition.at
            states[alert.id] = alert.state
            ids.add(transition.id)
    assert {alert.id: alert.state for alert in engine.alerts()} == {k: v for k, v in states.items() if v != "inactive"}
