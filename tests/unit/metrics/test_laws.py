"""Laws: whatever order, repetition, batches or faults, the numbers are those that the oracle counts by hand."""

from functools import partial
from itertools import islice
from typing import Any

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
later = st.one_of(st.just(0), st.integers(0, 3 * HOUR), st.integers(0, 12 * HOUR))

PLAIN = oracle.Rules(target_s=20, short_s=SHORT_S, objective_s=600, ghost_s=3600)
SPLIT = oracle.Rules(
    target_s=20,
    short_s=SHORT_S,
    objective_s=600,
    channels={
        "chat": oracle.Rules(target_s=45, short_s=1, ghost_s=900),
        "email": oracle.Rules(target_s=4 * 3600, objective_s=2 * 3600),
    },
)
rules = st.sampled_from([PLAIN, SPLIT])


def terms(held_to: oracle.Rules) -> dict[str, Any]:
    limits = {"response_objective_s": held_to.objective_s, "ghost_after_s": held_to.ghost_s}
    return {"target_s": held_to.target_s, "short_abandon_s": held_to.short_s, **limits}


def desk(timezone: str, held_to: oracle.Rules = PLAIN) -> Desk:
    channels = {channel: terms(one) for channel, one in held_to.channels.items()}
    described = [queue(name, THRESHOLDS_S, **terms(held_to), channels=channels) for name in (SALES, SERVICE)]
    return Desk(site(timezone), *described)


def assert_tiles(desk: Desk, made: list[oracle.Call], now: int, held_to: oracle.Rules, timezone: str) -> None:
    desk.look()
    for name in {call.queue for call in made}:
        tile = desk.tiles[name]
        mine = [call for call in made if call.queue == name]
        expected = oracle.tile(mine, held_to, THRESHOLDS_S, timezone, now)
        assert tile.as_of <= now
        if tile.as_of < now:  # nothing but waiting time has changed since
            then = oracle.tile(mine, held_to, THRESHOLDS_S, timezone, tile.as_of)
            expected["waiting_ms"] = then["waiting_ms"]
            expected["running"]["waiting_ms"] = then["running"]["waiting_ms"]
        found = tile.model_dump(include=set(expected))
        for channel in found["channels"].values():
            del channel["target_percent"]
        nobody = {c for c, now in found["channels"].items() if not now["waiting"] and not any(now["counts"].values())}
        assert {c: now for c, now in found.pop("channels").items() if c not in nobody} == {
            c: now for c, now in expected.pop("channels").items() if c not in nobody
        }
        assert found == expected


def assert_half_hours(desk: Desk, made: list[oracle.Call], timezone: str, now: int, held_to: oracle.Rules) -> None:
    expected = oracle.ledger(made, timezone, THRESHOLDS_S, held_to, now)
    found = {}
    for name, interval in desk.half_hours().items():
        assert isinstance(interval, Interval)
        counted = interval.model_dump(include={"date", "label", "end", "by_threshold", "target", "details"})
        groups = {(g.channel, g.segment, g.dialled): g.counts.model_dump() for g in interval.groups}
        found[name] = {**counted, "waiting_ms": interval.waiting_ms, "groups": groups}
        if interval.first_offset < 0 and not interval.waiting_ms:
            continue  # it seemed for a while that somebody waited in it who had come before
        open_ = any(counts.waiting for counts in interval.by_threshold.values())
        assert interval.status == ("final" if now >= interval.end + LATENESS and not open_ else "provisional")
    empty = {name for name, one in found.items() if not one["waiting_ms"] and not one["by_threshold"][20]["offered"]}
    assert {name: one for name, one in found.items() if name not in empty} == expected
    assert desk.keeper.violations == 0


@untimed()
@given(st.data())
def test_the_rolling_half_hour_is_right_at_every_moment(data):
    place = data.draw(places)
    held_to = data.draw(rules)
    made = data.draw(calls(place.start, several_channels=True))
    wall = desk(place.timezone, held_to)
    moments = sorted(data.draw(st.lists(st.integers(place.start, place.start + 4 * HOUR), max_size=8)))
    events = in_time_order(made)

    for now in moments:
        wall.send(*(event for event in events if event.at <= now))  # what was sent before comes again, too
        wall.clock(now)
        assert_tiles(wall, known_at(made, now), now, held_to, place.timezone)


