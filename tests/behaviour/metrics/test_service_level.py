"""The service level as the floor sees it. Times in the drawings are seconds; the threshold is 20 s unless said otherwise."""

import pytest

from services.contracts.definitions import Counts, service_level
from services.contracts.events import Abandoned, Answered, Ended, FlowedOut, Offered
from tests.unit.metrics.desk import SALES, Desk, queue, site

NOON = 1_767_960_000_000  # 2026-01-09 12:00 in Lisbon
HALF_HOUR_S = 1800


def at(second: float) -> int:
    return NOON + round(second * 1000)


def called(contact: str, second: float, queue_id: str = SALES) -> Offered:
    return Offered(f"{contact}:o", "acd", at(second), queue_id, contact)


def answered(contact: str, second: float, *, called: float) -> Answered:
    return Answered(f"{contact}:a", "acd", at(second), SALES, contact, at(called))


def gave_up(contact: str, second: float, *, called: float) -> Abandoned:
    return Abandoned(f"{contact}:b", "acd", at(second), SALES, contact, at(called))


def sent_on(contact: str, second: float, *, called: float) -> FlowedOut:
    return FlowedOut(f"{contact}:f", "acd", at(second), SALES, contact, at(called), "overflow")


def hung_up(contact: str, second: float, *, called: float, talk: float, wrap_up: float = 0) -> Ended:
    times = round(talk * 1000), 0, round(wrap_up * 1000)
    return Ended(f"{contact}:e", "acd", at(second), SALES, contact, at(called), *times)


@pytest.fixture
def wall() -> Desk:
    return Desk(site("Europe/Lisbon"), queue(thresholds_s=(20, 30), short_abandon_s=5))


def test_caller_waits_25_s_threshold_20_s_lost_at_20_s(wall):
    """
    0        20    25                    1820
    ●─waits──╳lost─●answered               ○ leaves the window half an hour after it was lost, not after the answer
    """
    wall.send(called("ana", 0))
    wall.clock(at(19.999))
    assert wall.rolling(20).offered == 0
    assert wall.tile().waiting == 1

    wall.clock(at(20))
    assert wall.rolling(20) == Counts(offered=1, waiting=1)
    assert wall.rolling(30).offered == 0

    wall.send(answered("ana", 25, called=0))
    assert wall.rolling(20) == Counts(offered=1, answered=1, wait_answered_ms=25_000)
    assert wall.rolling(30) == Counts(offered=1, answered=1, answered_within=1, wait_answered_ms=25_000)
    assert wall.tile().waiting == 0

    wall.clock(at(HALF_HOUR_S + 19.999))
    assert wall.rolling(20).offered == 1
    wall.clock(at(HALF_HOUR_S + 20))
    assert wall.rolling(20) == Counts()
    assert wall.rolling(30).offered == 1


@pytest.mark.parametrize(("waited", "within"), [(19.999, 1), (20, 1), (20.001, 0)])
def test_answered_within_means_at_most_the_threshold(wall, waited, within):
    wall.send(called("ana", 0), answered("ana", waited, called=0))

    assert wall.rolling(20).answered_within == within


def test_the_queue_now_and_its_longest_wait(wall):
    """
    0     10     12          30
    ●─ana─────────┼─answered
          ●─ben───┼──────────●gives up
    """
    wall.send(called("ana", 0))
    wall.send(called("ben", 10))
    assert (wall.tile().waiting, wall.tile().oldest_offered_at) == (2, at(0))

    wall.send(answered("ana", 12, called=0))
    assert (wall.tile().waiting, wall.tile().oldest_offered_at) == (1, at(10))

    wall.send(gave_up("ben", 30, called=10))
    assert (wall.tile().waiting, wall.tile().oldest_offered_at) == (0, None)


def test_70_in_time_10_give_up_in_time_20_late_is_cisco_77_8_70_80_percent(wall):
    for n in range(70):
        wall.send(called(f"in-{n}", n), answered(f"in-{n}", n + 15, called=n))
    for n in range(10):
        wall.send(called(f"up-{n}", n), gave_up(f"up-{n}", n + 12, called=n))
    for n in range(20):
        wall.send(called(f"late-{n}", n), answered(f"late-{n}", n + 40, called=n))
    wall.clock(at(200))
    counts = wall.rolling(20)

    assert round(100 * (service_level("cisco_ignore", counts) or 0), 1) == 77.8
    assert service_level("cisco_negative", counts) == 0.70
    assert service_level("cisco_positive", counts) == 0.80
    assert service_level("offered", counts) == 0.70
    ((_, interval),) = wall.half_hours().items()
    assert interval.by_threshold[20] == counts


