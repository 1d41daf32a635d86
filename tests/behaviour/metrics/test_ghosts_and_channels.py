"""Who is never heard of again, who waits for days, and queues that take several channels."""

import random

import pytest

from services.contracts.definitions import Counts
from services.contracts.events import Answered, ContactEvent, Ended, FlowedOut, Held, Offered, Ringing, Transferred
from services.contracts.metrics import Interval
from services.contracts.topology import ChannelTerms
from services.metrics.domain.clocks import Horizons
from tests.oracle import floor as oracle
from tests.unit.metrics.desk import SALES, Desk, queue, site
from tests.unit.metrics.floors import events_of, in_time_order

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOON = 1_767_960_000_000  # 2026-01-09 12:00 in Lisbon


def came(contact: str, at: int, channel: str = "voice", segment: str = "") -> Offered:
    return Offered(f"{contact}:o", "acd", at, SALES, contact, channel, segment)  # type: ignore[arg-type]


def about(contact: str, at: int, since: int) -> tuple[str, str, int, str, str, int]:
    return f"{contact}:{at}", "acd", at, SALES, contact, since


@pytest.fixture
def floor() -> Desk:
    return Desk(site("Europe/Lisbon"), queue(SALES, ghost_after_s=3600))


def half_hour(floor: Desk, start: int = NOON) -> Interval:
    found = floor.half_hours()[SALES, start]
    assert isinstance(found, Interval)
    return found


def test_an_hour_without_a_sign_of_life_makes_a_ghost(floor):
    """
    12:00                              13:00
    ●─waits────────────────────────────╳ ghost: flowed out, nobody knows where
    """
    floor.send(came("ana", NOON))
    floor.clock(NOON + HOUR - 1)
    assert (floor.tile().waiting, floor.tile().ghosts) == (1, 0)
    assert half_hour(floor).status == "provisional"

    floor.clock(NOON + HOUR)
    assert (floor.tile().waiting, floor.tile().ghosts) == (0, 1)
    assert floor.tile().oldest_offered_at is None
    assert half_hour(floor).by_threshold[20] == Counts(offered=1, flowed_out=1)
    assert half_hour(floor).details.flow_outs == {"unknown": 1}
    assert half_hour(floor).status == "final"
    assert half_hour(floor).waiting_ms == 30 * MINUTE
    assert half_hour(floor, NOON + 30 * MINUTE).waiting_ms == 30 * MINUTE


def test_a_phone_that_rings_is_a_sign_of_life(floor):
    floor.send(came("ana", NOON), Ringing(*about("ana", NOON + 50 * MINUTE, NOON)))
    floor.clock(NOON + HOUR + 49 * MINUTE)
    assert floor.tile().waiting == 1

    floor.clock(NOON + HOUR + 50 * MINUTE)
    assert floor.tile().ghosts == 1


def test_the_outcome_of_a_ghost_is_told_after_all(floor):
    floor.send(came("ana", NOON))
    floor.clock(NOON + 2 * HOUR)
    assert half_hour(floor).details.flow_outs == {"unknown": 1}

    floor.send(Answered(*about("ana", NOON + 5000, NOON)))

    assert half_hour(floor).by_threshold[20] == Counts(offered=1, answered=1, answered_within=1, wait_answered_ms=5000)
    assert half_hour(floor).waiting_ms == 5000
    assert floor.half_hours()[SALES, NOON + 30 * MINUTE].waiting_ms == 0
    assert floor.tile().ghosts == 0


def test_a_ghost_is_a_ghost_after_a_crash(floor):
    floor.send(came("ana", NOON))
    floor.clock(NOON + 2 * HOUR)
    before = floor.tile()
    floor.checkpoint()
    floor.kill()

    assert floor.tile() == before
    floor.clock(NOON + 3 * HOUR)
    assert floor.tile().ghosts == 1


def test_what_happened_besides(floor):
    """
    0      8   10        60     70
    ●──────┼───●answered─hold───transferred, after a consultation
         rings
    """
    floor.send(
        came("ana", NOON),
        Ringing(*about("ana", NOON + 8000, NOON)),
        Held(*about("ana", NOON + 60_000, NOON)),
        Transferred(*about("ana", NOON + 70_000, NOON), "consulted", "lisbon/service"),
    )
    inferred = floor.tile().details
    assert (inferred.rang, inferred.held, inferred.transferred_consulted, inferred.inferred) == (1, 1, 1, 1)
    assert floor.rolling(20).wait_answered_ms == 60_000  # at the latest when it was held

    floor.send(Answered(*about("ana", NOON + 10_000, NOON)))
    assert floor.tile().details.inferred == 0
    assert floor.rolling(20).wait_answered_ms == 10_000


# -- channels


