"""Files of rules: the installation's own, and those that people bring."""

from tests.unit.alerts.floor import Engine, command, import_rules, rule, rules

FIRST = rules(rule(id="a"), rule(id="b"))


def test_a_file_that_a_person_brings_is_as_if_each_of_its_rules_had_been_put():
    engine = Engine(FIRST)
    mine = rules(rule(id="a", threshold=20), rule(id="c")).model_dump(mode="json")

    assert engine.obey(command("import_rules", "rules", 5, file=mine, digest="mine")).message == "2 rules changed"
    again = engine.obey(command("import_rules", "rules", 6, file=mine, digest="mine"))
    assert (again.code, again.message) == ("same", "0 rules changed")


def test_the_installations_own_file_leaves_what_people_edited_and_takes_its_own_away():
    engine = Engine(FIRST)
    engine.obey(command("put_rule", "a", 5, rule=rule(id="a", threshold=20).model_dump(mode="json")))

    engine.adopt(rules(rule(id="a"), rule(id="d")), "second")
    assert engine.outcomes[-1].message == "2 rules changed; edited by people and kept: a"
    engine.obey(import_rules(rules(), "second").model_copy(update={"id": "from-another-worker"}))
    assert (engine.outcomes[-1].code, engine.outcomes[-1].message) == ("same", "this file was imported before")