def test_short_abandons_are_counted_apart(wall):
    wall.send(called("ana", 0), gave_up("ana", 4.999, called=0))
    wall.send(called("ben", 0), gave_up("ben", 5, called=0))
    wall.send(called("eva", 0), gave_up("eva", 25, called=0))

    assert wall.rolling(20) == Counts(
        offered=3,
        abandoned=3,
        abandoned_within=2,
        short_abandoned=1,
        short_abandoned_within=1,
        wait_abandoned_ms=34_999,
    )


def test_the_answer_is_heard_of_before_the_call(wall):
    """Feeds are unordered: Answered tells by itself when the caller came."""
    wall.send(answered("ana", 12, called=0))
    assert wall.rolling(20) == Counts(offered=1, answered=1, answered_within=1, wait_answered_ms=12_000)

    wall.send(called("ana", 0))
    assert wall.rolling(20).offered == 1
    assert wall.tile().waiting == 0


def test_everything_said_three_times_counts_once(wall):
    story = [called("ana", 0), answered("ana", 8, called=0), hung_up("ana", 98, called=0, talk=80, wrap_up=10)]
    for _ in range(3):
        wall.send(*story, *story)

    assert wall.rolling(20) == Counts(
        offered=1, answered=1, answered_within=1, wait_answered_ms=8000, handled=1, talk_ms=80_000, wrap_up_ms=10_000
    )


def test_of_two_contradicting_outcomes_the_earlier_one_stands(wall):
    wall.send(called("ana", 0), gave_up("ana", 9, called=0), answered("ana", 8, called=0))
    wall.send(called("ben", 0), answered("ben", 8, called=0), gave_up("ben", 8, called=0), sent_on("ben", 8, called=0))

    assert wall.rolling(20).answered == 2
    assert wall.rolling(20).abandoned == 0


def test_a_call_that_ended_was_answered_even_if_nobody_said_so(wall):
    """
    0        12                92    97
    ●─waits──┼────talks 80 s───┼wrap─● ended: the rest of the 97 s it must have waited
    """
    wall.send(called("ana", 0), hung_up("ana", 97, called=0, talk=80, wrap_up=5))
    assert wall.rolling(20).wait_answered_ms == 12_000

    wall.send(answered("ana", 13, called=0))  # the lost event comes at last, and knows better
    assert wall.rolling(20).wait_answered_ms == 13_000
    assert wall.rolling(20).answered == 1


def test_the_clock_jumps_hours_and_the_window_is_empty(wall):
    wall.send(called("ana", 0), answered("ana", 3, called=0), called("ben", 5))
    wall.look()
    wall.clock(at(3 * 3600))

    assert wall.rolling(20) == Counts()
    assert wall.tile().waiting == 1


def test_a_tile_is_not_told_again_merely_because_time_passes(wall):
    wall.send(called("ana", 0), answered("ana", 3, called=0))
    assert list(wall.look()) == [SALES]

    wall.clock(at(60))
    assert wall.look() == {}
    assert wall.feeds["acd|lisbon|contacts|0"].at == at(60)

    wall.clock(at(HALF_HOUR_S + 3))
    assert list(wall.look()) == [SALES]


def test_a_feed_that_falls_back_moves_nothing(wall):
    wall.send(called("ana", 0))
    wall.clock(at(60), rate=30)
    wall.look()
    wall.clock(at(50), rate=1)

    assert wall.look() == {}
    assert wall.feeds["acd|lisbon|contacts|0"].model_dump(include={"at", "rate"}) == {"at": at(60), "rate": 30.0}


def test_sites_have_clocks_of_their_own(wall):
    wall.send(called("ana", 0), called("rui", 0, "porto/sales"))
    wall.clock(at(20), site="porto")

    assert wall.rolling(20, "porto/sales").waiting == 1
    assert wall.rolling(20).waiting == 0


def test_a_late_answer_exactly_half_an_hour_old_is_out(wall):
    """
    10               now − 30 min                              now
    ──────────────────────○─────────────────────────────────────●
                     out: at this moment or before      in: up to now
    """
    wall.clock(at(HALF_HOUR_S + 10))
    wall.send(answered("ana", 10, called=5), answered("ben", 10.001, called=5))

    assert wall.rolling(20).answered == 1


def test_answered_late_and_ended_between_two_looks(wall):
    """She was lost at 20 s and counted as waiting; the next look finds her answered at 25 s and gone."""
    wall.send(called("ana", 0))
    wall.clock(at(22))
    assert wall.rolling(20) == Counts(offered=1, waiting=1)
    wall.send(answered("ana", 26, called=0))
    wall.look()
    wall.send(answered("ana", 25, called=0), hung_up("ana", 125, called=0, talk=100))

    assert wall.rolling(20) == Counts(offered=1, answered=1, wait_answered_ms=25_000, handled=1, talk_ms=100_000)
