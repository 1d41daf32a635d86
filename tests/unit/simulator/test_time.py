"""Half-hours, peaks and shifts on the days that the clock changes, and the shape of the bank's day."""

from datetime import datetime
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from services.contracts.events import Abandoned, Answered, Offered
from services.ingest.domain.simulator import Simulator, topology_of
from services.ingest.domain.simulator.arrivals import Rate
from services.ingest.domain.simulator.chance import sampler
from services.ingest.domain.simulator.description import Arrivals, Duration, Peak, Shift
from services.ingest.domain.simulator.profile import half_hour_weights
from services.ingest.domain.simulator.roster import next_shift
from services.ingest.profiles import shipped_profiles, weights_of
from services.ingest.simulate import read_floor
from services.ingest.sources.files import SHIPPED_JANUARY, shipped
from tests.unit.simulator.floors import HOUR, MINUTE

LISBON = ZoneInfo("Europe/Lisbon")
RISING = [float(index + 1) for index in range(48)]


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def test_half_hours_are_local_on_the_day_that_skips_an_hour() -> None:
    """28 March 1999 in Lisbon: 00:30 ── 01:00 = 02:00 ── 02:30, so half-hours 2 and 3 do not exist."""
    rate = Rate(Arrivals(per_day=sum(RISING)), RISING, LISBON, [], 0)
    found = [rate.piece(at("1999-03-28T00:00+00:00") + index * 30 * MINUTE)[0] * 30 * MINUTE for index in range(5)]
    assert found == pytest.approx([1, 2, 5, 6, 7])


def test_half_hours_are_local_on_the_day_that_repeats_an_hour() -> None:
    """31 October 1999 in Lisbon: 01:00–02:00 comes twice."""
    rate = Rate(Arrivals(per_day=sum(RISING)), RISING, LISBON, [], 0)
    found = [rate.piece(at("1999-10-31T00:00+01:00") + index * 30 * MINUTE)[0] * 30 * MINUTE for index in range(7)]
    assert found == pytest.approx([1, 2, 3, 4, 3, 4, 5])


def test_a_piece_ends_where_the_rate_may_change_and_does_not_depend_on_where_it_is_asked() -> None:
    peak = Peak.model_validate({"multiplier": 4, "daily": {"start": "09:10", "end": "09:20"}})
    again = Peak.model_validate({"multiplier": 2, "repeating": {"after_min": 5, "for_min": 7, "every_min": 60}})
    start = at("1999-01-11T09:00+00:00")
    edges = [0, 5, 10, 12, 20, 30, 60, 65, 72, 90]
    for first, second in pairwise(edges):
        for moment in (first * MINUTE, second * MINUTE - 1):
            rate = Rate(Arrivals(per_day=48), [1.0] * 48, ZoneInfo("UTC"), [peak, again], start)
            found, until = rate.piece(start + moment)
            assert until == start + second * MINUTE
            in_daily, in_repeating = 10 <= first < 20, 5 <= first % 60 < 12
            assert found * 30 * MINUTE == pytest.approx((4 if in_daily else 1) * (2 if in_repeating else 1))


def test_a_closed_weekday_has_no_arrivals() -> None:
    """Sunday only: asked on a Monday, the next arrival is on Sunday, at or after midnight local time."""
    closed = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat"), 0.0)
    rate = Rate(Arrivals.model_validate({"per_day": 10_000, "weekdays": closed}), [1.0] * 48, LISBON, [], 0)
    found = rate.next_arrival(at("1999-01-11T12:00+00:00"), Random(1))
    assert at("1999-01-17T00:00+00:00") <= found < at("1999-01-17T00:05+00:00")


@pytest.mark.parametrize("shape", ["lognormal", "exponential", "fixed"])
def test_durations_have_their_mean(shape: str) -> None:
    draw, chance = sampler(Duration.model_validate({"mean_s": 200, "shape": shape, "cv": 0.8})), Random(3)
    drawn = [draw(chance) for _ in range(40_000)]
    mean = sum(drawn) / len(drawn)
    deviation = (sum((one - mean) ** 2 for one in drawn) / len(drawn)) ** 0.5
    assert mean == pytest.approx(200_000, rel=0.02)
    assert deviation == pytest.approx({"lognormal": 160_000, "exponential": 200_000, "fixed": 0}[shape], rel=0.05)


