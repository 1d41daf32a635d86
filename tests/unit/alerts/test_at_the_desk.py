"""Silences and rules at the desk: what is refused, what was so already, and what is over."""

from typing import Any

from tests.unit.alerts.floor import Engine, command, rule, rules, tick

MANY = rule(id="many")
MATCH = [{"name": "rule", "match": "many"}]
DAY_S = 24 * 3600


def desk() -> Engine:
    engine = Engine(rules(MANY))
    engine.take([tick(1000)])
    return engine


def code(engine: Engine, do: str, target: str, at: float, **more: Any) -> str:
    return engine.obey(command(do, target, at, role="administrator", **more)).code


def test_a_silence_is_made_changed_and_ended_once():
    engine = desk()
    assert code(engine, "silence", "s1", 1001, matchers=MATCH, until=900_000) == "invalid"
    assert code(engine, "end_silence", "s1", 1002) == "unknown_target"
    assert code(engine, "silence", "s1", 1003, matchers=MATCH, until=2_000_000) == "done"
    assert code(engine, "silence", "s1", 1004, matchers=MATCH, until=3_000_000, expected=7) == "stale"
    assert code(engine, "silence", "s1", 1005, matchers=MATCH, until=3_000_000, expected=1) == "done"
    assert code(engine, "end_silence", "s1", 1006, expected=1) == "stale"
    assert code(engine, "end_silence", "s1", 1007, expected=2) == "done"
    assert code(engine, "end_silence", "s1", 1008) == "same"
    assert code(engine, "silence", "s1", 1009, matchers=MATCH, until=3_000_000) == "not_now"


def test_a_silence_ends_by_itself_and_is_forgotten_later():
    engine = desk()
    assert code(engine, "silence", "s1", 1001, matchers=MATCH, until=1_010_000) == "done"
    engine.take([tick(1010)])
    assert engine.alerts_section.silences.held["s1"].ended_by == "floorwatch"
    engine.take([tick(1010 + 400 * DAY_S)])
    assert engine.alerts_section.silences.held == {}


def test_a_rule_is_put_once_under_its_own_id_and_removed_once():
    engine = desk()
    other = rule(id="many", threshold=20)
    assert code(engine, "put_rule", "few", 1001, rule=other) == "invalid"
    assert code(engine, "put_rule", "many", 1002, rule=other, expected=9) == "stale"
    assert code(engine, "put_rule", "many", 1003, rule=other) == "done"
    assert code(engine, "put_rule", "many", 1004, rule=other) == "same"
    assert code(engine, "remove_rule", "few", 1005) == "unknown_target"
    assert code(engine, "remove_rule", "many", 1006, expected=9) == "stale"
    assert code(engine, "remove_rule", "many", 1007) == "done"


def test_a_file_of_the_installation_takes_its_rules_along_but_not_what_people_edited():
    engine = Engine(rules(MANY, rule(id="late"), rule(id="kept")))
    assert code(engine, "put_rule", "kept", 1001, rule=rule(id="kept", threshold=30)) == "done"
    engine.adopt(rules(rule(id="many", threshold=12), rule(id="kept")))
    held = engine.alerts_section.book.views
    assert sorted(held) == ["kept", "many"]
    assert [held["many"].rule, held["kept"].rule] == [rule(id="many", threshold=12), rule(id="kept", threshold=30)]
    engine.adopt(rules(MANY))  # the same digest again changes nothing
    assert held["many"].rule == rule(id="many", threshold=12)
    assert "kept" in held
