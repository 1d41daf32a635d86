"""The desk as a Keeper."""

import json

from pydantic import TypeAdapter

from services.alerts.domain.alerts import Alerts
from services.alerts.domain.desk import Desk
from services.alerts.domain.keeper import KEY, DeskKeeper
from services.contracts.alerts import Alert, RuleFile
from services.contracts.desk import AnyCommand
from services.contracts.keeping import Record
from services.contracts.letters import DeadLetter
from services.contracts.metrics import FeedClock, Tile
from tests.unit.alerts.floor import NAMES, clock, import_rules, rule, rules, tile

as_json = TypeAdapter(list).dump_json


def empty() -> DeskKeeper:
    return DeskKeeper(NAMES, Desk(NAMES, [Alerts(NAMES)]))


def keeper(file: RuleFile | None = None) -> DeskKeeper:
    """With its rules, which the first record brings; what comes of that is told."""
    made = empty()
    made.restore([], frozenset({0}))
    made.apply(record(0, import_rules(file or rules(rule()))))
    made.checkpoint()
    made.take_told()
    return made


def alerts_of(keeper: DeskKeeper) -> list[Alert]:
    return [view.value for view in keeper.desk.views() if isinstance(view.value, Alert)]


def record(offset: int, *items: Tile | FeedClock | AnyCommand) -> Record:
    return Record(NAMES.tiles.name, 0, offset, as_json(list(items)))


def test_a_transition_is_an_output_and_urgent():
    alerts = keeper()
    alerts.apply(record(1, tile("bank/PS", 10, waiting=12)))
    assert alerts.urgent()

    outputs, (state,) = alerts.checkpoint()

    assert not alerts.urgent()
    assert [(out.topic, out.key) for out in outputs] == [("floor.alerts", b"r|bank/PS|firing|10000")]
    assert json.loads(outputs[0].value or b"")["alert"]["value"] == 12
    assert (state.partition, state.key, alerts.offset_of(state.value or b"")) == (0, KEY, 1)
    assert [told.key for told in alerts.take_told()] == ["r|bank/PS|firing|10000"]
    assert alerts.take_told() == []
    assert alerts.checkpoint() == ([], [])


def test_a_record_that_the_state_includes_changes_nothing():
    first, again = keeper(), empty()
    first.apply(record(7, clock("bank", 9), tile("bank/PS", 10, waiting=12)))
    again.restore(first.checkpoint().state, frozenset({0}))

    again.apply(record(7, tile("bank/PS", 11, waiting=0)))

    assert again.checkpoint() == ([], [])
    assert [alert.state for alert in alerts_of(again)] == ["firing"]


def test_restoring_nothing_forgets_everything():
    alerts = keeper()
    alerts.apply(record(1, tile("bank/PS", 10, waiting=12)))
    alerts.restore([], frozenset({0}))

    assert not alerts.urgent()
    assert alerts.checkpoint() == ([], [])
    assert alerts_of(alerts) == []


def test_what_a_changed_rules_file_ends_is_said_at_once():
    alerts = keeper()
    alerts.apply(record(3, tile("bank/PS", 10, waiting=12)))
    alerts.checkpoint()
    alerts.apply(record(4, import_rules(rules(), "second")))

    assert alerts.urgent()
    assert [out.key for out in alerts.checkpoint().outputs] == [
        b"r|bank/PS|resolved|10001", b"r|bank/PS|inactive|10002", b"rules-second",
    ]  # fmt: skip


def test_a_record_that_is_no_tiles_becomes_a_dead_letter_and_nothing_else_is_lost():
    alerts = keeper()
    alerts.apply(Record(NAMES.tiles.name, 0, 1, b"\xffnonsense"))
    alerts.apply(record(2, tile("bank/PS", 10, waiting=12)))

    letter, transition = sorted(alerts.checkpoint().outputs, key=lambda out: out.topic, reverse=True)

    assert letter.topic == "floor.dead-letters"
    assert DeadLetter.model_validate_json(letter.value or b"").source == "floor.tiles|0|1"
    assert transition.topic == "floor.alerts"
    assert alerts.letters == 1
