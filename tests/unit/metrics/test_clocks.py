"""Clocks come back as they were kept, by this version and by the one before."""

import msgspec

from services.contracts.events import Heartbeat
from services.metrics.domain.clocks import Clocks

DAY_MS = 86_400_000
NOON = 1_767_960_000_000


def test_clocks_come_back_as_they_were_kept():
    clocks = Clocks("contacts", 3, DAY_MS)
    clocks.hear(Heartbeat("acd", "lisbon", NOON, 1.0, ahead_ms=-250))
    clocks.offset = 7

    again = Clocks("contacts", 3, DAY_MS)
    again.restore(clocks.encode())

    assert (again.offset, again.sites["lisbon"].at) == (7, NOON)
    assert [(feed.at, feed.ahead_ms) for feed in again.moved()] == [(NOON, -250)]


def test_clocks_that_version_0_1_kept_come_back():
    kept = msgspec.msgpack.encode((7, {"lisbon": NOON}, ([("acd", "lisbon", NOON, 1.0)], {"lisbon/sales": 5})))

    clocks = Clocks("contacts", 3, DAY_MS)
    clocks.restore(kept)

    assert (clocks.offset, clocks.sites["lisbon"].at, clocks.terms) == (7, NOON, {"lisbon/sales": 5})
    assert [(feed.at, feed.ahead_ms) for feed in clocks.moved()] == [(NOON, None)]
