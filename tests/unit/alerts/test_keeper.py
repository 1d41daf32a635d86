"""The engine as a Keeper."""

import json

from pydantic import TypeAdapter

from services.alerts.domain.engine import Engine
from services.alerts.domain.keeper import KEY, AlertKeeper
from services.contracts.keeping import Record, StateEntry
from services.contracts.letters import DeadLetter
from services.contracts.metrics import FeedClock, Tile
from services.contracts.names import Names
from tests.unit.alerts.floor import clock, rule, rules, tile

names = Names("floor")
as_json = TypeAdapter(list).dump_json


def keeper() -> AlertKeeper:
    return AlertKeeper(names, Engine(rules(rule())))


def record(offset: int, *items: Tile | FeedClock) -> Record:
    return Record(names.tiles.name, 0, offset, as_json(list(items)))


def test_a_transition_is_an_output_and_urgent():
    alerts = keeper()
    alerts.apply(record(0, tile("bank/PS", 10, waiting=12)))
    assert alerts.urgent()

    outputs, (state,) = alerts.checkpoint()

    assert not alerts.urgent()
    assert [(out.topic, out.key) for out in outputs] == [("floor.alerts", b"r|bank/PS|firing|10000")]
    assert json.loads(outputs[0].value or b"")["alert"]["value"] == 12
    assert (state.partition, state.key, alerts.offset_of(state.value or b"")) == (0, KEY, 0)
    assert [told.id for told in alerts.take_told()] == ["r|bank/PS|firing|10000"]
    assert alerts.take_told() == []
    assert alerts.checkpoint() == ([], [])


def test_a_record_that_the_state_includes_changes_nothing():
    first, again = keeper(), keeper()
    first.apply(record(7, clock("bank", 9), tile("bank/PS", 10, waiting=12)))
    again.restore(first.checkpoint().state, frozenset({0}))

    again.apply(record(7, tile("bank/PS", 11, waiting=0)))

    assert again.checkpoint() == ([], [])
    assert [alert.state for alert in again.engine.alerts()] == ["firing"]


def test_restoring_nothing_forgets_everything():
    alerts = keeper()
    alerts.apply(record(0, tile("bank/PS", 10, waiting=12)))
    alerts.restore([], frozenset({0}))

    assert not alerts.urgent()
    assert alerts.checkpoint() == ([], [])
    assert alerts.engine.alerts() == []


def test_what_a_changed_rules_file_ends_is_said_at_once():
    old = keeper()
    old.apply(record(3, tile("bank/PS", 10, waiting=12)))
    new = AlertKeeper(names, Engine(rules()))
    new.restore([StateEntry(0, KEY, old.checkpoint().state[0].value)], frozenset({0}))

    assert new.urgent()
    assert [out.key for out in new.checkpoint().outputs] == [
        b"r|bank/PS|resolved|10001", b"r|bank/PS|inactive|10002",
    ]  # fmt: skip


def test_a_record_that_is_no_tiles_becomes_a_dead_letter_and_nothing_else_is_lost():
    alerts = keeper()
    alerts.apply(Record(names.tiles.name, 0, 0, b"\xffnonsense"))
    alerts.apply(record(1, tile("bank/PS", 10, waiting=12)))

    letter, transition = sorted(alerts.checkpoint().outputs, key=lambda out: out.topic, reverse=True)

    assert letter.topic == "floor.dead-letters"
    assert DeadLetter.model_validate_json(letter.value or b"").source == "floor.tiles|0|0"
    assert transition.topic == "floor.alerts"
    assert alerts.letters == 1
