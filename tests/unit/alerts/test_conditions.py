"""Conditions over a floor: every comparison as the oracle steps it, second by second, while nothing new is told."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.alerts.domain.conditions import read_rule, would_fire
from services.alerts.domain.floor import Floor
from services.alerts.domain.values import QueueNow
from services.contracts.alerts import AllOf, AnyOf, Compare, Condition
from services.contracts.topology import Site, Text
from tests.oracle.conditions import say
from tests.unit.alerts.floor import look, rule, tile, turns_of

NOW = 10_000  # seconds
QUEUES = ("bank/PS", "bank/NW", "bank/IN")


def floor(*tiles: Any, site: Site | None = None) -> Floor:
    made = Floor()
    for one in tiles:
        made.queues[one.id] = QueueNow.of(one)
        made.of_site[one.id.partition("/")[0]].append(one.id)
    if site is not None:
        made.described[f"site|{site.id}"] = site
    return made


@st.composite
def queue_tiles(draw: st.DrawFn) -> Any:
    waiting = draw(st.integers(0, 4))
    answered = draw(st.integers(0, 6))
    within = draw(st.integers(0, answered))
    oldest = NOW - draw(st.integers(0, 40)) if waiting else None
    counts = {"offered": answered, "answered": answered, "answered_within": within}
    return tile("bank/PS", NOW, waiting=waiting, oldest=oldest, **counts)


def value_at(metric: str, one: Any, second: int) -> float | None:
    """As a person would say it: the longest wait grows, the others stay."""
    counts = one.rolling[20]
    match metric:
        case "longest_wait_s":
            return 0.0 if one.oldest_offered_at is None else float(second - one.oldest_offered_at // 1000)
        case "waiting":
            return float(one.waiting)
        case "service_level":
            return None if not counts.offered else counts.answered_within / counts.offered * 100
    return None if not counts.answered else 0.0  # nobody's wait was counted


@st.composite
def compares(draw: st.DrawFn) -> Compare:
    metric = draw(st.sampled_from(["longest_wait_s", "waiting", "service_level", "asa_s"]))
    direction = draw(st.sampled_from(["above", "below"]))
    threshold = draw(st.integers(0, 60))
    gap = draw(st.integers(0, 20))
    clear = threshold - gap if direction == "above" else threshold + gap
    return Compare(metric=metric, direction=direction, threshold=threshold, clear=clear)


conditions: st.SearchStrategy[Condition] = st.recursive(
    compares(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(all=tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(any=tuple(parts))),
    ),
    max_leaves=5,
)


def for_oracle(condition: Condition, one: Any, seconds: range) -> Any:
    if isinstance(condition, Compare):
        series = [value_at(condition.metric, one, second) for second in seconds]
        return "compare", series, condition.direction, condition.threshold, condition.cleared_at
    name, parts = ("all", condition.all) if isinstance(condition, AllOf) else ("any", condition.any)
    return name, [for_oracle(part, one, seconds) for part in parts]


@given(conditions, queue_tiles())
def test_a_condition_says_what_the_oracle_says_in_every_second(condition: Condition, one: Any) -> None:
    seconds = range(NOW, NOW + 90)
    reading = look(condition, "bank/PS", "queue", floor(one))
    stepped = for_oracle(condition, one, seconds)

    said = [reading.at(second * 1000) for second in seconds]

    assert [(v.breached, v.cleared, v.has_data) for v in said] == [tuple(say(stepped, i)) for i in range(len(seconds))]


@given(conditions, queue_tiles())
def test_between_its_turns_a_condition_stays_as_it_is(condition: Condition, one: Any) -> None:
    reading = look(condition, "bank/PS", "queue", floor(one))
    told = {NOW * 1000, *turns_of(reading, NOW * 1000 - 1, (NOW + 90) * 1000)}

    before = None
    for instant in range(NOW * 1000, (NOW + 90) * 1000, 250):
        here = {moment for moment in told if instant - 250 < moment <= instant}
        verdict = reading.at(instant)
        said = verdict.breached, verdict.cleared, verdict.has_data
        if before is not None and not here:
            assert said == before
        before = said


def test_a_site_adds_counters_and_never_averages():
    big = tile("bank/PS", NOW, offered=90, answered=90, answered_within=90)
    small = tile("bank/NW", NOW, offered=10, answered=10, answered_within=0)

    level = Compare(metric="service_level", direction="below", threshold=60)

    assert look(level, "bank", "site", floor(big, small)).at(NOW * 1000).value == 90


def test_points_from_the_target_need_one_target():
    late = tile("bank/PS", NOW, offered=10, answered=10, answered_within=6)
    strict = tile("bank/NW", NOW, offered=10, answered=10, answered_within=6).model_copy(update={"target_percent": 90})
    under = Compare(metric="service_level", against="target", direction="below", threshold=-10)

    assert look(under, "bank/PS", "queue", floor(late)).at(NOW * 1000).value == -20
    assert not look(under, "bank", "site", floor(late, strict)).at(NOW * 1000).has_data


def test_a_change_is_known_after_its_span_and_not_before():
    """Queue of 2 at 0:00, of 12 from 1:00 on: by 2:00 it has grown by ten within the last two minutes, at 3:00 not."""
    grown = Compare(metric="waiting", against="change", over_s=120, direction="above", threshold=8)
    made, values = floor(tile("bank/PS", NOW, waiting=2)), []
    for after in range(0, 241, 30):
        made.queues["bank/PS"] = QueueNow.of(tile("bank/PS", NOW + after, waiting=2 if after < 60 else 12))
        values.append(look(grown, "bank/PS", "queue", made).at((NOW + after) * 1000).value)

    assert values == [None, None, None, None, 10, 10, 0, 0, 0]


def test_what_changed_survives_a_restart():
    grown = Compare(metric="waiting", against="change", over_s=120, direction="above", threshold=8)
    made = floor(tile("bank/PS", NOW, waiting=2))
    look(grown, "bank/PS", "queue", made)
    later = floor(tile("bank/PS", NOW + 120, waiting=12))
    later.trails.restore(made.trails.snapshot())

    assert look(grown, "bank/PS", "queue", later).at((NOW + 120) * 1000).value == 10


def test_nothing_is_known_of_a_queue_nobody_told_of():
    level = Compare(metric="waiting", direction="above", threshold=0)

    assert look(level, "bank/PS", "queue", Floor()).at(0) == (False, False, None, False)


def test_a_dry_run_names_the_scopes_where_the_rule_would_begin():
    made = floor(tile("bank/PS", NOW, waiting=11), tile("bank/NW", NOW, waiting=3), tile("porto/A", NOW, waiting=20))

    found = would_fire(rule(scope={"kind": "queue", "match": "bank/*"}, for_s=30), made)

    assert [(alert.id, alert.state, alert.value, alert.site) for alert in found] == [
        ("r|bank/PS", "pending", 11, "bank")
    ]


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


LISBON = Site(id="lisbon", name=Text(en="Lisbon", zh="里斯本"), timezone="Europe/Lisbon")


def open_hours(window: dict[str, Any], start: str, end: str) -> list[tuple[float, bool]]:
    """When a rule that is always breached is on within [start, end): found by its turns, checked each minute."""
    made = floor(tile("lisbon/A", at(start) / 1000, waiting=50), site=LISBON)
    reading = read_rule(rule(windows=[window]), "lisbon/A", made)
    moments = [at(start), *turns_of(reading, at(start), at(end))]
    for first, last in zip(moments, [*moments[1:], at(end)], strict=True):
        within = {reading.at(instant).breached for instant in range(first, last, 60_000)}
        assert len(within) == 1, "it changes at its turns alone"
    assert all(reading.at(moment).breached != reading.at(moment).cleared for moment in moments)
    said = [(moment, reading.at(moment).breached) for moment in moments]
    kept = said[:1] + [now for before, now in pairwise(said) if now[1] != before[1]]
    return [((moment - at(start)) / 3_600_000, now) for moment, now in kept]


def test_business_hours_without_weekend_and_holiday():
    window = {
        "days": ["mon", "tue", "wed", "thu", "fri"],
        "start": "09:00",
        "end": "17:00",
        "except_dates": ["2026-06-10"],
    }

    # Tuesday 9 June, then the holiday, then Thursday
    found = open_hours(window, "2026-06-09T00:00+01:00", "2026-06-12T00:00+01:00")

    assert found == [(0, False), (9, True), (17, False), (57, True), (65, False)]


def test_a_night_belongs_to_the_day_on_which_it_begins():
    window = {"days": ["fri"], "start": "22:00", "end": "06:00"}

    found = open_hours(window, "2026-06-12T00:00+01:00", "2026-06-14T00:00+01:00")

    assert found == [(0, False), (22, True), (30, False)]


def test_the_hour_that_is_left_out_in_spring():
    """29 March: 01:00 becomes 02:00. Open 00:30 to 03:00 is an hour and a half."""
    found = open_hours({"start": "00:30", "end": "03:00"}, "2026-03-29T00:00+00:00", "2026-03-29T12:00+01:00")

    assert found == [(0, False), (0.5, True), (2, False)]


def test_a_window_that_begins_in_the_hour_that_is_left_out():
    found = open_hours({"start": "01:30", "end": "03:00"}, "2026-03-29T00:00+00:00", "2026-03-29T12:00+01:00")

    assert found == [(0, False), (1, True), (2, False)]


def test_the_hour_that_comes_twice_in_autumn():
    """25 October: 02:00 summer time becomes 01:00. Open 01:00 to 02:00 is both of them."""
    found = open_hours({"start": "01:00", "end": "02:00"}, "2026-10-25T00:00+01:00", "2026-10-25T12:00+00:00")

    assert found == [(0, False), (1, True), (3, False)]


def test_a_window_of_its_own_time_zone():
    window = {"start": "09:00", "end": "10:00", "timezone": "Asia/Shanghai"}

    assert open_hours(window, "2026-06-09T00:00+01:00", "2026-06-10T00:00+01:00") == [(0, False), (2, True), (3, False)]
