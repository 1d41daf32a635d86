"""What goes on while nobody tells: agents' times; and what is known of the past."""

from services.alerts.domain.floor import Floor
from services.alerts.domain.past import KEPT_MS, History, Trails, week_before
from services.alerts.domain.values import AgentNow, HalfPart
from services.contracts.agents import AgentTile, AgentTotals
from services.contracts.alerts import Compare
from services.contracts.metrics import HALF_HOUR_MS
from tests.unit.alerts.floor import look, turns_of

NOON = 1_780_315_200_000  # 2026-06-01, 12:00 UTC
DATE = "2026-06-01"
HOUR = 3_600_000


def agent(id_: str, state: str, *, talked: int = 0, ready: int = 0, date: str = DATE) -> AgentNow:
    return AgentNow.of(
        AgentTile(
            id=id_, site="bank", team="bank/blue", name="", queues=(), as_of=NOON, offset=1, state=state, reason="",
            since=NOON, contact="", activity="on_queue", planned=None, next_planned=None, next_change_at=None,
            adherence="unscheduled", adherence_since=NOON, date=date,
            totals=AgentTotals(signed_in_ms=talked + ready, by_state_ms={"talking": talked, "available": ready}),
        )
    )  # fmt: skip


def test_occupancy_passes_its_threshold_while_an_agent_talks_on():
    """An hour available, then talking: half of the time after another hour, at 13:00:00.000 and not a ms before."""
    floor = Floor()
    floor.staff.take("ana", agent("ana", "talking", ready=HOUR))
    half = Compare(metric="occupancy", direction="above", threshold=50)

    reading = look(half, "bank/blue", "team", floor)

    turns = turns_of(reading, NOON, NOON + 5 * HOUR)
    assert [reading.at(turn).breached for turn in turns] == [False, True]
    assert turns == [NOON + HOUR, NOON + HOUR + 1]


def test_an_agent_who_is_gone_takes_their_times_along():
    floor = Floor()
    floor.staff.take("ana", agent("ana", "talking", talked=HOUR))
    floor.staff.take("rui", agent("rui", "available", ready=3 * HOUR))
    busy = Compare(metric="occupancy", direction="above", threshold=50)
    assert look(busy, "bank", "site", floor).at(NOON).value == 25

    floor.staff.drop("rui")

    assert look(busy, "bank", "site", floor).at(NOON).value == 100


def test_of_yesterday_nothing_counts_for_today():
    floor = Floor()
    floor.staff.take("ana", agent("ana", "talking", talked=HOUR, date="2026-05-31"))

    assert (
        look(Compare(metric="utilisation", direction="above", threshold=5), "bank", "site", floor).at(NOON).value
        is None
    )


def part(number: int, offered: int) -> HalfPart:
    return HalfPart(NOON + number * HALF_HOUR_MS, (offered, *[0] * 15), 0)


def test_history_is_kept_for_a_week_and_a_day_and_comes_back_as_it_was_stored():
    history, restored = History(), History()
    days = KEPT_MS // HALF_HOUR_MS
    for number in range(days + 100):
        history.hear("bank/PS", part(number, number), part(number + 1, 0))
    stored = history.pack("bank/PS")
    assert stored is not None
    restored.unpack("bank/PS", stored)

    for known in (history, restored):
        assert known.of("bank/PS", NOON + 98 * HALF_HOUR_MS) is None
        assert known.of("bank/PS", NOON + 99 * HALF_HOUR_MS) == ((99, *[0] * 15), 0)
    assert history.changed == {"bank/PS"}


def test_a_half_hour_in_which_nobody_came_is_known_between_two_others():
    history = History()
    history.hear("bank/PS", part(0, 5), part(2, 0))
    history.hear("bank/PS", part(2, 7), part(3, 0))

    assert [history.of("bank/PS", part(n, 0).start) for n in (1, 3)] == [((0,) * 16, 0), None]


def test_the_same_half_hour_of_last_week_by_the_clock_on_the_wall():
    """Lisbon, Wednesday after the clocks went forward: 10:45 there was 10:45 a week before, an hour less apart."""
    wednesday = 1_775_036_700_000  # 2026-04-01 10:45 in Lisbon, 09:45 UTC

    earlier, later, over = week_before(wednesday, "Europe/Lisbon")

    assert (wednesday - later, later - earlier, over) == (7 * 86_400_000 - HOUR + 15 * 60_000, HALF_HOUR_MS, 15)


def test_trails_stay_short():
    trails = Trails()
    for second in range(10_000):
        trails.note("queue|bank/PS", second * 1000, float(second), 600_000)

    assert len(list(trails.steps("queue|bank/PS"))) <= 32
    assert trails.before("queue|bank/PS", 9_390_000) == 9380


def test_a_queue_that_is_gone_is_forgotten_and_what_a_restored_desk_has_yet_to_hear_is_not_known_before():
    history = History()
    for number in range(3):
        history.hear("bank/PS", part(number, number), part(number + 1, 0))
        history.hear("bank/NW", part(number, number), part(number + 1, 0))
    history.hear("bank/PS", part(9, 1), part(9, 2))  # the half-hour still runs
    history.rewind({"bank/PS": part(2, 0).start}.get)
    assert [history.of("bank/PS", part(n, 0).start) for n in (1, 2, 9)] == [((1, *[0] * 15), 0), None, None]
    assert history.of("bank/NW", part(1, 0).start) is None, "of a queue without a tile nothing is known"
    history.changed.clear()
    history.forget("bank/PS")
    history.forget("bank/none")
    assert (history.changed, history.pack("bank/PS"), history.queues) == ({"bank/PS"}, None, ["bank/NW"])


def test_trails_come_back_as_they_were_and_say_nothing_of_what_was_never_noted():
    trails, restored = Trails(), Trails()
    for at, value in ((0, 1.0), (30_000, None), (60_000, 3.0)):
        trails.note("r|bank/PS", at, value, 600_000)
    trails.note("r|bank/PS", 60_001, 9.0, 600_000)  # the same sample's time
    restored.restore(trails.snapshot())
    assert [restored.before("r|bank/PS", at) for at in (-1, 0, 30_000, 59_999, 60_001)] == [None, 1.0, None, None, 3.0]
    assert restored.before("r|bank/NW", 60_000) is None
    restored.restore(None)
    assert list(restored.steps("r|bank/PS")) == []


def test_the_trail_of_a_rule_that_is_gone_is_swept_when_its_site_has_gone_on_for_days():
    trails = Trails()
    trails.note("gone|bank/PS", 0, 1.0, 600_000)
    trails.note("far|lisbon/PS", 0, 1.0, 600_000)  # its site has stood still since: that is no sign
    for number in range(5000):
        trails.note("here|bank/PS", number * 60_000, 1.0, 600_000)
    assert list(trails.steps("gone|bank/PS")) == []
    assert list(trails.steps("far|lisbon/PS")) == [0]
