"""The half-hours of the day: provisional, final, corrected; late, too late; and what can't be used."""

import pytest

from services.contracts.definitions import Counts
from services.contracts.events import Answered, IvrEntered, IvrExited, IvrNodeVisited, Offered, encode_batch
from services.contracts.metrics import Interval, IvrCounts
from services.contracts.topology import Site
from services.metrics.domain.clocks import Horizons
from tests.unit.metrics.desk import MENU, NAMES, SALES, SERVICE, Desk, queue, site, text

MINUTE = 60_000
HOUR = 60 * MINUTE
NOON = 1_767_960_000_000  # 2026-01-09 12:00 in Lisbon


def called(contact: str, at: int, queue_id: str = SALES) -> Offered:
    return Offered(f"{contact}:o", "acd", at, queue_id, contact)


def answered(contact: str, at: int, *, called: int, queue_id: str = SALES) -> Answered:
    return Answered(f"{contact}:a", "acd", at, queue_id, contact, called)


@pytest.fixture
def floor() -> Desk:
    return Desk(site("Europe/Lisbon"), queue(SALES), queue(SERVICE))


def half_hour(floor: Desk, start: int = NOON, scope: str = SALES) -> Interval:
    found = floor.half_hours()[scope, start]
    assert isinstance(found, Interval)
    return found


def test_provisional_then_final_ten_minutes_after_its_end(floor):
    """
    12:00                       12:30      12:40
    ├──●──────provisional─────────┤──────────┤final
    """
    floor.send(called("ana", NOON), answered("ana", NOON + 5000, called=NOON))
    first = half_hour(floor)
    assert (first.date, first.label, first.end) == ("2026-01-09", "12:00", NOON + 30 * MINUTE)
    assert first.status == "provisional"

    floor.clock(NOON + 40 * MINUTE - 1)
    assert half_hour(floor).status == "provisional"
    floor.clock(NOON + 40 * MINUTE)
    assert half_hour(floor).status == "final"
    assert half_hour(floor).revision == first.revision  # it ended, but nobody changed it


def test_not_final_while_one_of_its_callers_waits(floor):
    floor.send(called("ana", NOON + 29 * MINUTE))
    floor.clock(NOON + 50 * MINUTE)
    assert half_hour(floor).status == "provisional"
    assert half_hour(floor).by_threshold[20] == Counts(offered=1, waiting=1)

    floor.send(answered("ana", NOON + 51 * MINUTE, called=NOON + 29 * MINUTE))
    assert half_hour(floor).status == "final"


def test_a_late_event_corrects_a_final_half_hour(floor):
    floor.send(called("ana", NOON))
    floor.send(answered("ana", NOON + 5000, called=NOON))
    floor.clock(NOON + 20 * HOUR)
    before = half_hour(floor)

    floor.send(answered("ben", NOON + 7000, called=NOON + 1000))

    after = half_hour(floor)
    assert (before.by_threshold[20].offered, after.by_threshold[20].offered) == (1, 2)
    assert after.status == "final"
    assert after.revision == 3 > before.revision


def test_nothing_is_published_twice_for_nothing(floor):
    floor.send(called("ana", NOON), answered("ana", NOON + 5000, called=NOON))
    assert len(floor.checkpoint()) == 1

    floor.send(called("ana", NOON))
    floor.clock(NOON + MINUTE)

    assert floor.checkpoint() == []


def test_too_late_goes_to_dead_letters_with_its_reason(floor):
    floor.clock(NOON + 27 * HOUR)
    floor.send(called("ana", NOON), answered("ben", NOON + 26 * HOUR, called=NOON + 26 * HOUR))
    floor.checkpoint()

    (letter,) = floor.letters.values()
    assert letter.id == "metrics|contacts|ana:o"
    assert letter.source == "acd"
    assert "too late" in letter.reason
    assert [scope for scope, _ in floor.half_hours()] == [SALES]


def test_what_was_too_late_once_is_no_second_letter_after_a_crash(floor):
    floor.send(called("ana", NOON))
    floor.clock(NOON + 30 * HOUR)
    floor.checkpoint()
    floor.letters.clear()

    floor.kill(replay_from=0)  # its page is closed and gone; the clocks say that it was counted
    floor.checkpoint()

    assert floor.letters == {}
    assert half_hour(floor).by_threshold[20].offered == 1


def test_a_ghost_is_forgotten_with_its_page(floor):
    """Most likely the feed lost the end: the queue must not show a caller for ever."""
    floor.send(called("ana", NOON))
    floor.checkpoint()
    floor.clock(NOON + 26 * HOUR)
    assert (floor.tile().waiting, floor.tile().ghosts) == (0, 1)
    floor.checkpoint()
    assert floor.keeper.unresolved == 0

    floor.clock(NOON + 32 * HOUR)  # 26 hours after it became a ghost, and some time for the half-hour to close
    floor.checkpoint()

    assert (floor.tile().waiting, floor.tile().ghosts) == (0, 0)
    assert floor.keeper.unresolved == 1
    assert [key for key in floor.changelog if SALES.encode() in key] == []
    assert half_hour(floor).status == "final"


