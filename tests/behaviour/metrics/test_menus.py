"""What callers do in a voice menu, and what the half-hour shows of it."""

import pytest

from services.contracts.events import IvrEntered, IvrExited, IvrFault, IvrInputFailed, IvrNodeVisited, IvrOutcome
from services.contracts.metrics import IvrInterval, IvrLink, NodeCounts
from services.metrics.domain.visits import MOST
from tests.unit.metrics.desk import MENU, Desk, site

NOON = 1_767_960_000_000  # 2026-01-09 12:00 in Lisbon
SECOND = 1000


def entered(contact: str, segment: str = "") -> IvrEntered:
    return IvrEntered(f"{contact}:in", "ivr", NOON, MENU, contact, segment)


def reached(contact: str, node: str, after_s: int, depth: int) -> IvrNodeVisited:
    at = NOON + after_s * SECOND
    return IvrNodeVisited(f"{contact}:{node}:{after_s}", "ivr", at, MENU, contact, NOON, node, depth)


def failed(contact: str, node: str, after_s: int, fault: IvrFault) -> IvrInputFailed:
    return IvrInputFailed(f"{contact}:{after_s}", "ivr", NOON + after_s * SECOND, MENU, contact, NOON, node, fault)


def left(contact: str, after_s: int, outcome: IvrOutcome, queue: str = "") -> IvrExited:
    return IvrExited(f"{contact}:out", "ivr", NOON + after_s * SECOND, MENU, contact, NOON, outcome, queue)


@pytest.fixture
def floor() -> Desk:
    return Desk(site("Europe/Lisbon"))


def menu(floor: Desk) -> IvrInterval:
    found = floor.half_hours()[MENU, NOON]
    assert isinstance(found, IvrInterval)
    return found


def links(floor: Desk) -> list[tuple[str, str, int]]:
    return [(link.source, link.to, link.calls) for link in menu(floor).links]


def test_a_call_on_its_way_to_a_queue(floor):
    """
    0 s      9 s        20 s
    ├welcome─┼─accounts─┼─> queue
    """
    floor.send_ivr(entered("ana"), reached("ana", "welcome", 0, 1), reached("ana", "accounts", 9, 2))
    floor.send_ivr(left("ana", 20, "to_queue", "lisbon/sales"))

    assert menu(floor).nodes == {
        "welcome": NodeCounts(entered=1, left=1, time_ms=9000, depth=1),
        "accounts": NodeCounts(entered=1, to_queue=1, time_ms=11_000, depth=2),
    }
    assert links(floor) == [("accounts", "queue:lisbon/sales", 1), ("start", "welcome", 1), ("welcome", "accounts", 1)]


def test_who_hangs_up_is_lost_at_the_last_node_and_in_no_queue(floor):
    floor.send_ivr(left("ana", 15, "abandoned"), reached("ana", "welcome", 0, 1), reached("ana", "accounts", 9, 2))

    assert menu(floor).counts.lost == 1
    assert menu(floor).nodes["accounts"].lost == 1
    assert floor.half_hours().keys() == {(MENU, NOON)}
    assert floor.look() == {}


def test_the_menu_is_heard_again(floor):
    floor.send_ivr(reached("ana", "welcome", 0, 1), reached("ana", "welcome", 9, 1), left("ana", 10, "contained"))

    assert menu(floor).nodes["welcome"] == NodeCounts(entered=2, left=1, contained=1, time_ms=10_000, depth=1)
    assert ("welcome", "welcome", 1) in links(floor)


def test_failed_inputs_are_counted_where_they_fail(floor):
    floor.send_ivr(reached("ana", "welcome", 0, 1), failed("ana", "welcome", 3, "invalid"))
    floor.send_ivr(failed("ana", "welcome", 3, "invalid"), failed("ana", "welcome", 8, "timeout"))

    welcome = menu(floor).nodes["welcome"]
    assert (welcome.invalid, welcome.timeouts, welcome.entered, welcome.inside) == (1, 1, 1, 1)


def test_a_node_of_which_only_the_failed_input_was_told(floor):
    """Nobody knows its depth or what came of it, so it is no visit."""
    floor.send_ivr(failed("ana", "welcome", 3, "invalid"))

    assert menu(floor).nodes == {"welcome": NodeCounts(invalid=1)}


def test_what_is_told_of_a_call_after_it_has_left_is_no_visit(floor):
    floor.send_ivr(reached("ana", "welcome", 0, 1), left("ana", 10, "contained"))
    floor.send_ivr(reached("ana", "accounts", 11, 2), failed("ana", "accounts", 12, "timeout"))

    assert menu(floor).nodes.keys() == {"welcome"}
    assert menu(floor).nodes["welcome"].contained == 1


def test_a_test_call_goes_nowhere(floor):
    floor.send_ivr(reached("probe", "welcome", 0, 1), left("probe", 10, "virtual"))

    assert menu(floor).nodes["welcome"] == NodeCounts(entered=1, inside=1, depth=1)
    assert menu(floor).links == (IvrLink(source="start", to="welcome", calls=1),)


def test_a_call_of_which_no_node_was_told(floor):
    floor.send_ivr(entered("ana"), left("ana", 10, "to_queue", "lisbon/sales"))

    assert links(floor) == [("start", "queue:lisbon/sales", 1)]


def test_containment_by_segment(floor):
    floor.send_ivr(entered("ana", "vip"), left("ana", 10, "contained"), entered("ben", "regular"), entered("eva"))

    segments = menu(floor).segments
    assert {name: (counts.entered, counts.contained) for name, counts in segments.items()} == {
        "": (1, 0), "regular": (1, 0), "vip": (1, 1),
    }  # fmt: skip


def test_a_feed_that_tells_of_one_call_without_end_does_not_fill_the_page(floor):
    floor.send_ivr(*(reached("ana", f"node {number}", number, 1) for number in range(3 * MOST)))

    assert len(menu(floor).nodes) == MOST


def test_a_page_that_an_older_version_kept(floor):
    """It knew the outcome and when, nothing of nodes."""
    floor.send_ivr(entered("ana"), left("ana", 10, "contained"))
    floor.checkpoint()
    (key,) = [key for key in floor.changelog if MENU.encode() in key]
    floor.changelog[key] = b"\x93\x00\x00\x81\x92\xa3ana\xcf" + NOON.to_bytes(8, "big") + b"\x92\x02\xcd\x27\x10"
    floor.kill()
    floor.send_ivr(reached("ana", "welcome", 0, 1))

    assert menu(floor).counts.contained == 1
    assert menu(floor).nodes["welcome"].contained == 1
