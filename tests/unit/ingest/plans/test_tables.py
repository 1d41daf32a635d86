"""Schedules as CSV: what is taken, what is not, and where it says so."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.schedule_files.reading import PlanFileError
from services.contracts.schedule_files.tables import COLUMNS, read_table
from services.ingest.sources.files import shipped
from tests.unit.ingest.plans.desk import TERMS, blamed, days

HEAD = "agent,site,date,activity,start,end"


def read(*rows: str, head: str = HEAD, **changes: Any):
    return read_table([head, *rows], replace(TERMS, **changes))


def test_a_day_of_three_activities():
    reading = read(
        "ana,lisbon,2026-03-02,on_queue,09:00,12:00",
        "ana,lisbon,2026-03-02,Meal,12:00,12:30",
        "ana,lisbon,2026-03-02,On queue,12:30,17:00",
    )
    assert reading.mistakes == []
    assert days(reading) == {
        ("ana", "2026-03-02"): ["09:00–12:00 on_queue", "12:00–12:30 meal", "12:30–17:00 on_queue"]
    }
    assert {(one.site, one.version) for one in reading.schedules} == {("lisbon", 7)}


def test_a_night_shift_belongs_to_the_evening_it_begins():
    reading = read(
        "ana,lisbon,2026-03-02,on_queue,22:00,01:30",
        "ana,lisbon,2026-03-02,meal,01:30,02:00",
        "ana,lisbon,2026-03-02,on_queue,02:00,06:00",
        "ben,lisbon,2026-03-02,on_queue,22:00,23:50",
        "ben,lisbon,2026-03-02,on_queue,24:10,30:00",
    )
    assert reading.mistakes == []
    assert days(reading) == {
        ("ana", "2026-03-02"): ["22:00–03th 01:30 on_queue", "03th 01:30–03th 02:00 meal", "03th 02:00–03th 06:00 on_queue"],
        ("ben", "2026-03-02"): ["22:00–23:50 on_queue", "03th 00:10–03th 06:00 on_queue"],
    }  # fmt: skip


def test_rows_of_many_agents_may_be_mixed_and_the_rest_of_the_file_varies():
    reading = read(
        " ana ;2026-03-02;on_queue;09:00:30;10:00",
        "",
        "ben;2026-03-02;on_queue;09:00;10:00",
        "ana;2026-03-02;break;10:00;10:15",
        head="\ufeffAgent;Date;Activity;Start;End",
        site="lisbon",
    )
    assert reading.mistakes == []
    assert sorted(days(reading)) == [("ana", "2026-03-02"), ("ben", "2026-03-02")]


def test_times_with_a_date_and_with_an_offset():
    reading = read("ana,lisbon,2026-07-01,on_queue,2026-07-01T09:00,2026-07-01T10:00+00:00")
    assert days(reading) == {("ana", "2026-07-01"): ["09:00–11:00 on_queue"]}


def test_a_day_off_is_a_row_without_an_activity():
    reading = read("ana,lisbon,2026-03-02,,,")
    assert days(reading) == {("ana", "2026-03-02"): []}


@pytest.mark.parametrize(
    ("row", "field", "lost"),
    [
        ("ana,lisbon,2026-03-02,juggling,10:00,11:00", "activity", "ana 2026-03-02"),
        ("ana,lisbon,2026-03-02,,10:00,11:00", "activity", "ana 2026-03-02"),
        ("ana,lisbon,2026-03-02,,,", "activity", "ana 2026-03-02"),
        ("ana,lisbon,2026-03-02,break,10:60,11:00", "start", "ana 2026-03-02"),
        ("ana,lisbon,2026-03-02,break,48:00,49:00", "start", "ana 2026-03-02"),
        ("ana,lisbon,2026-03-02,break,10:00,", "end", "ana 2026-03-02"),
        ("ana,lisbon,2026-03-02,break,2026-03-02T10:00,2026-03-02T09:00", "end", "ana 2026-03-02"),
        ("ana,lisbon,2026-03-02,break,2026-03-0210,11:00", "start", "ana 2026-03-02"),
        ("ana,lisbon,2026-03-02,break,08:00,08:15", "start", "ana 2026-03-02"),  # out of order, or the next day?
        ("ana,porto,2026-03-02,break,10:00,11:00", "site", "ana 2026-03-02"),
        ("ana,madrid,2026-03-02,break,10:00,11:00", "site", "ana 2026-03-02"),
        ("ana,lisbon,2026-02-30,break,10:00,11:00", "date", ""),
        ("ana,lisbon,2 March,break,10:00,11:00", "date", ""),
        ("ana,lisbon,9999-12-31,break,10:00,47:00", "date", ""),
        ("ana,lisbon,2026-03-02,break,0001-01-01T00:00+14:00,11:00", "start", "ana 2026-03-02"),
        ("ana,lisbon,20260302,break,10:00,11:00", "date", ""),
        ("a|b,lisbon,2026-03-02,break,10:00,11:00", "agent", ""),
        (",lisbon,2026-03-02,break,10:00,11:00", "agent", ""),
        ("ana,,2026-03-02,break,10:00,11:00", "site", "ana 2026-03-02"),
        ("ana,no site,2026-03-02,break,10:00,11:00", "site", "ana 2026-03-02"),
        ("ana", "date", ""),
    ],
)  # fmt: skip
def test_a_bad_line_costs_that_agents_day_only(row, field, lost):
    reading = read(
        "ana,lisbon,2026-03-02,on_queue,09:00,10:00",
        "ana,lisbon,2026-03-03,on_queue,09:00,10:00",
        row,
        "ben,lisbon,2026-03-02,on_queue,09:00,10:00",
    )
    assert blamed(reading.mistakes) == [("line 4", field, lost)]
    whole = {("ana", "2026-03-02"), ("ana", "2026-03-03"), ("ben", "2026-03-02")}
    assert days(reading).keys() == whole - ({("ana", "2026-03-02")} if lost else set())


def test_two_activities_at_once():
    reading = read("ana,lisbon,2026-03-02,on_queue,09:00,12:00", "ana,lisbon,2026-03-02,meal,11:30,12:30")
    assert [str(mistake) for mistake in reading.mistakes] == [
        "line 3: start: begins before on_queue (line 2) ends; ana's 2026-03-02 is not taken"
    ]


def test_rows_sorted_by_activity_are_not_taken_for_the_next_morning():
    reading = read("ana,lisbon,2026-03-02,on_queue,16:00,24:00", "ana,lisbon,2026-03-02,meal,12:00,12:30")
    assert "order of time" in reading.mistakes[0].reason


def test_a_plan_of_two_days_is_no_day():
    reading = read(
        "ana,lisbon,2026-03-02,on_queue,2026-03-02T09:00,2026-03-02T10:00",
        "ana,lisbon,2026-03-02,on_queue,2026-03-04T09:00,2026-03-04T10:00",
    )
    assert "36 hours" in reading.mistakes[0].reason


def test_a_time_that_the_clocks_skip():
    """2026-03-29: 01:00 is followed by 02:00 in Lisbon."""
    reading = read("ana,lisbon,2026-03-29,on_queue,01:30,05:00", "ben,lisbon,2026-03-29,on_queue,00:30,02:30")
    assert "01:30 does not exist" in reading.mistakes[0].reason
    (schedule,) = reading.schedules
    assert sum(part.end - part.start for part in schedule.activities) == 60 * 60_000


def test_an_hour_that_comes_twice_is_its_first():
    """2026-10-25: 01:59 is followed by 01:00 in Lisbon."""
    reading = read("ana,lisbon,2026-10-25,on_queue,00:00,01:30", "ana,lisbon,2026-10-25,break,01:30,02:00")
    (schedule,) = reading.schedules
    assert [(part.end - part.start) // 60_000 for part in schedule.activities] == [90, 90]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("", "the columns"),
        ("agent,site,date,activity,start", "end is missing"),
        ("agent,date,activity,start,end", "site is missing"),
        (f"{HEAD},mood", "unknown column 'mood'"),
        (f"{HEAD},start", "given twice"),
    ],
)
def test_a_file_of_another_shape(head, message):
    with pytest.raises(PlanFileError, match=message):
        read("ana", head=head)


def test_the_sample_that_ships_is_taken_whole():
    content = shipped("schedules-sample.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    reading = read_table(content, TERMS)
    assert reading.mistakes == []
    assert len(reading.schedules) >= 3


cells = st.sampled_from(
    ["ana", "ben", "lisbon", "porto", "2026-03-02", "2026-03-29", "on_queue", "meal", "09:00", "23:00", "01:30", "25:00", "", "x", "2026-03-02T09:00", "|", "\x00"]
)  # fmt: skip


@given(st.lists(st.lists(cells, max_size=7), max_size=12))
def test_every_row_is_taken_or_blamed(rows):
    """No row is lost without a word, whatever is in it."""
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *rows])
    reading = read_table(io.StringIO(text.getvalue(), newline=""), TERMS)
    taken = {(one.agent, one.date) for one in reading.schedules}
    assert not taken & reading.refused_days
    for row in rows:
        if len(row) >= 3 and any(row) and (row[0], row[2]) not in taken:
            assert reading.mistakes
