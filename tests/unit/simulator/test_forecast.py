"""A simulated floor's forecast: what its description lets expect, beside what then arrives."""

import math
from datetime import date

import pytest

from services.contracts.events import Offered
from services.contracts.local_days import day_bounds, half_hours_of
from services.ingest.domain.simulator.forecast import forecasts_of
from tests.unit.simulator.floors import fixed, floor, group, of_kind, queue, simulator, site, text

PROFILES = {"anonymous_bank": [1.0] * 48}
DAY = date(1999, 1, 11)  # a Monday
SEGMENTS = [{"id": "regular", "share": 0.75}, {"id": "vip", "share": 0.25}]
MENU = {
    "node": "welcome", "time": fixed(1), "hang_up": 0.1, "self_service": 0.2,
    "choices": [{"node": "a", "time": fixed(1), "share": 0.5, "queue": "a"}, {"node": "b", "time": fixed(1), "share": 0.5, "hang_up": 0.5, "queue": "b"}],
}  # fmt: skip
FLOW = {
    "id": "main", "name": text("Main"), "arrivals": {"per_day": 9600, "profile": "flat", "weekdays": {"sun": 0.5}}, "menu": MENU,
    "shortcut": {"segments": ["vip"], "menu": {"node": "vip", "time": fixed(1), "queue": "b"}},
}  # fmt: skip
QUEUES = [
    queue("a", service=fixed(100), wrap_up=fixed(20), hold={"probability": 0.5, "time": fixed(60)}),
    queue("b", per_hour=20),
]  # fmt: skip


def a_floor(**more: object):
    return floor(site(QUEUES, [group(60, "a", "b")], flows=[FLOW], segments=SEGMENTS, **more))


def expected(day: date = DAY, **more: object) -> dict[str, list[float]]:
    (made,) = a_floor(**more).sites
    return {each.queue: [half.contacts for half in each.half_hours] for each in forecasts_of(made, day, PROFILES)}


def test_callers_are_followed_through_the_menu_to_their_queues():
    """200 a half-hour: 50 are led to b at once, of 150 there go on 108, half to each, of b's another half hangs up."""
    found = expected()
    assert found["site/a"] == pytest.approx([54.0] * 48)
    assert found["site/b"] == pytest.approx([50 + 27 + 10.0] * 48)
    assert expected(date(1999, 1, 10))["site/a"] == pytest.approx([27.0] * 48), "a Sunday"


def test_aht_is_talk_hold_and_wrap_up():
    (made,) = a_floor().sites
    aht = {each.queue: {half.aht_s for half in each.half_hours} for each in forecasts_of(made, DAY, PROFILES)}
    assert aht == {"site/a": {100 + 30 + 20}, "site/b": {60}}


def test_daily_peaks_are_expected_those_that_repeat_from_the_start_on_are_not():
    daily = {"multiplier": 3, "daily": {"start": "09:15", "end": "10:00"}, "only": ["main"]}
    repeating = {"multiplier": 9, "repeating": {"after_min": 0, "for_min": 20, "every_min": 60}}
    found = expected(peaks=[daily, repeating])["site/a"]
    assert found[17:21] == pytest.approx([54, 54 * 2, 54 * 3, 54])


@pytest.mark.parametrize("day", ["1999-01-11", "1999-03-28", "1999-10-31"])
def test_each_day_has_the_half_hours_of_its_clock(day: str):
    (made,) = a_floor(timezone="Europe/Lisbon").sites
    for each in forecasts_of(made, date.fromisoformat(day), PROFILES):
        assert [half.start for half in each.half_hours] == [half.start for half in half_hours_of("Europe/Lisbon", day)]


def test_what_arrives_is_about_what_was_expected():
    """A Poisson number lies within five standard deviations of its mean."""
    made = a_floor()
    start, end = day_bounds("UTC", DAY.isoformat())
    run = simulator(made, seed=3, start=start - 60_000)
    came = dict.fromkeys(("site/a", "site/b"), 0)
    while run.clock < end:
        for event in of_kind(run.run_until(end), Offered):
            came[event.queue] += event.at >= start
    for each in forecasts_of(made.sites[0], DAY, PROFILES):
        total = sum(half.contacts for half in each.half_hours)
        assert abs(came[each.queue] - total) < 5 * math.sqrt(total)
        assert total > 2000