def test_a_half_hour_is_closed_as_a_whole():
    """At 13:02 with a horizon of an hour the first pages of 12:00 are closed, but its last ones take late events."""
    floor = Desk(site("Europe/Lisbon"), horizons=Horizons(horizon_ms=HOUR, folded_ms=5 * MINUTE))
    early, last = NOON + MINUTE, NOON + 26 * MINUTE
    floor.send(called("ana", early), answered("ana", early + 5000, called=early))
    floor.clock(NOON + HOUR + 20 * MINUTE)
    floor.checkpoint()
    floor.send(answered("ben", last + 9, called=last), answered("eva", early + 9, called=early))

    assert half_hour(floor).by_threshold[20].offered == 2
    assert [letter.id for letter in floor.letters.values()] == ["metrics|contacts|eva:a"]


def test_pages_that_rest_are_folded_and_still_take_late_events(floor):
    floor.send(called("ana", NOON), answered("ana", NOON + 5000, called=NOON))
    floor.clock(NOON + 5 * HOUR)
    floor.checkpoint()
    floor.kill()

    floor.send(answered("ben", NOON + 9000, called=NOON))

    assert half_hour(floor).by_threshold[20].answered == 2


def test_the_end_of_a_half_hour_is_told_after_a_crash_too(floor):
    floor.send(called("ana", NOON), answered("ana", NOON + 5000, called=NOON))
    floor.checkpoint()
    floor.kill()
    floor.clock(NOON + HOUR)

    assert half_hour(floor).status == "final"


def test_described_anew_while_nobody_counted(floor):
    """The threshold changes while metrics is down: half-hours that are open to corrections are counted by the new one."""
    floor.send(called("ana", NOON), answered("ana", NOON + 50_000, called=NOON))
    floor.checkpoint()
    floor.topology = (site("Europe/Lisbon"), queue(SALES, thresholds_s=(60,), target_s=60))
    floor.kill()

    assert half_hour(floor).by_threshold.keys() == {60}
    assert half_hour(floor).by_threshold[60].answered_within == 1


def test_described_in_the_middle_of_a_checkpoint(floor):
    floor.send(called("ana", NOON), answered("ana", NOON + 50_000, called=NOON))
    part = floor.keeper.checkpoint()
    assert part.state
    floor.keeper.learn(f"queue|{SALES}", queue(thresholds_s=(60,), target_s=60).model_dump_json().encode())
    while any(floor.keeper.checkpoint()):
        pass

    assert half_hour(floor).by_threshold.keys() == {60}


def test_a_description_that_is_taken_back(floor):
    floor.send(called("ana", NOON))
    floor.look()
    floor.keeper.learn(f"queue|{SALES}", queue(thresholds_s=(60,), target_s=60).model_dump_json().encode())
    assert floor.tile().rolling.keys() == {60}

    floor.keeper.learn(f"queue|{SALES}", None)
    assert floor.tile().rolling.keys() == {20, 30}


@pytest.mark.parametrize("value", [b"{", b'{"kind":"queue"}', site("UTC", "porto").model_dump_json().encode()])
def test_an_unusable_description_changes_nothing(floor, value):
    before = floor.keeper.topology
    with pytest.raises(ValueError, match=r"valid|describes"):
        floor.keeper.learn("site|lisbon", value)

    assert floor.keeper.topology == before


def test_a_site_that_nobody_described_counts_in_utc():
    floor = Desk()
    floor.send(called("ana", NOON, "tokyo/sales"))

    assert half_hour(floor, scope="tokyo/sales").label == "12:00"


def test_a_site_moves_to_its_own_time(floor):
    floor.send(called("ana", NOON))
    floor.checkpoint()
    moved = Site(id="lisbon", name=text("Lisbon"), timezone="Asia/Tokyo")
    floor.keeper.learn("site|lisbon", moved.model_dump_json().encode())

    assert half_hour(floor).label == "21:00"


# -- what can't be used


def test_one_bad_event_loses_nothing_else_of_its_batch(floor):
    good, bad = encode_batch([called("ana", NOON)])[1:], encode_batch([[1, "x", "acd", "noon", SALES, "ben"]])[1:]
    floor.send_raw(b"\x92" + bad + good)  # a msgpack array of two
    floor.checkpoint()

    assert half_hour(floor).by_threshold[20].offered == 1
    (letter,) = floor.letters.values()
    assert letter.id == f"metrics|{NAMES.contacts.name}|0|0|0"
    assert "int" in letter.reason


