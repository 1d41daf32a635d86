"""Forecasts as CSV: what is written is read, on every day that a clock can have; a bad line is told and costs its half-hour."""

import csv
import io
from datetime import date, timedelta
from itertools import cycle, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.forecast_files import COLUMNS, ForecastReading, ForecastTerms, read_forecasts, terms_of
from services.contracts.forecasts import DayForecast, HalfHourForecast, forecast_key
from services.contracts.local_days import beginning_ms, half_hours_of
from services.contracts.schedule_files.reading import PlanFileError
from services.contracts.topology import Description, Queue, Site, Text
from services.metrics.domain.half_hours import half_hour_at

ZONES = {
    "lisbon/sales": "Europe/Lisbon",
    "lisbon/mail": "Europe/Lisbon",
    "tokyo/sales": "Asia/Tokyo",
    "lord-howe/sales": "Australia/Lord_Howe",  # half an hour of summer time
    "katmandu/sales": "Asia/Kathmandu",  # 5 h 45 min
    "cairo/sales": "Africa/Cairo",  # clocks go forward at midnight: the day begins at 01:00
}
TERMS = ForecastTerms(ZONES, version=7)
HEAD = "queue,date,start,contacts,aht_s,required"
FORWARD, BACK = "2026-03-29", "2026-10-25"


def read(*rows: str, head: str = HEAD) -> ForecastReading:
    return read_forecasts([head, *rows], TERMS)


def shown(forecast: DayForecast) -> list[tuple[str, float]]:
    """Its half-hours by the clock on the wall."""
    zone = ZONES[forecast.queue]
    return [(half_hour_at(zone, half.start).label, half.contacts) for half in forecast.half_hours]


def blamed(reading: ForecastReading) -> list[tuple[str, str]]:
    return [(mistake.place, mistake.field) for mistake in reading.mistakes]


def test_a_day_of_three_half_hours():
    reading = read(
        "lisbon/sales,2026-03-02,09:30,12.5,180,4",
        "lisbon/sales,2026-03-02,9:00,10,,",
        "lisbon/sales,2026-03-02,2026-03-02T10:00,0,180.5,0.5",
    )
    (day,) = reading.forecasts
    assert (reading.mistakes, reading.items) == ([], 3)
    assert shown(day) == [("09:00", 10), ("09:30", 12.5), ("10:00", 0)]
    assert [(half.aht_s, half.required) for half in day.half_hours] == [(None, None), (180, 4), (180.5, 0.5)]
    assert (day.queue, day.date, day.version) == ("lisbon/sales", "2026-03-02", 7)
    assert forecast_key(day) == "lisbon/sales|2026-03-02|7"


def test_queues_may_be_mixed_and_columns_stand_in_any_order():
    reading = read(
        "10;lisbon/sales;09:00;2026-03-02", "", "5;tokyo/sales;09:00;2026-03-02", "11;lisbon/sales;09:30;2026-03-02",
        head="\ufeffContacts;Queue;Start;Date",
    )  # fmt: skip
    assert {day.queue: shown(day) for day in reading.forecasts} == {
        "lisbon/sales": [("09:00", 10), ("09:30", 11)], "tokyo/sales": [("09:00", 5)],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        (",2026-03-02,09:30,1,,", "queue", "is missing"),
        ("lisbon,2026-03-02,09:30,1,,", "queue", "is no id"),
        ("lisbon/slaes,2026-03-02,09:30,1,,", "queue", "nobody has described queue 'lisbon/slaes': correct it, or"),
        ("lisbon/sales,02.03.2026,09:30,1,,", "date", "is no date such as"),
        ("lisbon/sales,1926-03-02,09:30,1,,", "date", "before 1970"),
        ("lisbon/sales,2026-03-02,,1,,", "start", "is missing"),
        ("lisbon/sales,2026-03-02,noon,1,,", "start", "is no time of 2026-03-02 such as 09:30"),
        ("lisbon/sales,2026-03-02,24:00,1,,", "start", "is no time"),
        ("lisbon/sales,2026-03-02,2026-03-03T09:30,1,,", "start", "is no time of 2026-03-02"),
        ("lisbon/sales,2026-03-02,09:15,1,,", "start", "no half-hour begins at 09:15: give 00:00, 00:30 …"),
        ("lisbon/sales,2026-03-02,2026-03-02T09:15+00:00,1,,", "start", "is not the beginning of a half-hour of"),
        ("lisbon/sales,2026-03-02,2026-03-03T09:30Z,1,,", "start", "is not the beginning of a half-hour of"),
        ("lisbon/sales,2026-03-02,9:00,1,,", "start", "is given twice: line 2 has it"),
        ("lisbon/sales,2026-03-02,09:30,,,", "contacts", "write 0 where nobody is expected"),
        ("lisbon/sales,2026-03-02,09:30,-1,,", "contacts", "is no number of 0 or more such as 12.5"),
        ("lisbon/sales,2026-03-02,09:30,nan,,", "contacts", "is no number"),
        ("lisbon/sales,2026-03-02,09:30,1e999,,", "contacts", "finite"),
        ("lisbon/sales,2026-03-02,09:30,1000001,,", "contacts", "less than or equal to 1000000"),
        ('lisbon/sales,2026-03-02,09:30,"12,5",,', "contacts", "such as 12.5"),
        ("lisbon/sales,2026-03-02,09:30,1,3 min,", "aht_s", "is no number"),
        ("lisbon/sales,2026-03-02,09:30,1,86401,", "aht_s", "less than or equal to 86400"),
        ("lisbon/sales,2026-03-02,09:30,1,,many", "required", "is no number"),
    ],
)
def test_a_bad_line_is_told_by_its_field_and_costs_nothing_else(row: str, field: str, reason: str):
    reading = read("lisbon/sales,2026-03-02,09:00,10,,", row, "lisbon/sales,2026-03-02,10:00,12,,")
    assert blamed(reading) == [("line 3", field)]
    assert reason in reading.mistakes[0].reason
    assert [shown(day) for day in reading.forecasts] == [[("09:00", 10), ("10:00", 12)]]


