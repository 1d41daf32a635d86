"""What is expected of queues: which version stands, whatever came in which order, and days added up."""

from datetime import date, timedelta
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.domain.answers import Forecast
from services.api.domain.forecasts import ForecastBook, forecast_of
from services.contracts.forecasts import DayForecast, HalfHourForecast, forecast_key
from services.contracts.local_days import half_hours_of

LISBON, TOKYO, DAY, BACK = "Europe/Lisbon", "Asia/Tokyo", "2026-03-02", "2026-10-25"
ZONES = {"lisbon": LISBON, "tokyo": TOKYO}


def zone_of(queue: str) -> str:
    return ZONES[queue.partition("/")[0]]


def half(
    queue: str,
    label: str,
    contacts: float,
    aht_s: float | None = None,
    required: float | None = None,
    *,
    day: str = DAY,
) -> HalfHourForecast:
    start = next(each.start for each in half_hours_of(zone_of(queue), day) if each.label == label)
    return HalfHourForecast(start=start, contacts=contacts, aht_s=aht_s, required=required)


def forecast(queue: str, *halves: HalfHourForecast, version: int = 1, day: str = DAY) -> DayForecast:
    return DayForecast(queue=queue, date=day, version=version, half_hours=halves)


def kept(*records: DayForecast) -> ForecastBook:
    book = ForecastBook()
    for record in records:
        book.take(forecast_key(record), record.model_dump_json().encode())
    return book


def whole(book: ForecastBook, *queues: str, day: str = DAY) -> Forecast:
    return forecast_of("lisbon", day, queues, book, zone_of)


def shown(told: Forecast) -> list[tuple[str, float, float | None, float | None]]:
    return [(each.label, each.contacts, each.aht_s, each.required) for each in told.half_hours]


def test_a_newer_version_replaces_the_day_as_a_whole_and_an_older_one_does_not_come_back():
    first = forecast("lisbon/a", half("lisbon/a", "09:00", 10), half("lisbon/a", "09:30", 12), version=1)
    newer = forecast("lisbon/a", half("lisbon/a", "09:00", 20), version=5)
    late = forecast("lisbon/a", half("lisbon/a", "09:00", 99), version=3)
    book = kept(first, newer, late)
    told = whole(book, "lisbon/a")
    assert (shown(told), told.version) == ([("09:00", 20, None, None)], 5)
    assert book.outdated == {f"lisbon/a|{DAY}|1", f"lisbon/a|{DAY}|3"}


def test_of_equal_versions_the_later_one_stands_and_an_empty_day_takes_it_back():
    same = forecast("lisbon/a", half("lisbon/a", "09:00", 20))
    book = kept(forecast("lisbon/a", half("lisbon/a", "09:00", 10)), same)
    assert book.of("lisbon/a", DAY) == same
    assert book.outdated == set()
    book.take(f"lisbon/a|{DAY}|2", forecast("lisbon/a", version=2).model_dump_json().encode())
    assert book.of("lisbon/a", DAY) is None
    assert whole(book, "lisbon/a").missing == ("lisbon/a",)


@pytest.mark.parametrize("value", [b"{}", b"\xff", forecast("lisbon/b").model_dump_json().encode()])
def test_what_is_no_forecast_of_its_key_changes_nothing(value: bytes):
    book = kept(forecast("lisbon/a", half("lisbon/a", "09:00", 10)))
    with pytest.raises(ValueError, match="forecast"):
        book.take(f"lisbon/a|{DAY}|9", value)
    assert whole(book, "lisbon/a").version == 1


versions = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 4), st.integers(0, 50)), max_size=12)


