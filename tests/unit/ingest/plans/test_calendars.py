"""Schedules as iCalendar: whose, when, what; recurring ones; and what can't be used."""

from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.schedule_files.calendars import read_calendar
from services.contracts.schedule_files.reading import PlanFileError
from tests.unit.ingest.plans.desk import TERMS, days

ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Lisbon
BEGIN:STANDARD
DTSTART:19961027T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19960331T010000
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE"""
NINE_TO_TEN = "DTSTART:20260302T090000\nDTEND:20260302T100000"
LISBON = replace(TERMS, site="lisbon")


def event(*lines: str) -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{crc32(repr(lines).encode())}", *lines, "END:VEVENT"])


def as_one(*lines: str) -> list[str]:
    return ["\n".join(lines)]


def read(*events: str, until: str = "2026-12-31", terms: Any = LISBON, **more: Any):
    lines = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", ZONE, *events, "END:VCALENDAR", ""])
    return read_calendar(lines.replace("\n", "\r\n").encode(), terms, until=date.fromisoformat(until), **more)


def blamed(reading: Any) -> list[tuple[str, str]]:
    return [(mistake.field, f"{mistake.agent} {mistake.date}".strip()) for mistake in reading.mistakes]


@pytest.mark.parametrize(
    "times",
    [
        NINE_TO_TEN,  # no zone: the site's
        "DTSTART;TZID=Europe/Lisbon:20260302T090000\nDTEND;TZID=Europe/Lisbon:20260302T100000",
        "DTSTART;TZID=Europe/Madrid:20260302T100000\nDTEND;TZID=Europe/Madrid:20260302T110000",
        "DTSTART:20260302T090000Z\nDTEND:20260302T100000Z",
        "DTSTART:20260302T090000\nDURATION:PT1H",
    ],
)
def test_when(times):
    reading = read(event(times, "SUMMARY:On queue"), agent="ana")
    assert reading.mistakes == []
    assert days(reading) == {("ana", "2026-03-02"): ["09:00–10:00 on_queue"]}


@pytest.mark.parametrize(
    ("lines", "agents"),
    [
        (["ATTENDEE;CN=Ana Silva:mailto:ana@example.org"], {"ana@example.org"}),
        (
            ["ATTENDEE:MAILTO:ana@example.org", "ATTENDEE:mailto:ben@example.org"],
            {"ana@example.org", "ben@example.org"},
        ),
        (["ATTENDEE:mailto:ana@example.org", "X-FLOORWATCH-AGENT:ana"], {"ana"}),
    ],
)
def test_whose(lines, agents):
    reading = read(event(NINE_TO_TEN, "SUMMARY:Meeting", *lines))
    assert reading.mistakes == []
    assert {one.agent for one in reading.schedules} == agents


def test_the_agent_of_the_whole_file_comes_before_those_who_attend():
    reading = read(event(NINE_TO_TEN, "SUMMARY:Meeting", "ATTENDEE:mailto:lead@example.org"), agent="ana")
    assert {one.agent for one in reading.schedules} == {"ana"}


@pytest.mark.parametrize(
    ("lines", "activity"),
    [
        (["CATEGORIES:TRAINING", "SUMMARY:New products"], "training"),
        (["CATEGORIES:Red,Off-queue work", "SUMMARY:Paperwork"], "off_queue"),
        (["CATEGORIES:Red", "SUMMARY:Break"], "break"),
        (["SUMMARY:小休"], "break"),
    ],
)
def test_what(lines, activity):
    reading = read(event(NINE_TO_TEN, *lines), agent="ana")
    assert reading.mistakes == []
    assert days(reading) == {("ana", "2026-03-02"): [f"09:00–10:00 {activity}"]}


def test_a_night_shift_belongs_to_the_evening_it_begins_and_the_next_one_to_the_next():
    reading = read(
        event("DTSTART:20260302T220000", "DTEND:20260303T013000", "SUMMARY:On queue"),
        event("DTSTART:20260303T013000", "DTEND:20260303T020000", "SUMMARY:Meal"),
        event("DTSTART:20260303T020000", "DTEND:20260303T060000", "SUMMARY:On queue"),
        event("DTSTART:20260303T220000", "DTEND:20260304T060000", "SUMMARY:On queue"),
        agent="ana",
    )
    assert {day: len(parts) for (_, day), parts in days(reading).items()} == {"2026-03-02": 3, "2026-03-03": 1}


def test_whole_days_stand_for_themselves():
    reading = read(
        event("DTSTART;VALUE=DATE:20260302", "SUMMARY:Not signed in"),
        event("DTSTART;VALUE=DATE:20260303", "DTEND;VALUE=DATE:20260304", "SUMMARY:Not signed in"),
        event("DTSTART:20260304T003000", "DTEND:20260304T080000", "SUMMARY:On queue"),
        agent="ana",
    )
    assert sorted(day for _, day in days(reading)) == ["2026-03-02", "2026-03-03", "2026-03-04"]


def test_a_shift_that_recurs_by_the_wall_clock():
    """Weekdays at 09:00 over the change of the clocks (2026-03-29), but for a holiday, and moved once."""
    reading = read(
        *as_one(
            "BEGIN:VEVENT", "UID:weekly", "DTSTART;TZID=Europe/Lisbon:20260326T090000", "DTEND;TZID=Europe/Lisbon:20260326T100000",
            "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20260402T235959Z", "EXDATE;TZID=Europe/Lisbon:20260331T090000",
            "SUMMARY:On queue", "END:VEVENT",
            "BEGIN:VEVENT", "UID:weekly", "RECURRENCE-ID;TZID=Europe/Lisbon:20260401T090000",
            "DTSTART;TZID=Europe/Lisbon:20260401T110000", "DTEND;TZID=Europe/Lisbon:20260401T120000", "SUMMARY:On queue", "END:VEVENT",
        ),
        agent="ana",
    )  # fmt: skip
    assert reading.mistakes == []
    assert days(reading) == {
        ("ana", "2026-03-26"): ["09:00–10:00 on_queue"],
        ("ana", "2026-03-27"): ["09:00–10:00 on_queue"],
        ("ana", "2026-03-30"): ["09:00–10:00 on_queue"],
        ("ana", "2026-04-01"): ["11:00–12:00 on_queue"],
        ("ana", "2026-04-02"): ["09:00–10:00 on_queue"],
    }


def test_a_rule_without_an_end_is_expanded_up_to_a_day_and_other_events_are_taken_whenever_they_are():
    reading = read(
        event(NINE_TO_TEN, "RRULE:FREQ=DAILY", "SUMMARY:On queue"),
        event("DTSTART:19990104T090000", "DTEND:19990104T100000", "SUMMARY:On queue"),
        agent="ana", until="2026-03-04",
    )  # fmt: skip
    assert sorted(day for _, day in days(reading)) == ["1999-01-04", "2026-03-02", "2026-03-03", "2026-03-04"]


@pytest.mark.parametrize(
    ("lines", "field", "lost"),
    [
        ([NINE_TO_TEN, "SUMMARY:Juggling"], "SUMMARY", "ana 2026-03-02"),
        ([NINE_TO_TEN, "CATEGORIES:Juggling"], "CATEGORIES", "ana 2026-03-02"),
        ([NINE_TO_TEN], "SUMMARY", "ana 2026-03-02"),
        ([NINE_TO_TEN, "SUMMARY:Break", "X-FLOORWATCH-DATE:soon"], "X-FLOORWATCH-DATE", "ana 2026-03-02"),
        (["DTSTART:20260302T093000", "DTEND:20260302T094500", "SUMMARY:Break"], "start", "ana 2026-03-02"),
        (["DTSTART:20260302T093000", "SUMMARY:Break"], "DTEND", "ana 2026-03-02"),
        (["DTSTART:20260302T093000", "DTEND:20260302T090000", "SUMMARY:Break"], "DTEND", "ana 2026-03-02"),
        (["DTSTART:20260302T093000", "DTEND:later", "SUMMARY:Break"], "DTEND", "ana 2026-03-02"),
        (["DTSTART:99991231T235959", "DURATION:P9999999D", "SUMMARY:Break"], "DTSTART", ""),
        (["DTSTART:20260302T093000", "DURATION:P999999D", "SUMMARY:Break"], "DURATION", "ana 2026-03-02"),
        (["DTSTART:soon", "DTEND:20260302T090000", "SUMMARY:Break"], "DTSTART", ""),
        ([NINE_TO_TEN, "DTEND:20260302T110000", "SUMMARY:Break"], "DTEND", "ana 2026-03-02"),
        ([NINE_TO_TEN, "RRULE:FREQ=DAILY;BYDAY=99XX", "SUMMARY:Break"], "RRULE", "ana 2026-03-02"),
        (["DTEND:20260302T090000", "SUMMARY:Break"], "DTSTART", ""),
        ([NINE_TO_TEN, "X-FLOORWATCH-SITE:madrid", "SUMMARY:Break"], "site", ""),
        ([NINE_TO_TEN, "X-FLOORWATCH-SITE:porto", "SUMMARY:Break"], "X-FLOORWATCH-SITE", "ana 2026-03-02"),
        ([NINE_TO_TEN, "X-FLOORWATCH-AGENT:a|b", "SUMMARY:Break"], "X-FLOORWATCH-AGENT", ""),
        ([NINE_TO_TEN, "RRULE:FREQ=SECONDLY", "SUMMARY:Break"], "RRULE", "ana 2026-03-02"),
    ],
)  # fmt: skip
def test_an_event_that_cant_be_used_costs_that_agents_day_only(lines, field, lost):
    reading = read(
        event(NINE_TO_TEN, "SUMMARY:On queue"),
        event(*lines),
        event("DTSTART:20260303T090000", "DTEND:20260303T100000", "SUMMARY:On queue"),
        event(NINE_TO_TEN, "SUMMARY:On queue", "X-FLOORWATCH-AGENT:ben"),
        agent="ana",
    )
    assert blamed(reading) == [(field, lost)]
    whole = {("ana", "2026-03-02"), ("ana", "2026-03-03"), ("ben", "2026-03-02")}
    assert days(reading).keys() == whole - ({("ana", "2026-03-02")} if lost else set())


def test_a_series_that_cant_be_expanded_costs_no_other():
    reading = read(
        event("DTSTART:20260302T120000", "DTEND:20260302T130000", "RRULE:FREQ=DAILY;COUNT=2", "SUMMARY:On queue"),
        event(NINE_TO_TEN, "RRULE:FREQ=DAILY;BYDAY=99XX", "SUMMARY:Break", "X-FLOORWATCH-AGENT:ben"),
        event("DTEND:20260302T130000", "RRULE:FREQ=DAILY", "SUMMARY:Break"),
        event("DTSTART:20260302T120000", "DTEND:20260302T130000", "RRULE:FREQ=DAILY;UNTIL=x", "SUMMARY:Break", "X-FLOORWATCH-AGENT:eva"),
        agent="ana",
    )  # fmt: skip
    assert days(reading).keys() == {("ana", "2026-03-02"), ("ana", "2026-03-03")}
    assert sorted(blamed(reading)) == [("DTSTART", ""), ("RRULE", "ben 2026-03-02"), ("RRULE", "eva 2026-03-02")]


def test_nobody_and_nowhere():
    assert blamed(read(event(NINE_TO_TEN, "SUMMARY:Break"))) == [("X-FLOORWATCH-AGENT", "")]
    assert blamed(read(event(NINE_TO_TEN, "SUMMARY:Break"), terms=TERMS, agent="ana")) == [("X-FLOORWATCH-SITE", "")]


@pytest.mark.parametrize("content", [b"", b"hello", b"BEGIN:VCALENDAR", b"\xff\xfe"])
def test_no_calendar(content):
    with pytest.raises(PlanFileError, match="no iCalendar file"):
        read_calendar(content, LISBON, until=date(2026, 1, 1))


lines = st.sampled_from(
    ["BEGIN:VEVENT", "END:VEVENT", "DTSTART:20260302T090000", "DTSTART:soon", "DTEND:20260302T100000Z", "DTEND;VALUE=DATE:20260303",
     "DURATION:PT1H", "DURATION:x", "RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=DAILY;BYDAY=99XX", "RRULE:COUNT=1", "RDATE:20260304T090000",
     "EXDATE:never", "RECURRENCE-ID:20260303T090000", "SUMMARY:Break", "CATEGORIES:,,", "ATTENDEE:mailto:ana", "UID:1", "nonsense", "X-FLOORWATCH-AGENT:ana"]
)  # fmt: skip


@given(st.lists(lines, max_size=14))
def test_no_calendar_crashes_the_reader(some):
    text = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *some, "END:VEVENT", "END:VCALENDAR", ""])
    with suppress(PlanFileError):
        read_calendar(text.encode(), LISBON, until=date(2026, 12, 31))