def test_a_day_of_bad_lines_alone_takes_nothing_from_the_day_that_stands():
    reading = read("lisbon/sales,2026-03-02,09:00,many,,", "lisbon/mail,2026-03-02,09:00,1,,")
    assert [day.queue for day in reading.forecasts] == ["lisbon/mail"]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("", "contacts are needed"),
        ("queue,date,start", "contacts is missing"),
        (HEAD + ",mood", "unknown column 'mood'"),
        (HEAD + ",queue", "given twice"),
    ],
)
def test_no_forecast_file(head: str, message: str):
    with pytest.raises(PlanFileError, match=message):
        read(head=head)


def test_where_clocks_go_forward_there_are_46_and_the_two_that_are_not_are_told():
    times = [f"{hour:02}:{minute}" for hour in range(24) for minute in ("00", "30")]
    reading = read(*(f"lisbon/sales,{FORWARD},{time},1,," for time in times))
    assert blamed(reading) == [("line 4", "start"), ("line 5", "start")]
    assert "01:00 does not exist in Europe/Lisbon: clocks go forward over it" in reading.mistakes[0].reason
    assert len(reading.forecasts[0].half_hours) == 46


def test_where_clocks_go_back_there_are_50_and_a_time_that_comes_twice_is_written_twice():
    times = ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"]
    reading = read(*(f"lisbon/sales,{BACK},{time},{number},," for number, time in enumerate(times)))
    assert reading.mistakes == []
    assert shown(reading.forecasts[0]) == [(time, number) for number, time in enumerate(times)]
    third = read(*(f"lisbon/sales,{BACK},01:30,{number},," for number in range(3)))
    assert blamed(third) == [("line 4", "start")]
    assert "line 3 has it" in third.mistakes[0].reason


def test_a_time_that_comes_twice_may_say_which_by_its_offset():
    """The second 01:30 first, by its offset; the plain 01:30 is then the one that is left."""
    reading = read(f"lisbon/sales,{BACK},{BACK}T01:30+00:00,2,,", f"lisbon/sales,{BACK},01:30,1,,")
    assert shown(reading.forecasts[0]) == [("01:30", 1), ("01:30", 2)]


def test_of_two_times_the_second_stays_the_second_where_the_first_has_a_mistake():
    reading = read(f"lisbon/sales,{BACK},01:30,many,,", f"lisbon/sales,{BACK},01:30,2,,")
    (half,) = reading.forecasts[0].half_hours
    assert half.start == [each.start for each in half_hours_of("Europe/Lisbon", BACK) if each.label == "01:30"][1]


def test_48_lines_on_a_day_of_50_leave_two_half_hours_without_a_forecast():
    times = [f"{hour:02}:{minute}" for hour in range(24) for minute in ("00", "30")]
    reading = read(*(f"lisbon/sales,{BACK},{time},1,," for time in times))
    named = {half.start for half in reading.forecasts[0].half_hours}
    left = [half.label for half in half_hours_of("Europe/Lisbon", BACK) if half.start not in named]
    assert (reading.mistakes, left) == ([], ["01:00", "01:30"])


