"""A restart at any point changes nothing: neither what is said, nor what is shown, nor what is known."""

from typing import Any

from hypothesis import example, given, settings

from services.alerts.domain.desk import Desk
from services.alerts.domain.sections import all_sections
from tests.unit.alerts.days import START, agent, beginning, days
from tests.unit.alerts.floor import NAMES, clock, tick

HEARD = clock("bank", START)
HEARD_AGAIN = [
    [agent("ana", START, 0, "available", (), out=False, date="2026-05-31"), HEARD], [tick(1000)], [tick(1193)],
    [HEARD], [clock("bank", START + 1)],
]  # fmt: skip
"""A feed is silent, then it is heard again before its clock moves."""


def made() -> Desk:
    return Desk(NAMES, all_sections(NAMES))


def restarted(desk: Desk) -> Desk:
    """Another process with what this one stores at its checkpoint."""
    history = desk.floor.history
    stored = [(queue, packed) for queue in history.queues if (packed := history.pack(queue)) is not None]
    again = made()
    assert again.restore(desk.snapshot(), stored) == []
    return again


@settings(max_examples=60, deadline=None)
@given(days)
@example(HEARD_AGAIN)
def test_a_desk_that_restarts_before_each_record_is_one_that_never_does(day: Any) -> None:
    steady, restless = made(), made()
    steady.restore(None)
    restless.restore(None)
    for items in [beginning(), *day]:
        restless = restarted(restless)
        assert restless.views() == steady.views()
        assert restless.snapshot() == steady.snapshot()
        assert restless.take(items) == steady.take(items)
    assert restarted(restless).snapshot() == steady.snapshot()