@pytest.mark.parametrize("value", [b"", b"garbage", encode_batch({"no": "list"}), b"\x91\xff", b"\x91\x91\xa1\xff"])
def test_a_record_that_is_no_batch_does_not_stop_the_stream(floor, value):
    floor.send_raw(value)
    floor.send_raw(value, NAMES.ivr.name)
    floor.send(called("ana", NOON))

    assert half_hour(floor).by_threshold[20].offered == 1
    assert len(floor.letters) == 2


@pytest.mark.parametrize(
    "event",
    [
        called("ana", NOON, "no-site"),
        called("ana", NOON, "lisbon/two|parts"),
        called("ana", 10**17),
        answered("ana", 10**17, called=NOON),
        answered("ana", NOON, called=10**17),
        answered("ana", NOON, called=-5),
    ],
)  # fmt: skip
def test_an_event_of_nowhere_or_never_is_a_letter(floor, event):
    floor.send(event, called("ben", NOON))

    assert half_hour(floor).by_threshold[20].offered == 1
    assert len(floor.letters) == 1


@pytest.mark.parametrize(("site_id", "at"), [("no/site", NOON), ("lisbon", 10**17)])
def test_a_heartbeat_of_nowhere_or_never_is_a_letter(floor, site_id, at):
    floor.clock(at, site=site_id)
    floor.send(called("ben", NOON))

    assert half_hour(floor).by_threshold[20].offered == 1
    assert len(floor.letters) == 1


# -- the voice menu


def entered(contact: str, at: int) -> IvrEntered:
    return IvrEntered(f"{contact}:in", "ivr", at, MENU, contact)


def left(contact: str, at: int, outcome: str, *, entered: int) -> IvrExited:
    return IvrExited(f"{contact}:out:{outcome}", "ivr", at, MENU, contact, entered, outcome)  # type: ignore[arg-type]


def menu(floor: Desk) -> IvrCounts:
    found = floor.half_hours()[MENU, NOON]
    assert not isinstance(found, Interval)
    return found.counts


def test_every_call_of_a_menu_has_one_outcome(floor):
    for n, outcome in enumerate(["contained", "abandoned", "to_queue", "virtual", "to_queue"]):
        floor.send_ivr(entered(f"c{n}", NOON + n), left(f"c{n}", NOON + 9000, outcome, entered=NOON + n))
    floor.send_ivr(entered("in", NOON), IvrNodeVisited("in:n", "ivr", NOON + 5, MENU, "in", NOON, "main", 1))

    assert menu(floor) == IvrCounts(entered=6, contained=1, lost=1, to_queue=2, virtual=1, inside=1)


def test_menu_calls_in_disorder_repeated_and_after_a_crash(floor):
    floor.send_ivr(left("ana", NOON + 9000, "to_queue", entered=NOON), entered("ana", NOON))
    floor.checkpoint()
    floor.kill(replay_from=0)
    floor.send_ivr(left("ana", NOON + 9500, "abandoned", entered=NOON), entered("ana", NOON), entered("ben", NOON))

    assert menu(floor) == IvrCounts(entered=2, to_queue=1, inside=1)
    floor.keeper.learn("site|lisbon", site("Asia/Tokyo").model_dump_json().encode())
    assert floor.half_hours()[MENU, NOON].label == "21:00"


def test_a_menu_has_a_clock_of_its_own(floor):
    """The contacts topic's clock says nothing of what may still come on the ivr topic."""
    floor.send_ivr(entered("ana", NOON), left("ana", NOON + 9000, "contained", entered=NOON))
    floor.clock(NOON + 2 * HOUR)
    assert floor.half_hours()[MENU, NOON].status == "provisional"

    floor.send_ivr(entered("late", NOON + 41 * MINUTE))
    assert floor.half_hours()[MENU, NOON].status == "final"


def test_menu_calls_too_late_or_of_nowhere_are_letters(floor):
    floor.send_ivr(entered("now", NOON + 30 * HOUR), entered("old", NOON), IvrEntered("x", "ivr", NOON, "nowhere", "x"))
    floor.checkpoint()

    assert len(floor.letters) == 2


def test_a_menu_of_odd_minutes(floor):
    """Monrovia was 44 min 30 s behind until 1972: its half-hours begin within a page."""
    start = 31_536_000_000  # 1971-01-01 00:00 UTC
    floor.keeper.learn("site|lisbon", site("Africa/Monrovia").model_dump_json().encode())
    floor.send_ivr(entered("a", start + 14 * MINUTE), entered("b", start + 14 * MINUTE + 30_000))

    counted = {i.label: i.counts.entered for i in floor.half_hours().values() if not isinstance(i, Interval)}
    assert counted == {"23:00": 1, "23:30": 1}
