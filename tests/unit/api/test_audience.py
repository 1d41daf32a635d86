"""Who is written what: shared bytes for those who keep up, newest values for those who do not."""

from typing import Any

import pytest

from services.api.domain.access import Sight
from services.api.domain.audience import Audience
from services.api.domain.backlog import Backlog
from services.api.domain.ledger import Ledger
from tests.unit.api.floor import Client

PATIENCE_S = 15.0


def body(id_: str, value: int) -> bytes:
    return b'{"kind":"tile","id":"%b","value":%d}' % (id_.encode(), value)


class Floor:
    """A ledger of plain items and its audience."""

    def __init__(self, **items: int) -> None:
        self.ledger = Ledger(kept_removals=2)
        self.audience = Audience(self.ledger, server="f3a9", frame=bytes, patience_s=PATIENCE_S)
        self.put(**items)

    def put(self, **items: int) -> None:
        for id_, value in items.items():
            self.ledger.put("tile", id_, id_[:1], body(id_, value))

    def broadcast(self, now: float = 0.0) -> None:
        self.audience.broadcast(now)

    def held(self, sight: Sight | None = None) -> dict[str, Any]:
        return Client().join(self.audience, sight or Sight()).held


@pytest.fixture
def floor() -> Floor:
    return Floor(a1=1, a2=1, b1=1)


def test_w2_a_subscription_is_answered_by_everything_it_may_see(floor):
    client = Client().join(floor.audience)
    assert client.last["type"] == "snapshot"
    assert (client.ids(), client.seq) == (["tile|a1", "tile|a2", "tile|b1"], 3)

    of_a = Client().join(floor.audience, Sight(sites=frozenset("a")))
    assert of_a.ids() == ["tile|a1", "tile|a2"]
    assert Client().join(floor.audience, Sight(kinds=frozenset({"feed"}))).ids() == []


def test_w3_an_update_brings_what_changed_and_what_is_gone(floor):
    client = Client().join(floor.audience)
    floor.put(a1=2)
    floor.ledger.remove("tile", "b1")
    floor.broadcast()
    assert (client.ids(), client.last["removed"], client.seq) == (["tile|a1"], ["tile|b1"], 5)

    messages = len(client.messages)
    floor.broadcast()
    assert len(client.messages) == messages, "nothing new, nothing sent"


def test_what_others_may_see_is_not_sent(floor):
    of_b = Client().join(floor.audience, Sight(sites=frozenset("b")))
    floor.put(a1=2)
    floor.broadcast()
    assert len(of_b.messages) == 1
    floor.put(b1=2)
    floor.broadcast()
    assert (of_b.ids(), of_b.seq) == (["tile|b1"], 5)
    assert of_b.seat is not None
    assert of_b.seat.backlog.conflated == 0


def test_those_who_see_the_same_are_written_the_same_bytes_encoded_once(floor):
    clients = [Client().join(floor.audience, Sight(sites=frozenset({"a", "b"}))) for _ in range(5)]
    floor.put(a1=2)
    floor.broadcast()
    tally = floor.audience.tally
    assert (tally.encoded, tally.written, tally.snapshots) == (2, 10, 5)
    assert len(floor.audience) == len(list(floor.audience)) == 5
    for client in clients:
        assert client.seat is not None
        floor.audience.leave(client.seat)
    assert len(floor.audience) == 0


def test_w4_who_comes_back_gets_only_what_changed(floor):
    client = Client().join(floor.audience)
    assert client.seat is not None
    floor.audience.leave(client.seat)
    floor.put(a1=2, a2=2)
    floor.put(a1=3)
    client.join(floor.audience, resume=True)
    assert (client.last["type"], client.ids()) == ("update", ["tile|a2", "tile|a1"])
    assert client.held == floor.held()
    assert floor.audience.tally.resumed == 1


@pytest.mark.parametrize("why", ["another server", "another sight", "a seq to come", "removals forgotten"])
def test_w4_who_cannot_be_told_what_changed_gets_a_snapshot(floor, why):
    client = Client().join(floor.audience)
    sight = Sight()
    match why:
        case "another server":
            client.epoch = "0000-" + client.epoch.partition("-")[2]
        case "another sight":
            sight = Sight(sites=frozenset({"a", "b"}))
        case "a seq to come":
            client.seq = 99
        case "removals forgotten":
            for id_ in ("a1", "a2", "b1"):
                floor.ledger.remove("tile", id_)
    client.join(floor.audience, sight, resume=True)
    assert client.last["type"] == "snapshot"
    assert client.held == floor.held(sight)