@given(versions, st.lists(st.integers(0, 11), max_size=6), st.integers(0, 12))
def test_a_book_built_anew_from_what_the_log_kept_is_the_same(
    told: list[tuple[str, int, int]], repeats: list[int], cut: int
):
    """Records in any order and again; what is outdated is taken off the log somewhere in between; then a restart."""
    records = [forecast(f"lisbon/{q}", half(f"lisbon/{q}", "09:00", n), version=v) for q, v, n in told]
    expected: dict[str, DayForecast] = {}
    for record in records:
        if record.queue not in expected or record.version >= expected[record.queue].version:
            expected[record.queue] = record
    first = kept(*records[:cut])
    log = {forecast_key(each): each for each in records[:cut] if forecast_key(each) not in first.outdated}
    for key in list(first.outdated):
        first.take(key, None)  # its own deletion comes back to it
    for record in records[cut:]:
        first.take(forecast_key(record), record.model_dump_json().encode())
        log[forecast_key(record)] = record
    second = kept(*log.values())
    # Read again whole, as after a while without Kafka; compaction keeps the newest record of each key.
    for index in repeats:
        if log:
            record = list(log.values())[index % len(log)]
            second.take(forecast_key(record), record.model_dump_json().encode())
    for book in (first, second):
        assert {q: book.of(q, DAY) for q in expected} == expected
        assert not book.outdated & {forecast_key(each) for each in expected.values()}


def test_queues_are_added_up_and_those_without_a_forecast_are_named():
    book = kept(
        forecast("lisbon/a", half("lisbon/a", "09:00", 10, 100, 2), half("lisbon/a", "09:30", 4, 100, 1)),
        forecast("lisbon/b", half("lisbon/b", "09:00", 30, 200, 5), half("lisbon/b", "10:00", 0, None, None)),
    )
    told = whole(book, "lisbon/a", "lisbon/b", "lisbon/c")
    assert shown(told) == [("09:00", 40, 175, 7), ("09:30", 4, 100, 1), ("10:00", 0, None, None)]
    assert (told.version, told.missing) == (None, ("lisbon/c",))


def test_what_nobody_said_of_a_busy_queue_is_not_made_up():
    """One without contacts needs no AHT."""
    book = kept(
        forecast("lisbon/a", half("lisbon/a", "09:00", 10, 100, 2), half("lisbon/a", "09:30", 10, 100, 2)),
        forecast("lisbon/b", half("lisbon/b", "09:00", 1), half("lisbon/b", "09:30", 0)),
    )
    assert shown(whole(book, "lisbon/a", "lisbon/b")) == [("09:00", 11, None, None), ("09:30", 10, 100, 2)]


def test_over_sites_half_hours_are_added_by_their_local_time():
    book = kept(
        forecast("lisbon/a", half("lisbon/a", "09:00", 1)), forecast("tokyo/a", half("tokyo/a", "09:00", 2)),
    )  # fmt: skip
    told = forecast_of("all", DAY, ["lisbon/a", "tokyo/a"], book, zone_of, by_local_time=True)
    assert shown(told) == [("09:00", 3, None, None)]
    apart = forecast_of("all", DAY, ["lisbon/a", "tokyo/a"], book, zone_of)
    assert len(apart.half_hours) == 2


def test_a_day_of_50_half_hours_keeps_both_that_the_clock_shows_twice():
    halves = [HalfHourForecast(start=each.start, contacts=n) for n, each in enumerate(half_hours_of(LISBON, BACK))]
    told = whole(kept(forecast("lisbon/a", *halves, day=BACK)), "lisbon/a", day=BACK)
    assert [each.contacts for each in told.half_hours if each.label == "01:30"] == [3, 5]
    assert len(told.half_hours) == 50


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
numbers = st.lists(st.floats(0, 1000, allow_subnormal=False), min_size=3, max_size=3)


@given(DAYS, numbers, numbers)
def test_the_sum_of_a_day_is_that_of_its_queues(day: date, one: list[float], other: list[float]):
    zone, text = zone_of("lisbon/a"), day.isoformat()
    starts = [each.start for each in half_hours_of(zone, text)][:3]
    book = kept(*(
        forecast(queue, *(HalfHourForecast(start=at, contacts=n, aht_s=n) for at, n in zip(starts, values, strict=True)), day=text)
        for queue, values in (("lisbon/a", one), ("lisbon/b", other))
    ))  # fmt: skip
    told = whole(book, "lisbon/a", "lisbon/b", day=text)
    for half_hour, a, b in zip(told.half_hours, one, other, strict=True):
        assert isclose(half_hour.contacts, a + b, abs_tol=1e-9)
        assert half_hour.aht_s is not None
        assert min(a, b) - 1e-6 <= half_hour.aht_s <= max(a, b) + 1e-6
    assert whole(book, "lisbon/a", "lisbon/b", day=(day + timedelta(1)).isoformat()).half_hours == ()
