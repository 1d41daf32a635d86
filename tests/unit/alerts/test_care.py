"""What people do about alerts, what keeps an alert from being told, and feeds that fall silent."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.alerts import AlertTransition
from tests.unit.alerts.floor import Engine, clock, command, rule, rules, tick, tile, transitions

PS, NW, SALES = "bank/PS", "bank/NW", "lisbon/sales"
MANY = f"many|{PS}"


def firing(**more: Any) -> Engine:
    """One rule, breached at bank/PS at 10 s; the wall clock is at 1,000 s."""
    engine = Engine(rules(rule(id="many", **more)))
    engine.take([tick(1000)])
    engine.take([tile(PS, 10, waiting=12), clock("bank", 10)])
    return engine


def whys(happened: list[AlertTransition]) -> list[str]:
    return [f"{t.alert.id}: {t.why or t.alert.state}" for t in happened]


def test_acknowledged_is_not_silenced():
    engine = firing()
    outcome = engine.obey(command("acknowledge", MANY, 1001, note="on it"))

    alert = engine.alert(MANY)
    assert (outcome.accepted, outcome.code, outcome.revision) == (True, "done", alert.revision)
    assert (alert.acknowledged_by, alert.acknowledged_at, alert.notes[0].text) == ("ana", 1_001_000, "on it")
    assert (alert.state, alert.hidden_by) == ("firing", "")


def test_who_looks_after_it_is_not_pushed_aside():
    engine = firing()
    engine.obey(command("acknowledge", MANY, 1001))

    assert engine.obey(command("acknowledge", MANY, 1002, by="bo")).code == "taken"
    assert engine.obey(command("acknowledge", MANY, 1003)).code == "same"
    assert engine.obey(command("unacknowledge", MANY, 1004)).code == "done"
    assert engine.obey(command("acknowledge", MANY, 1005, by="bo")).code == "done"


def test_a_command_that_saw_something_else_is_refused_and_changes_nothing():
    engine = firing()
    seen = engine.alert(MANY).revision
    engine.obey(command("assign", MANY, 1001, to="bo", expected=seen))

    outcome = engine.obey(command("snooze", MANY, 1002, until=2_000_000, expected=seen))

    assert (outcome.code, outcome.accepted, outcome.revision) == ("stale", False, seen + 1)
    assert engine.alert(MANY).snoozed_until is None
    assert engine.alert(MANY).assignee == "bo"


def test_the_same_command_again_is_answered_once():
    engine = firing()
    again = command("note", MANY, 1001, text="called the second line")
    engine.take([again])
    engine.take([again])

    assert len(engine.outcomes) == 1
    assert len(engine.alert(MANY).notes) == 1


def test_what_is_not_there_or_is_over_can_not_be_looked_after():
    engine = firing()
    engine.take([tile(NW, 10, waiting=0)])

    assert engine.obey(command("acknowledge", "many|bank/XX", 1001)).code == "unknown_target"
    assert engine.obey(command("acknowledge", f"many|{NW}", 1002)).code == "not_now"


def test_a_snooze_ends_by_itself():
    engine = firing()
    engine.obey(command("snooze", MANY, 1001, until=1_060_000))
    assert engine.alert(MANY).hidden_by == "snoozed"

    assert engine.take([tick(1059)]) == []
    happened = engine.take([tick(1060)])

    assert whys(happened) == [f"{MANY}: woken", f"{MANY}: shown"]
    assert happened[-1].tell  # it still fires, and nobody was told meanwhile
    assert (engine.alert(MANY).hidden_by, engine.alert(MANY).snoozed_until) == ("", None)


def test_a_silence_covers_what_matches_until_its_end():
    engine = Engine(rules(rule(id="many")))
    engine.take([tick(1000)])
    silence = command(
        "silence", "works", 1001, matchers=[{"name": "site", "match": "bank"}], until=1_100_000, reason="works"
    )
    assert engine.obey(silence).code == "done"

    happened = engine.take([tile(PS, 10, waiting=12), tile(SALES, 10, waiting=12)])

    told = {t.alert.scope for t in happened if t.tell}
    assert told == {SALES}
    assert engine.alert(MANY).hidden_by == "silence:works"
    assert engine.obey(command("end_silence", "works", 1050)).code == "done"
    assert engine.alert(MANY).hidden_by == ""
    assert engine.obey(command("end_silence", "works", 1051)).code == "same"


def test_a_rule_hides_those_that_it_makes_superfluous():
    engine = Engine(rules(rule(id="many"), rule(id="whole", scope="site", threshold=20, clear=20, inhibits=["many"])))
    engine.take([tile(PS, 10, waiting=12), tile(SALES, 10, waiting=12)])
    engine.take([tile(NW, 11, waiting=12)])

    assert engine.alert(MANY).hidden_by == "inhibited:whole|bank"
    assert engine.alert(f"many|{SALES}").hidden_by == ""
    engine.take([tile(NW, 12, waiting=0)])
    assert engine.alert(MANY).hidden_by == ""


def test_a_feed_that_falls_silent_makes_its_alerts_stale_and_one_of_its_own():
    engine = firing()
    engine.take([clock("lisbon", 10), tile(SALES, 10, waiting=12)])
    for second in range(1001, 1060):
        engine.take([tick(second)])
        engine.take([clock("lisbon", second - 990)])

    happened = engine.take([tick(1060)])

    assert {t.alert.id: t.alert.state for t in happened if not t.why} == {
        "feed-down|bank": "firing", MANY: "stale",
    }  # fmt: skip
    assert [t.alert.id for t in happened if t.tell] == ["feed-down|bank"]
    assert engine.alert(MANY).hidden_by == "inhibited:feed-down|bank"
    assert engine.alert(f"many|{SALES}").state == "firing"

    engine.take([clock("bank", 70)])
    assert (engine.alert(MANY).state, engine.alert(MANY).hidden_by) == ("firing", "")
    assert engine.alert("feed-down|bank").state == "resolved"


def test_while_the_desk_itself_was_away_no_feed_was_silent():
    engine = firing()
    engine.take([tick(1001)])

    assert engine.take([tick(4000)]) == []
    assert [t.alert.id for t in engine.take([tick(4059 + second) for second in range(3)])] == []


def test_nobody_took_it_up_so_it_is_escalated_once():
    engine = firing(escalate_after_s=120, escalate_to="administrator", severity="critical")

    assert engine.take([tick(1119)]) == []
    happened = engine.take([tick(1120)])

    assert whys(happened) == [f"{MANY}: escalated"]
    assert happened[0].tell
    assert (engine.alert(MANY).owner, engine.alert(MANY).escalated_at) == ("administrator", 1_120_000)
    assert engine.take([tick(2000)]) == []


def test_an_acknowledged_alert_is_not_escalated():
    engine = firing(escalate_after_s=120)
    engine.obey(command("acknowledge", MANY, 1001))

    assert engine.take([tick(1500)]) == []


def test_it_goes_on_firing_for_a_while_after_it_is_cleared():
    engine = firing(keep_firing_for_s=60)

    assert engine.take([tile(PS, 20, waiting=0), clock("bank", 79)]) == []
    assert [t.at for t in engine.take([clock("bank", 90)])] == [80_000]
    assert engine.alert(MANY).state == "resolved"


def test_no_data_is_a_state_of_its_own():
    late = rule(
        id="late",
        metric="service_level",
        direction="below",
        threshold=60,
        clear=70,
        min_offered=10,
        no_data_after_s=300,
    )
    engine = Engine(rules(late))
    engine.take([tile(PS, 10, offered=3), clock("bank", 10)])

    assert [(t.alert.state, t.at) for t in engine.take([clock("bank", 400)])] == [("no_data", 310_000)]
    assert [t.alert.state for t in engine.take([tile(PS, 410, offered=20, answered_within=20)])] == ["inactive"]


def test_what_flaps_is_told_once_more_and_then_not():
    engine = Engine(rules(rule(id="many")))
    happened: list[AlertTransition] = []
    for round_ in range(6):
        happened += engine.take([tile(PS, 100 * round_ + 10, waiting=12)])
        happened += engine.take([tile(PS, 100 * round_ + 50, waiting=0)])

    fired = [t for t in happened if t.alert.state == "firing"]
    assert [t.alert.flaps for t in fired] == [0, 1, 2, 3, 4, 5]
    assert [t.tell for t in fired] == [True, True, True, True, False, False]


def test_a_rule_is_changed_without_a_restart_and_says_what_it_begins():
    engine = firing()
    lower = rule(id="many", threshold=30, clear=20).model_dump(mode="json")

    outcome = engine.obey(command("put_rule", "many", 1001, role="administrator", rule=lower, expected=1))
    assert (outcome.code, outcome.revision) == ("done", 2)
    assert engine.alert(MANY).state == "resolved"

    higher = rule(id="more", threshold=1, clear=1).model_dump(mode="json")
    outcome = engine.obey(command("put_rule", "more", 1002, role="administrator", rule=higher, expected=0))
    assert outcome.message == f"begins now: more|{PS}"
    assert engine.obey(command("remove_rule", "more", 1003, role="administrator", expected=7)).code == "stale"
    assert engine.obey(command("remove_rule", "more", 1004, role="administrator")).code == "done"
    assert {alert.rule for alert in engine.alerts()} == {"many"}


def test_a_new_file_leaves_what_people_have_edited():
    engine = firing()
    edited = rule(id="many", threshold=11, clear=5).model_dump(mode="json")
    engine.obey(command("put_rule", "many", 1001, role="administrator", rule=edited))

    engine.adopt(rules(rule(id="many", threshold=100, clear=5), rule(id="other", threshold=50)))

    held = {view.id: view for view in engine.alerts_section.book.views.values()}
    assert (held["many"].origin, held["many"].rule.compares[0].threshold) == ("person", 11)
    assert held["other"].origin == "file"


EVERYTHING = rules(
    rule(id="many", for_s=3, escalate_after_s=5),
    rule(id="keep", keep_firing_for_s=4, threshold=8),
    rule(id="whole", scope="site", threshold=20, clear=10, inhibits=["many"]),
    rule(id="late", metric="service_level", direction="below", threshold=60, clear=70, no_data_after_s=3),
)
seconds = st.integers(1, 200)
tiles = st.builds(
    lambda queue, at, waiting, offered: tile(queue, at, waiting=waiting, offered=offered, answered_within=offered // 2),
    st.sampled_from([PS, NW, SALES]), seconds, st.sampled_from([0, 6, 9, 12, 15]), st.integers(0, 4),
)  # fmt: skip
clocks = st.builds(clock, st.sampled_from(["bank", "lisbon"]), seconds)
ticks = st.builds(tick, st.integers(1000, 1200))
targets = st.sampled_from(
    [f"{r}|{q}" for r in ("many", "keep") for q in (PS, SALES)] + ["whole|bank", "feed-down|bank"]
)
people = st.sampled_from(["ana", "bo"])
orders = st.one_of(
    st.builds(lambda t, at, by: command("acknowledge", t, at, by=by), targets, st.integers(1000, 1200), people),
    st.builds(lambda t, at, u: command("snooze", t, at, until=u * 1000), targets, st.integers(1000, 1200), st.integers(1000, 1300)),
    st.builds(lambda t, at: command("note", t, at, text="seen"), targets, st.integers(1000, 1200)),
    st.builds(
        lambda at, u: command("silence", f"s{at}", at, matchers=[{"name": "rule", "match": "m*"}], until=u * 1000),
        st.integers(1000, 1200), st.integers(1000, 1300),
    ),
)  # fmt: skip
days = st.lists(st.lists(st.one_of(tiles, clocks, ticks, orders), max_size=5), max_size=15)


@settings(max_examples=150, deadline=None)
@given(days, st.sets(st.integers(0, 15)))
def test_a_crash_at_any_moment_changes_nothing_that_is_said(days, crashes):
    undisturbed, engine = Engine(EVERYTHING), Engine(EVERYTHING)
    for number, items in enumerate(days):
        if number in crashes:
            snapshot, engine = engine.snapshot(), Engine(EVERYTHING)
            assert engine.restore(snapshot) == []
        said = engine.desk.take(items)
        assert said == undisturbed.desk.take(items)
        for told in transitions(said):
            assert told.alert.revision > 0
    assert engine.snapshot() == undisturbed.snapshot()


@settings(max_examples=100, deadline=None)
@given(days)
def test_every_step_follows_the_one_before_it_and_has_an_id_of_its_own(days):
    engine, states, revisions, ids = Engine(EVERYTHING), dict[str, str](), dict[str, int](), set[str]()
    for items in days:
        for told in engine.take(items):
            alert = told.alert
            assert told.previous == states.get(alert.id, "inactive")
            assert told.id not in ids
            fresh = states.get(alert.id, "inactive") == "inactive"
            assert alert.revision == (1 if fresh else revisions[alert.id] + 1)
            assert not (told.tell and alert.hidden_by)
            states[alert.id], revisions[alert.id] = alert.state, alert.revision
            ids.add(told.id)
