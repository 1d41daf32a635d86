"""A number recounted from the log is the number that metrics published, contact by contact."""

import random
from collections.abc import Iterable

import pytest

from services.api.domain.recount import (
    Recount,
    Window,
    arrivals_of,
    differences,
    published_of,
    record_of,
    recounted,
    rolling_window,
)
from services.contracts.events import (
    Abandoned,
    Answered,
    Channel,
    Ended,
    FlowedOut,
    Held,
    LegEvent,
    Offered,
    Ringing,
    Transferred,
    decode_contacts,
)
from services.contracts.metrics import Interval, Tile
from services.contracts.topology import ChannelTerms, Queue
from tests.unit.metrics.desk import SALES, SERVICE, Desk, queue, site

MINUTE = 60_000
NOON = 1_767_960_000_000  # 2026-01-09 12:00 in Lisbon
PLAIN = queue(SALES)
MIXED = queue(
    SERVICE,
    (20, 60),
    response_objective_s=600,
    channels={"chat": ChannelTerms(target_s=60, short_abandon_s=10), "email": ChannelTerms(target_s=3600)},
)


def recount_of(desk: Desk, described: Queue, window: Window, first: int, last: int) -> Recount:
    recount = Recount(described, *arrivals_of(window, described))
    for record in desk.log:
        if record.topic.endswith("contacts") and max(first, 0) <= record.offset <= last:
            recount.feed(record.offset, decode_contacts(record.value))
    return recount


def assert_proved(desk: Desk, described: Queue, item: Interval | Tile, clock: int) -> None:
    if isinstance(item, Tile):
        window, first, last = rolling_window(item), -1, item.offset
    else:
        window, first, last = Window(item.start, item.end, rolling=False), item.first_offset, item.revision
    recount = recount_of(desk, described, window, first, last)
    claimed = published_of(item, details=True)
    assert differences(claimed, recounted(recount, recount.legs_at(clock), window, claimed)) == ()