@pytest.fixture
def mixed() -> Desk:
    channels = {
        "email": ChannelTerms(target_s=4 * 3600, target_percent=90, response_objective_s=2 * DAY // 1000),
        "chat": ChannelTerms(target_s=60),
    }
    return Desk(site("Europe/Lisbon"), queue(SALES, channels=channels, skill="portuguese"))


def test_each_channel_is_held_to_its_own_target(mixed):
    for channel, wait in (("voice", 30_000), ("chat", 30_000), ("email", HOUR)):
        mixed.send(came(channel, NOON, channel), Answered(*about(channel, NOON + wait, NOON)))
    tile, interval = mixed.tile(), half_hour(mixed)

    assert tile.skill == "portuguese"
    assert tile.channels["email"].counts.answered_within == 1
    assert tile.channels["email"].target_percent == 90
    assert tile.rolling[20].answered_within == 0
    assert interval.target is not None
    assert (interval.target.answered, interval.target.answered_within) == (3, 2)
    assert {group.channel: group.counts.answered_within for group in interval.groups} == {
        "voice": 0, "chat": 1, "email": 1,
    }  # fmt: skip
    assert (interval.details.objectives, interval.details.objectives_met) == (1, 0)


def test_the_offer_comes_last_and_says_that_it_is_a_chat(mixed):
    mixed.send(Answered(*about("eva", NOON + 30_000, NOON)))
    assert mixed.tile().channels["voice"].counts.answered == 1

    mixed.send(came("eva", NOON, "chat", "VIP"))
    tile = mixed.tile()
    assert tile.channels["voice"].counts.answered == 0
    assert tile.channels["chat"].counts.answered_within == 1
    assert [(group.segment, group.counts.answered) for group in half_hour(mixed).groups] == [("VIP", 1)]


def test_an_email_is_answered_after_three_days(mixed):
    """Its page is long closed for others, but it still takes what becomes of those who wait on it."""
    mixed.send(
        came("mail", NOON, "email"), came("call", NOON + 1), FlowedOut(*about("call", NOON + 9, NOON + 1), "closed")
    )
    mixed.clock(NOON + 2 * DAY)
    mixed.checkpoint()
    mixed.clock(NOON + 3 * DAY)
    assert mixed.tile().waiting == 1
    mixed.checkpoint()
    mixed.kill()

    mixed.send(Answered(*about("mail", NOON + 3 * DAY, NOON)), came("late", NOON + 5))
    mixed.checkpoint()
    mixed.send(Ended(*about("mail", NOON + 3 * DAY + HOUR, NOON), HOUR))

    counts = half_hour(mixed).by_threshold[20]
    assert (counts.offered, counts.answered, counts.flowed_out, counts.handled) == (2, 1, 1, 1)
    assert half_hour(mixed).status == "final"
    assert [letter.id for letter in mixed.letters.values()] == ["metrics|contacts|late:o"]
    mixed.clock(NOON + 10 * DAY)
    mixed.checkpoint()
    assert [key for key in mixed.changelog if SALES.encode() in key] == []


@pytest.mark.parametrize("seed", range(6))
def test_a_week_of_emails_with_a_horizon_of_hours(seed):
    """Half-hours are corrected days later, by workers that die: each ends as the oracle counts it."""
    chance = random.Random(seed)
    rules = oracle.Rules(20, 5, channels={"email": oracle.Rules(3600, objective_s=DAY // 1000)})
    channels = {"email": ChannelTerms(target_s=3600, response_objective_s=DAY // 1000)}
    floor = Desk(
        site("Europe/Lisbon"),
        queue(SALES, channels=channels),
        horizons=Horizons(horizon_ms=26 * HOUR, folded_ms=2 * HOUR),
    )
    made = []
    for number in range(60):
        at = NOON + chance.randrange(6 * DAY)
        wait, talk = round(chance.expovariate(1 / DAY)), chance.randrange(HOUR)
        channel = chance.choice(["email", "email", "voice"])
        if channel == "voice":
            wait = min(wait // 500, 3 * HOUR)
        fate = chance.random() < 0.9
        made.append(
            oracle.Call(
                SALES, f"c{number}", at, "answered" if fate else None, at + min(wait, 6 * DAY) if fate else None,
                talk_ms=talk if fate else None, channel=channel,
            )
        )  # fmt: skip
    now = NOON + 15 * DAY
    record: list[ContactEvent] = []
    for event in in_time_order(made):
        record.append(event)
        if chance.random() < 0.4:
            floor.send(*record)
            record = []
            if chance.random() < 0.5:
                floor.look()
            if chance.random() < 0.5:
                floor.checkpoint()
            if chance.random() < 0.2:
                floor.kill(replay_from=chance.randrange(floor.acknowledged + 1))
    floor.send(*record)
    for day in range(16):
        floor.clock(NOON + day * DAY)
        floor.checkpoint()

    expected = oracle.ledger(made, "Europe/Lisbon", (20, 30), rules, now)
    found = {name: one for name, one in floor.half_hours().items() if isinstance(one, Interval)}
    assert floor.letters == {}
    assert sum(len(events_of(call)) for call in made) > 100
    for name, one in expected.items():
        counted = {t: counts.model_dump() for t, counts in found[name].by_threshold.items()}
        assert counted == one["by_threshold"]
        assert (found[name].target or Counts()).model_dump() == one["target"]
        assert found[name].details.model_dump() == one["details"]
        assert found[name].waiting_ms == one["waiting_ms"]
    assert floor.keeper.violations == 0