@untimed()
@given(st.data())
def test_order_repetition_and_batches_change_no_number(data):
    place = data.draw(places)
    held_to = data.draw(rules)
    made = data.draw(calls(place.start, several_channels=True))
    records = data.draw(disorder(in_time_order(made)))
    now = max(event.at for record in records for event in record) + data.draw(later)
    wall = desk(place.timezone, held_to)

    for record in records:
        wall.send(*record)
        match data.draw(st.sampled_from(["go on", "go on", "look", "checkpoint"])):
            case "look":
                wall.look()
            case "checkpoint":
                wall.checkpoint()
    wall.clock(now)

    assert_tiles(wall, made, now, held_to, place.timezone)
    assert_half_hours(wall, made, place.timezone, now, held_to)
    assert not wall.letters


@untimed(max_examples=120)
@given(st.data())
def test_killed_at_any_moment_it_ends_in_the_same_numbers(data):
    """Checkpoints die after any number of states, and the log is replayed from any place before.

    While one is being taken, records come in: a few wait for it, more of them hurry it.
    """
    place = data.draw(places)
    held_to = data.draw(rules)
    made = data.draw(calls(place.start, several_channels=True))
    records = data.draw(disorder(in_time_order(made)))
    now = max(event.at for record in records for event in record) + data.draw(later)
    wall = desk(place.timezone, held_to)

    coming = iter(records)
    for record in coming:
        wall.send(*record)
        match data.draw(st.sampled_from(["go on", "look", "checkpoint", "count on", "die", "die in a checkpoint"])):
            case "look":
                wall.look()
            case "checkpoint":
                wall.checkpoint()
            case "count on":
                meanwhile = list(islice(coming, data.draw(st.integers(1, 12))))
                dies_after = data.draw(st.none() | st.integers(0, 4))
                wall.checkpoint(states_kept=dies_after, meanwhile=meanwhile)
                if dies_after is not None:
                    wall.kill(replay_from=data.draw(st.integers(0, wall.acknowledged)))
            case "die":
                wall.kill(replay_from=data.draw(st.integers(0, wall.acknowledged)))
            case "die in a checkpoint":
                wall.checkpoint(states_kept=data.draw(st.integers(0, 4)))
                wall.kill(replay_from=data.draw(st.integers(0, wall.acknowledged)))
    wall.clock(now)

    assert_tiles(wall, made, now, held_to, place.timezone)
    assert_half_hours(wall, made, place.timezone, now, held_to)


@untimed()
@given(st.data())
def test_revisions_are_those_of_an_undisturbed_run(data):
    place = data.draw(places)
    held_to = data.draw(rules)
    records = data.draw(disorder(in_time_order(data.draw(calls(place.start, several_channels=True)))))
    calm, disturbed = desk(place.timezone, held_to), desk(place.timezone, held_to)
    for record in records:
        calm.send(*record)
        disturbed.send(*record)
        if data.draw(st.booleans()):
            disturbed.checkpoint(states_kept=data.draw(st.integers(0, 4)))
            disturbed.kill(replay_from=0)

    # In between, somebody may have seemed to wait in half-hours in which nobody did: those are empty.
    assert told(disturbed) == told(calm)


def told(wall: Desk) -> dict[Any, Any]:
    found = {name: i for name, i in wall.half_hours().items() if isinstance(i, Interval)}
    return {name: i for name, i in found.items() if i.waiting_ms or any(c.offered for c in i.by_threshold.values())}


@untimed()
@given(st.data())
def test_new_terms_count_the_same_as_if_they_had_always_been(data):
    """Pages hold facts: any threshold, short limit or time zone can be counted from them afterwards."""
    place = data.draw(places)
    held_to = data.draw(rules)
    made = data.draw(calls(place.start, several_channels=True))
    events = in_time_order(made)
    cut = data.draw(st.integers(0, len(events)))
    now = events[-1].at + data.draw(later)
    wall = Desk()
    if cut:
        wall.send(*events[:cut])
    wall.look()
    if data.draw(st.booleans()):
        wall.checkpoint()

    for record in desk(place.timezone, held_to).topology:
        wall.keeper.learn(f"{record.kind}|{record.id}", record.model_dump_json().encode())
    wall.published.clear()  # half-hours of another zone may begin elsewhere
    wall.send(*events[cut:])
    wall.clock(now)

    assert_tiles(wall, made, now, held_to, place.timezone)
    assert_half_hours(wall, made, place.timezone, now, held_to)


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

    assert_half_hours(wall, made, place.timezone, place.start + 4 * HOUR, PLAIN)
