"""Who calls again: the same customer, the same queue, within a day or a week."""

import pytest

from services.contracts.events import Offered
from services.contracts.metrics import Repeats
from tests.unit.metrics.desk import SALES, SERVICE, Desk, queue, site

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOON = 1_767_960_000_000  # 2026-01-09 12:00 in Lisbon


def called(contact: str, at: int, customer: str, queue_id: str = SALES) -> Offered:
    return Offered(f"{contact}:o", "acd", at, queue_id, contact, customer=customer)


@pytest.fixture
def floor() -> Desk:
    return Desk(site("Europe/Lisbon"), queue(SALES), queue(SERVICE))


def half_hour(floor: Desk, start: int = NOON, scope: str = SALES) -> Repeats:
    return floor.repeat_calls()[scope, start]


def test_a_second_call_within_the_day_and_one_within_the_week(floor):
    floor.send(called("a1", NOON - 2 * DAY, "ana"), called("b1", NOON - HOUR, "ben"))
    floor.send(called("a2", NOON, "ana"), called("b2", NOON + 1, "ben"), called("e1", NOON + 2, "eva"))

    noon = half_hour(floor)
    assert (noon.known, noon.within_days) == (3, {1: 1, 7: 2})
    assert (noon.date, noon.label, noon.end) == ("2026-01-09", "12:00", NOON + 30 * MINUTE)


def test_exactly_a_week_counts_and_a_moment_more_does_not(floor):
    floor.send(called("a1", NOON, "ana"), called("b1", NOON, "ben"))
    floor.send(called("a2", NOON + 7 * DAY, "ana"), called("b2", NOON + 7 * DAY + 1, "ben"))

    assert half_hour(floor, NOON + 7 * DAY).within_days == {1: 0, 7: 1}


def test_another_queue_and_a_customer_whom_nobody_knows_are_no_repeats(floor):
    floor.send(
        called("a1", NOON, "ana"), called("a2", NOON + 1, "ana", SERVICE), called("x", NOON, ""), called("y", NOON, "")
    )

    assert (half_hour(floor).known, half_hour(floor).within_days) == (1, {1: 0, 7: 0})
    assert half_hour(floor, scope=SERVICE).within_days == {1: 0, 7: 0}


def test_a_late_first_call_makes_the_later_one_a_repeat(floor):
    """
    11:00 ●┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ told last
    12:00          ●  no repeat, until then
    """
    floor.send(called("a2", NOON, "ana"))
    floor.send(called("b", NOON + 90 * MINUTE, "ben"))
    before = half_hour(floor)
    floor.send(called("a1", NOON - HOUR, "ana"))
    after = half_hour(floor)

    assert (before.within_days[1], before.revision) == (0, 0)
    assert (after.within_days[1], after.revision) == (1, 2)
    assert half_hour(floor, NOON - HOUR).within_days == {1: 0, 7: 0}


def test_a_floor_without_known_customers_publishes_nothing(floor):
    floor.send(called("x", NOON, ""))
    assert floor.repeat_calls() == {}


def test_too_late_is_too_late_here_as_well(floor):
    floor.send(called("b", NOON + 30 * HOUR, "ben"), called("a1", NOON, "ana"))
    floor.send(called("a2", NOON + 30 * HOUR, "ana"))

    assert half_hour(floor, NOON + 30 * HOUR).within_days == {1: 0, 7: 0}
    assert len(floor.letters) == 1


def test_what_is_kept_is_bounded(floor):
    """Of a day that is closed only one record is kept, and nothing after the week is over."""
    for hour in range(30 * 24):
        floor.send(*(called(f"c{hour}-{n}", NOON + hour * HOUR + n, f"customer {hour % 50}") for n in range(3)))
        if hour % 24 == 0:
            floor.checkpoint()
    floor.checkpoint()

    pages = [key for key in floor.changelog if b"callers|" in key]
    days = [key for key in floor.changelog if b"caller-days|" in key]
    assert len(days) in (7, 8, 9)
    assert len(pages) <= 3 * 24


def test_a_restart_that_lost_the_last_of_a_checkpoint_forgets_again(floor):
    floor.send(called("a1", NOON, "ana"))
    floor.checkpoint()
    kept = dict(floor.changelog)
    floor.send(called("a2", NOON + 3 * DAY, "ana"))
    floor.checkpoint()
    floor.changelog |= {key: value for key, value in kept.items() if b"callers|" in key}  # a worker that slept
    floor.kill()
    floor.checkpoint()

    assert sum(b"callers|" in key for key in floor.changelog) == 1
    floor.send(called("a3", NOON + 3 * DAY + MINUTE, "ana"))
    assert half_hour(floor, NOON + 3 * DAY).within_days == {1: 1, 7: 2}


def test_a_site_that_moves_to_its_own_time(floor):
    floor.send(called("a1", NOON, "ana"))
    floor.checkpoint()
    floor.keeper.learn("site|lisbon", site("Asia/Tokyo").model_dump_json().encode())

    assert half_hour(floor).label == "21:00"
