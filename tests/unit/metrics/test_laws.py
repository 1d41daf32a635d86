"""Laws: whatever order, repetition, batches or faults, the numbers are those that the oracle counts by hand."""

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.contracts.metrics import Interval
from tests.oracle import floor as oracle
from tests.unit.metrics.desk import SALES, SERVICE, Desk, queue, site
from tests.unit.metrics.floors import HOUR, MINUTE, PLACES, calls, disorder, in_time_order, known_at

THRESHOLDS_S = (20, 45, 300)
SHORT_S = 5
LATENESS = 10 * MINUTE

untimed = partial(settings, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure

places = st.sampled_from(PLACES)
later = st.one_of(st.just(0), st.integers(0, 3 * HOUR))


def desk(timezone: str) -> Desk:
    return Desk(site(timezone), *(queue(name, THRESHOLDS_S, SHORT_S, target_s=20) for name in (SALES, SERVICE)))


def assert_tiles(desk: Desk, made: list[oracle.Call], now: int) -> None:
    desk.look()
    for name in {call.queue for call in made}:
        tile = desk.tiles[name]
        waiting = oracle.waiting(made, name)
        assert (tile.waiting, tile.oldest_offered_at) == (len(waiting), waiting[0] if waiting else None)
        assert tile.as_of <= now
        for t, counts in tile.rolling.items():
            assert counts.model_dump() == oracle.rolling(made, name, t, SHORT_S, now)


def assert_half_hours(desk: Desk, made: list[oracle.Call], timezone: str, now: int) -> None:
    expected = oracle.half_hours(made, timezone, THRESHOLDS_S, SHORT_S)
    found = desk.half_hours()
    assert found.keys() == expected.keys()
    for name, interval in found.items():
        assert isinstance(interval, Interval)
        assert interval.model_dump(include={"date", "label", "by_threshold"}) == expected[name]
        open_ = any(counts.waiting for counts in interval.by_threshold.values())
        assert interval.status == ("final" if now >= interval.end + LATENESS and not open_ else "provisional")


@untimed()
@given(st.data())
def test_the_rolling_half_hour_is_right_at_every_moment(data):
    place = data.draw(places)
    made = data.draw(calls(place.start))
    wall = desk(place.timezone)
    moments = sorted(data.draw(st.lists(st.integers(place.start, place.start + 4 * HOUR), max_size=8)))
    events = in_time_order(made)

    for now in moments:
        wall.send(*(event for event in events if event.at <= now))  # what was sent before comes again, too
        wall.clock(now)
        assert_tiles(wall, known_at(made, now), now)


@untimed()
@given(st.data())
def test_order_repetition_and_batches_change_no_number(data):
    place = data.draw(places)
    made = data.draw(calls(place.start))
    records = data.draw(disorder(in_time_order(made)))
    now = max(event.at for record in records for event in record) + data.draw(later)
    wall = desk(place.timezone)

    for record in records:
        wall.send(*record)
        match data.draw(st.sampled_from(["go on", "go on", "look", "checkpoint"])):
            case "look":
                wall.look()
            case "checkpoint":
                wall.checkpoint()
    wall.clock(now)

    assert_tiles(wall, made, now)
    assert_half_hours(wall, made, place.timezone, now)
    assert not wall.letters


@untimed(max_examples=200)
@given(st.data())
def test_killed_at_any_moment_it_ends_in_the_same_numbers(data):
    """Checkpoints die after any number of states, and the log is replayed from any place before."""
    place = data.draw(places)
    made = data.draw(calls(place.start))
    records = data.draw(disorder(in_time_order(made)))
    now = max(event.at for record in records for event in record) + data.draw(later)
    wall = desk(place.timezone)

    for record in records:
        wall.send(*record)
        match data.draw(st.sampled_from(["go on", "look", "checkpoint", "die", "die in a checkpoint"])):
            case "look":
                wall.look()
            case "checkpoint":
                wall.checkpoint()
            case "die":
                wall.kill(replay_from=data.draw(st.integers(0, wall.acknowledged)))
            case "die in a checkpoint":
                wall.checkpoint(states_kept=data.draw(st.integers(0, 4)))
                wall.kill(replay_from=data.draw(st.integers(0, wall.acknowledged)))
    wall.clock(now)

    assert_tiles(wall, made, now)
    assert_half_hours(wall, made, place.timezone, now)


@untimed()
@given(st.data())
def test_revisions_are_those_of_an_undisturbed_run(data):
    place = data.draw(places)
    records = data.draw(disorder(in_time_order(data.draw(calls(place.start)))))
    calm, disturbed = desk(place.timezone), desk(place.timezone)
    for record in records:
        calm.send(*record)
        disturbed.send(*record)
        if data.draw(st.booleans()):
            disturbed.checkpoint(states_kept=data.draw(st.integers(0, 4)))
            disturbed.kill(replay_from=0)

    assert disturbed.half_hours() == calm.half_hours()


@untimed()
@given(st.data())
def test_new_terms_count_the_same_as_if_they_had_always_been(data):
    """Pages hold facts: any threshold, short limit or time zone can be counted from them afterwards."""
    place = data.draw(places)
    made = data.draw(calls(place.start))
    events = in_time_order(made)
    cut = data.draw(st.integers(0, len(events)))
    now = events[-1].at + data.draw(later)
    wall = Desk()
    if cut:
        wall.send(*events[:cut])
    wall.look()
    if data.draw(st.booleans()):
        wall.checkpoint()

    for record in desk(place.timezone).topology:
        wall.keeper.learn(f"{record.kind}|{record.id}", record.model_dump_json().encode())
    wall.published.clear()  # half-hours of another zone may begin elsewhere
    wall.send(*events[cut:])
    wall.clock(now)

    assert_tiles(wall, made, now)
    assert_half_hours(wall, made, place.timezone, now)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.timezone} {place.start}")
def test_every_place_by_itself(place):
    """One caller a minute over three hours: each half-hour has its thirty, whatever the clocks do."""
    made = [
        oracle.Call(SALES, f"c{minute}", place.start + minute * MINUTE, "answered", place.start + minute * MINUTE + 7)
        for minute in range(180)
    ]
    wall = desk(place.timezone)
    wall.send(*in_time_order(made))
    wall.clock(place.start + 4 * HOUR)

    assert_half_hours(wall, made, place.timezone, place.start + 4 * HOUR)