def test_w5_a_slow_client_gets_the_newest_value_once_and_it_is_counted(floor):
    slow, quick = Client().join(floor.audience), Client().join(floor.audience)
    slow.has_room = False
    for value in (2, 3, 4):
        floor.put(a1=value)
        floor.broadcast(float(value))
    floor.put(b1=2)
    floor.broadcast(5.0)
    assert len(quick.messages) == 5
    assert len(slow.messages) == 1
    assert len(floor.audience.behind) == 1

    slow.has_room = True
    floor.audience.catch_up(slow.seat, 6.0)
    assert [(item["id"], item["value"]) for item in slow.last["items"]] == [("a1", 4), ("b1", 2)]
    assert slow.held == quick.held
    assert slow.seat is not None
    assert slow.seat.backlog.conflated == floor.audience.tally.conflated == 2
    assert not floor.audience.behind

    floor.put(a1=5)
    floor.broadcast(7.0)
    assert slow.messages[-1] == quick.messages[-1]


def test_a_client_that_slept_through_too_many_removals_starts_anew(floor):
    slow = Client().join(floor.audience)
    slow.has_room = False
    for id_ in ("a1", "a2", "b1"):
        floor.ledger.remove("tile", id_)
        floor.broadcast()
    slow.has_room = True
    floor.broadcast()
    assert (slow.last["type"], slow.held) == ("snapshot", {})


def test_so_many_removals_at_once_that_all_start_anew(floor):
    client = Client().join(floor.audience)
    for id_ in ("a1", "a2", "b1"):
        floor.ledger.remove("tile", id_)
    floor.broadcast()
    assert (client.last["type"], client.held) == ("snapshot", {})


def test_room_that_nobody_waited_for_changes_nothing(floor):
    client = Client().join(floor.audience)
    floor.put(a1=2)
    floor.audience.catch_up(client.seat, 1.0)
    assert len(client.messages) == 1, "it waits for the next round like all others"


def test_a_client_that_reads_nothing_is_dropped_and_one_that_reads_slowly_is_not(floor):
    #  0 s            10 s            16 s
    #  |--- asleep: buffer stays full ---| dropped
    #  |--- slow: buffer shrinks -----------------> stays
    asleep, slow = Client().join(floor.audience), Client().join(floor.audience)
    asleep.has_room = slow.has_room = False
    asleep.buffered = slow.buffered = 1_000_000
    for second in range(40):
        slow.buffered -= 1_000
        floor.put(a1=second + 2)
        floor.broadcast(float(second))
        assert (asleep.dropped is None) == (second < PATIENCE_S)
    assert asleep.dropped == "too_slow"
    assert slow.dropped is None
    assert [seat.wire for seat in floor.audience] == [slow]
    assert floor.audience.tally.dropped == 1


def test_a_full_buffer_is_no_fault_while_there_is_nothing_to_send(floor):
    client = Client().join(floor.audience)
    client.has_room = False
    for second in range(100):
        floor.broadcast(float(second))
    assert client.dropped is None


def test_backlog_counts_from_the_first_moment_without_progress():
    backlog = Backlog(position=5)
    assert not backlog.too_slow(1e9, 1.0)
    backlog.waits(10.0, 500)
    backlog.waits(12.0, 500)
    assert backlog.too_slow(15.0, 5.0)
    backlog.waits(13.0, 400)
    assert not backlog.too_slow(15.0, 5.0)
    assert backlog.sent(9, changes=6, items=2) == 4
    assert not backlog.too_slow(1e9, 1.0)


def test_a_removal_that_was_forgotten_within_one_round_is_told_by_a_snapshot(floor):
    """Found by the law W8: nothing visible is left in the ledger, and yet something is gone."""
    of_b = Client().join(floor.audience, Sight(sites=frozenset("b")))
    for id_ in ("b1", "a1", "a2"):
        floor.ledger.remove("tile", id_)
    floor.broadcast()
    assert of_b.held == {}