def events_of(chance: random.Random, queues: Iterable[str], calls: int) -> list[LegEvent]:
    """Calls of every fate on several channels, some of whom nobody hears of again."""
    events: list[LegEvent] = []
    for number in range(calls):
        name, contact = chance.choice(list(queues)), f"c{number % (calls - 3)}"
        offered_at = NOON + chance.randrange(90 * MINUTE)
        channels: tuple[Channel, ...] = ("voice", "voice", "chat", "email")
        channel, segment = chance.choice(channels), chance.choice(("", "VIP"))
        if chance.random() < 0.95:
            events.append(Offered(f"o{number}", "acd", offered_at, name, contact, channel, segment, f"p{number % 7}"))
        leg = (name, contact, offered_at)
        at = offered_at + round(chance.expovariate(1 / 25_000))
        if chance.random() < 0.3:
            events.append(Ringing(f"r{number}", "acd", (offered_at + at) // 2, *leg, agent="ann"))
        fate = chance.random()
        if fate < 0.65:
            events.append(Answered(f"a{number}", "acd", at, *leg, agent="ann"))
            if fate < 0.5:
                events.append(Ended(f"e{number}", "acd", at + 90_000, *leg, 80_000, 5_000, 5_000))
            if fate < 0.1:
                events += (
                    Held(f"h{number}", "acd", at + 9_000, *leg),
                    Transferred(f"t{number}", "acd", at + 90_000, *leg, "blind"),
                )
        elif fate < 0.8:
            events.append(Abandoned(f"b{number}", "acd", at, *leg))
        elif fate < 0.9:
            events.append(FlowedOut(f"f{number}", "acd", at, *leg, "callback"))
    return events


@pytest.mark.parametrize("seed", range(8))
def test_every_published_number_is_that_of_its_contacts(seed):
    """In disorder and with repeats; looked at again and again while it happens, and hours later when ghosts appear."""
    chance = random.Random(seed)
    desk = Desk(site("Europe/Lisbon"), PLAIN, MIXED)
    events = events_of(chance, (SALES, SERVICE), 160)
    events += chance.sample(events, len(events) // 10)
    events.sort(key=lambda event: event.at + chance.randrange(4 * MINUTE))
    proved = 0
    for first in range(0, len(events), 40):
        for start in range(first, min(first + 40, len(events)), 8):
            desk.send(*events[start : start + 8])
        desk.clock(max(event.at for event in events[: first + 40]))
        proved += prove_all(desk)
    for hours in (5, 8):
        desk.clock(NOON + hours * 3600 * 1000)
        proved += prove_all(desk)
    assert proved > 20
    assert any(tile.ghosts for tile in desk.tiles.values())


def prove_all(desk: Desk) -> int:
    desk.look()
    intervals = [half for half in desk.checkpoint() if isinstance(half, Interval)]
    for described in (PLAIN, MIXED):
        tile = desk.tile(described.id)
        assert_proved(desk, described, tile, tile.as_of)
        for half in intervals:
            if half.scope == described.id:
                assert_proved(desk, described, half, tile.as_of)
    return len(intervals)


def test_a_wrong_number_does_not_pass():
    desk = Desk(site("Europe/Lisbon"), PLAIN)
    desk.send(*events_of(random.Random(1), (SALES,), 30))
    (half, *_) = [half for half in desk.checkpoint() if isinstance(half, Interval)]
    wrong = half.model_copy(
        update={"by_threshold": half.by_threshold | {20: half.by_threshold[20].model_copy(update={"answered": 99})}}
    )
    window = Window(half.start, half.end, rolling=False)
    recount = recount_of(desk, PLAIN, window, half.first_offset, half.revision)
    claimed = published_of(wrong, details=True)
    (difference,) = differences(claimed, recounted(recount, recount.legs_at(half.end), window, claimed))
    assert (difference.counter, difference.published) == ("by_threshold.20.answered", 99)


def test_a_contact_is_listed_with_the_events_it_was_counted_from():
    leg = (SALES, "c1", NOON)
    recount = Recount(PLAIN, NOON, NOON + 30 * MINUTE)
    recount.feed(7, [Answered("a", "acd", NOON + 25_000, *leg, agent="ann")])
    recount.feed(9, [Offered("o", "acd", NOON, SALES, "c1", "voice", "VIP", "p-17", "800")])
    recount.feed(9, [Offered("x", "acd", NOON, SERVICE, "c1"), Offered("y", "acd", NOON - 1, SALES, "c2")])
    recount.feed(
        12, [Answered("a", "acd", NOON + 25_000, *leg, agent="ann"), Ended("e", "acd", NOON + 60_000, *leg, 30_000)]
    )
    (only,) = recount.legs_at(NOON)
    record = record_of(only, recount.terms(only, 20))
    assert (record.contact, record.outcome, record.wait_ms, record.within) == ("c1", "answered", 25_000, False)
    assert (record.segment, record.dialled, record.customer, record.agent) == ("VIP", "800", "p-17", "ann")
    assert (record.counted_at, record.talk_ms, record.reason) == (NOON + 20_000, 30_000, None)
    assert [(event.offset, event.type, event.new) for event in record.events] == [
        (7, "answered", True), (9, "offered", True), (12, "answered", False), (12, "ended", True),
    ]  # fmt: skip
    assert record.events[0].fields == {"offered_at": NOON, "agent": "ann"}


def test_a_ghost_is_listed_as_one_from_its_moment_on():
    recount = Recount(PLAIN, NOON, NOON + 1)
    recount.feed(0, [Offered("o", "acd", NOON, SALES, "c1")])
    four_hours = 4 * 3600 * 1000
    before, after = (recount.legs_at(NOON + clock)[0] for clock in (four_hours - 1, four_hours))
    assert record_of(before, recount.terms(before, None)).outcome == "waiting"
    ghost = record_of(after, recount.terms(after, None))
    assert (ghost.outcome, ghost.reason, ghost.wait_ms) == ("ghost", "unknown", four_hours)