def test_a_night_shift_ends_the_next_morning_and_keeps_local_time_when_the_clock_changes() -> None:
    night = Shift.model_validate({"start": "22:00", "end": "06:00", "breaks": [{"at": "02:30", "minutes": 20}]})
    found = next_shift(night, LISBON, at("1999-03-27T12:00+00:00"), 0.0, Random(1))
    assert found.start == at("1999-03-27T22:00+00:00")
    assert found.over == found.end == at("1999-03-28T06:00+01:00")
    assert found.breaks == ((at("1999-03-28T02:30+01:00"), 0),)
    assert next_shift(night, LISBON, found.over, 0.0, Random(1)).start == at("1999-03-28T22:00+01:00")


def test_a_shift_under_way_is_found_and_free_days_are_skipped() -> None:
    day = Shift.model_validate({"start": "08:00", "end": "16:00", "weekdays": ["mon", "thu"]})
    under_way = next_shift(day, LISBON, at("1999-01-11T09:00+00:00"), 0.0, Random(1))
    assert under_way.start == at("1999-01-11T08:00+00:00")
    assert next_shift(day, LISBON, under_way.over, 0.0, Random(1)).start == at("1999-01-14T08:00+00:00")


def test_unpunctual_is_never_more_than_two_deviations() -> None:
    day = Shift.model_validate({"start": "08:00", "end": "16:00", "punctuality_s": 60})
    chance, planned = Random(1), at("1999-01-11T08:00+00:00")
    off = [next_shift(day, LISBON, planned - 1, 0.0, chance).start - planned for _ in range(300)]
    assert max(off) == 120_000
    assert min(off) == -120_000
    assert abs(sum(off) / len(off)) < 15_000


def test_the_shipped_profile_is_that_of_the_shipped_january() -> None:
    shipped_one = shipped_profiles()["anonymous_bank"]
    assert shipped_one == weights_of(shipped(SHIPPED_JANUARY))
    assert sum(shipped_one) == pytest.approx(1, abs=1e-4)


def test_a_profile_leaves_out_weekends_and_lines_that_can_not_be_read() -> None:
    """5 January 1999 is a Tuesday, the 8th a Friday."""
    row = "AA0101\t1\t0\t0\tPS\t{}\t{}\t0:00:00"
    lines = ["a header", row.format("990105", "0:29:59"), row.format("990105", "23:30:00")]
    lines += [row.format("990108", "12:00:00"), row.format("990105", "25:00:00"), row.format("what", "1:00:00")]
    weights = half_hour_weights(lines)
    assert (weights[0], weights[47], sum(weights)) == (0.5, 0.5, 1.0)
    with pytest.raises(ValueError, match="no usable call"):
        half_hour_weights(["nothing here"])


def test_the_demo_floor_keeps_its_level_but_for_the_site_with_the_peaks() -> None:
    """A Wednesday, 08:00–20:00 on the bank's clock: two sites around 80–98 %; in its peaks Lisbon is lost, and recovers."""
    demo, start = read_floor("demo"), at("1999-01-13T08:00+02:00")
    targets = {queue.id: queue.target_s * 1000 for queue in topology_of(demo).queues}
    events = Simulator(demo, 7, start, profiles=shipped_profiles()).run_until(start + 12 * HOUR)
    good: dict[tuple[str, str], list[bool]] = {}
    for event in events:
        if isinstance(event, Answered | Abandoned):
            in_time = isinstance(event, Answered) and event.at - event.offered_at <= targets[event.queue]
            minute = ((event.offered_at - start) / MINUTE - 3) % 120
            when = "peak" if minute < 20 else "after" if minute < 60 else "calm"
            good.setdefault((event.queue.partition("/")[0], when), []).append(in_time)
    level = {key: sum(some) / len(some) for key, some in good.items()}
    for when in ("peak", "after", "calm"):
        assert 0.8 < level["athens", when] < 0.99
        assert 0.8 < level["cape-town", when] < 0.99
    assert level["lisbon", "peak"] < 0.2
    assert level["lisbon", "peak"] < level["lisbon", "after"] < level["lisbon", "calm"]
    assert level["lisbon", "calm"] > 0.9
    assert all(15 <= one.agents <= 45 for one in demo.sites)
    assert {event.channel for event in events if isinstance(event, Offered)} == {"voice", "chat"}