DAYS = st.dates(date(1990, 1, 1), date(2099, 12, 31))
CHANGES = st.sampled_from([(queue, day) for queue, zone in ZONES.items() for day in (
    date(2026, 1, 1) + timedelta(n) for n in range(365)
) if len(half_hours_of(zone, day.isoformat())) != 48])  # fmt: skip
AMOUNT = st.floats(0, 100_000, allow_subnormal=False)
EXPECTED = st.tuples(AMOUNT, st.none() | st.floats(0, 86_400), st.none() | AMOUNT)


@st.composite
def forecasts(draw: st.DrawFn) -> DayForecast:
    """A whole day, or some half-hours of one."""
    queue, day = draw(CHANGES | st.tuples(st.sampled_from(sorted(ZONES)), DAYS))
    halves = half_hours_of(ZONES[queue], day.isoformat())
    left_out = draw(st.sets(st.integers(0, len(halves) - 1), max_size=8))
    values = cycle(draw(st.lists(EXPECTED, min_size=1, max_size=5)))
    return DayForecast(
        queue=queue,
        date=day.isoformat(),
        version=7,
        half_hours=tuple(
            HalfHourForecast(start=half.start, contacts=contacts, aht_s=aht_s, required=required)
            for (contacts, aht_s, required), (number, half) in zip(values, enumerate(halves), strict=False)
            if number not in left_out
        ),
    )


def written(day: DayForecast) -> list[list[str]]:
    """Its rows; times that come twice that day with their offset, where only one of the two is there."""
    zone = ZONES[day.queue]
    rows = []
    starts = {half.start for half in day.half_hours}
    halves = {half.start: half for half in half_hours_of(zone, day.date)}
    for half in day.half_hours:
        label = halves[half.start].label
        twins = [each.start for each in halves.values() if each.label == label]
        moment = f"{_utc(half.start)}+00:00" if not starts.issuperset(twins) else label
        cells = [half.contacts, half.aht_s, half.required]
        rows.append([day.queue, day.date, moment, *("" if cell is None else repr(cell) for cell in cells)])
    return rows


def _utc(at: int) -> str:
    return half_hour_at("UTC", at).date + "T" + f"{at // 3_600_000 % 24:02}:{at // 60_000 % 60:02}"


@given(st.lists(forecasts(), max_size=3, unique_by=lambda day: (day.queue, day.date)))
def test_what_is_written_is_read(days: list[DayForecast]):
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows(row for day in days for row in written(day))
    reading = read_forecasts(io.StringIO(file.getvalue(), newline=""), TERMS)
    assert reading.mistakes == []
    assert reading.forecasts == days
    assert reading.items == sum(len(day.half_hours) for day in days)
    assert [DayForecast.model_validate_json(day.model_dump_json(exclude_none=True)) for day in days] == days


cells = st.sampled_from(
    ["lisbon/sales", "tokyo/sales", "nowhere/q", BACK, FORWARD, "2026-02-30", "01:30", "1:30", "25:00", f"{BACK}T01:30Z", "12.5", "-1", "", "é", '"']
)  # fmt: skip


@given(st.lists(st.lists(cells, max_size=8), max_size=12))
def test_every_line_is_a_half_hour_that_is_taken_or_a_mistake(rows: list[list[str]]):
    file = io.StringIO(newline="")
    csv.writer(file).writerows([COLUMNS, *rows])
    reading = read_forecasts(io.StringIO(file.getvalue(), newline=""), TERMS)
    taken = sum(len(day.half_hours) for day in reading.forecasts)
    assert reading.items == taken + len(reading.mistakes)
    assert len({mistake.place for mistake in reading.mistakes}) == len(reading.mistakes)


@given(st.sampled_from(sorted(set(ZONES.values()))), DAYS)
def test_half_hours_of_a_day_are_those_that_are_counted(zone: str, day: date):
    halves = half_hours_of(zone, day.isoformat())
    for before, after in pairwise(halves):
        assert before.end == after.start
    for half in halves:
        counted = half_hour_at(zone, half.start)
        assert (counted.start, counted.end, counted.label) == half
        assert counted.date == day.isoformat()
    assert halves[0].start == beginning_ms(day, ZoneInfo(zone))
    assert halves[-1].end == beginning_ms(day + timedelta(days=1), ZoneInfo(zone))


def test_the_terms_know_the_queues_of_sites_that_are_described():
    name = Text(en="x", zh="x")
    records: list[Description] = [
        Site(id="lisbon", name=name, timezone="Europe/Lisbon"), Queue(id="lisbon/sales", name=name), Queue(id="porto/q", name=name),
    ]  # fmt: skip
    assert terms_of(records, 3) == ForecastTerms({"lisbon/sales": "Europe/Lisbon"}, 3)
