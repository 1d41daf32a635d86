"""Agents' plans as people bring them: CSV, iCalendar, JSON. A mistake costs one agent's day, and says so."""

import csv
import io
import json
import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.contracts.schedule_files.calendars import read_calendar
from services.contracts.schedule_files.reading import PlanFileError, Reading, Terms
from services.contracts.schedule_files.tables import COLUMNS, read_table
from services.contracts.schedules import AdherenceException, DaySchedule, schedule_adapter, schedule_key
from services.contracts.topology import DEFAULT_ACTIVITIES
from services.ingest.domain.plans.posts import PlanReading, read_exceptions, read_schedules
from services.ingest.sources.http import letter
from services.metrics.domain.clocks import LATEST_MS
from tests.fuzz import mutate
from tests.fuzz.bodies import too_deep
from tests.fuzz.floors import patience
from tests.fuzz.law import Tally, check_letters

TERMS = Terms(DEFAULT_ACTIVITIES, {"lisbon": "Europe/Lisbon"}, version=7)
ACTIVITIES = tuple(one.id for one in DEFAULT_ACTIVITIES.activities)
DAYS_AT_ONCE = 12
GOOD_SHARE = 0.4
DAY = datetime(2026, 3, 2, tzinfo=UTC)
UNTIL = date(2026, 6, 1)
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//fuzz//\r\n{}END:VCALENDAR\r\n"
RULES = ("FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU", "FREQ=DAILY;COUNT=3", "FREQ=HOURLY", "FREQ=YEARLY;BYYEARDAY=366")


def tables(inputs: int, chance: random.Random) -> Tally:
    """CSV files: some days spoilt cell by cell, and files spoilt as text."""
    tally = Tally()
    while tally.given < inputs:
        rows, good = _table(chance, tally.given)
        text = _csv(rows)
        if chance.random() < 0.15:
            text = mutate.raw(chance, text[:2000].encode()).decode(errors="replace")
            good = set()
        try:
            reading = read_table(io.StringIO(text, newline=""), TERMS)
        except PlanFileError as error:
            tally.count(given=1, accepted=0, refused=1, where=f"table: {error}")
            continue
        _count_rows(tally, text, reading)
        _check(tally, reading, good, where="table")
    return tally


def _table(chance: random.Random, first: int) -> tuple[list[list[str]], set[tuple[str, str]]]:
    """Rows below the names of the columns, and the days that are as they should be."""
    rows, good = [], set()
    for number in range(first, first + DAYS_AT_ONCE):
        mine = _day_rows(chance, f"<{number:07}>")
        if chance.random() < GOOD_SHARE:
            good.add((mine[0][0], mine[0][2]))
        else:
            place = chance.randrange(len(mine))
            mine[place] = mutate.fields(chance, mine[place])
        rows += mine
    return rows, good


def _day_rows(chance: random.Random, agent: str) -> list[list[str]]:
    day = (DAY + timedelta(days=chance.randrange(400))).date().isoformat()
    if chance.random() < 0.1:
        return [[agent, "lisbon", day, "", "", ""]]
    rows, hour = [], chance.randrange(3, 20)
    for _ in range(chance.randrange(1, 5)):
        span = f"{hour % 24:02}:00", f"{(hour + 1) % 24:02}:00"
        rows.append([agent, "lisbon", day, chance.choice(ACTIVITIES), *span])
        hour += 1
    return rows


def _csv(rows: Iterable[list[str]]) -> str:
    content = io.StringIO(newline="")
    writer = csv.writer(content)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return content.getvalue()


def _count_rows(tally: Tally, text: str, reading: Reading) -> None:
    """Each row belongs to a day that was taken, or there is a mistake that says why not; never both."""
    taken = {(one.agent, one.date) for one in reading.schedules}
    lines = io.StringIO(text, newline="")
    first = next(lines, "").removeprefix("\ufeff")
    delimiter = ";" if first.count(";") > first.count(",") else ","
    names = [name.strip().casefold() for name in next(csv.reader([first], delimiter=delimiter), [])]
    told, accepted, refused, given = {one.place for one in reading.mistakes}, 0, 0, 0
    reader = csv.reader(lines, delimiter=delimiter)
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        given += 1
        row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        day = row.get("agent", ""), row.get("date", "")
        accepted += day in taken
        refused += day in reading.refused_days or f"line {reader.line_num + 1}" in told
    if reading.items != given:
        tally.breach(f"table: {reading.items} rows are told of {given}")
    tally.count(given=given, accepted=accepted, refused=refused, where=f"table {text[:300]!r}")


def calendars(inputs: int, chance: random.Random) -> Tally:
    """iCalendar files: some events spoilt property by property, and files spoilt as text."""
    tally = Tally()
    while tally.given < inputs:
        events, good, loose = _events(chance, tally.given)
        content = CALENDAR.format("".join(events)).encode()
        whole = chance.random() < 0.85
        if not whole:
            content = mutate.raw(chance, content[:3000])
        try:
            with patience():
                reading = read_calendar(content, TERMS, until=UNTIL)
        except PlanFileError:
            tally.count(given=1, accepted=0, refused=1, where="calendar")
            continue
        if whole:
            _count_events(tally, len(events), loose, reading)
            _check(tally, reading, good, where="calendar")
        else:
            tally.count(given=1, accepted=1, refused=0, where="calendar")
            _check(tally, reading, set(), where="calendar")
    return tally


def _events(chance: random.Random, first: int) -> tuple[list[str], set[tuple[str, str]], int]:
    """VEVENTs of an agent each, the days of those that are as they should be, and how many may stand for none."""
    events, good, loose = [], set(), 0
    for number in range(first, first + DAYS_AT_ONCE):
        at = DAY + timedelta(days=chance.randrange(200), hours=chance.randrange(3, 18))
        lines = {
            "UID": f"u{number}", "DTSTART": f"{at:%Y%m%dT%H%M%SZ}", "DTEND": f"{at + timedelta(hours=1):%Y%m%dT%H%M%SZ}",
            "SUMMARY": chance.choice(ACTIVITIES), "X-FLOORWATCH-AGENT": f"<{number:07}>", "X-FLOORWATCH-SITE": "lisbon",
        }  # fmt: skip
        if chance.random() < GOOD_SHARE:
            good.add((lines["X-FLOORWATCH-AGENT"], at.date().isoformat()))
        else:
            if chance.random() < 0.2:
                lines["RRULE"] = chance.choice(RULES)
            agent = lines["X-FLOORWATCH-AGENT"]
            _spoil(chance, lines)
            recurs = bool({"RRULE", "RDATE", "RECURRENCE-ID"} & lines.keys())
            loose += recurs or lines.get("X-FLOORWATCH-AGENT") != agent
        body = "".join(f"{name}:{value}\r\n" for name, value in lines.items())
        events.append(f"BEGIN:VEVENT\r\n{body}END:VEVENT\r\n")
    return events, good, loose


def _spoil(chance: random.Random, lines: dict[str, str]) -> None:
    """One property: its value, its name, or gone. On one line: a line more might be another event's."""
    name = chance.choice(list(lines))
    value = " ".join(mutate.field(chance, lines.pop(name)).split())
    match chance.randrange(6):
        case 0:
            pass
        case 1:
            lines[chance.choice(("DURATION", "CATEGORIES", "RDATE", "EXDATE", "ATTENDEE", "RECURRENCE-ID"))] = value
        case _:
            lines[name] = value[:500]


def _count_events(tally: Tally, given: int, loose: int, reading: Reading) -> None:
    """Each event is planned, or a mistake tells why not; `loose` of them may recur never, or be of one agent."""
    accepted = min(sum(max(len(one.activities), 1) for one in reading.schedules), given)
    if accepted + len(reading.mistakes) + loose < given:
        tally.breach(f"calendar: {given} events, {accepted} taken, mistakes: {[str(m) for m in reading.mistakes][:5]}")
    tally.count(given=given, accepted=accepted, refused=given - accepted, where="calendar")


def _check(tally: Tally, reading: Reading, good: set[tuple[str, str]], *, where: str) -> None:
    taken = {(one.agent, one.date) for one in reading.schedules}
    if lost := good - taken:
        why = [str(one) for one in reading.mistakes if (one.agent, one.date) in lost]
        tally.breach(f"{where}: {len(lost)} good days were lost, such as {min(lost)}: {why[:2]}")
    if taken & reading.refused_days:
        tally.breach(f"{where}: a day is taken and refused: {min(taken & reading.refused_days)}")
    for mistake in reading.mistakes:
        if not mistake.reason or len(str(mistake)) > 3000:
            tally.breach(f"{where}: a mistake of {len(str(mistake))} characters: {str(mistake)[:200]}")
        str(mistake).encode()
    check_plans(tally, reading.schedules, where=where)


def check_plans(tally: Tally, plans: Iterable[DaySchedule | AdherenceException], *, where: str) -> None:
    """Each travels, and lies in time."""
    for plan in plans:
        schedule_key(plan).encode()
        if schedule_adapter.validate_json(plan.model_dump_json()) != plan:
            tally.breach(f"{where}: {plan} arrives as another")
        spans = plan.activities if isinstance(plan, DaySchedule) else (plan,)
        if not all(0 <= span.start < span.end <= LATEST_MS for span in spans):
            tally.breach(f"{where}: {plan} lies outside of time")


def posted(inputs: int, chance: random.Random) -> Tally:
    """Bodies of POST /v1/schedules and /v1/exceptions: with spoilt items, and spoilt as a whole."""
    tally = Tally()
    while tally.given < inputs:
        excuses = chance.random() < 0.4
        lot, good = items(chance, tally.given, excuses=excuses)
        name = "exceptions" if excuses else "schedules"
        body = json.dumps(lot if chance.random() < 0.5 else {name: lot}, ensure_ascii=chance.random() < 0.5)
        reading = _read(tally, body.encode(), excuses=excuses, given=len(lot))
        if lost := good - {one.agent for _, one in reading.taken}:
            tally.breach(f"{name}: {len(lost)} good ones were lost, such as {min(lost)}: {reading.problems[:2]}")
        for _ in range(3):
            spoilt = mutate.raw(chance, body[:2000].encode())
            _read(tally, spoilt, excuses=excuses, given=None)
    return tally


def schedule(chance: random.Random, agent: str) -> dict[str, Any]:
    """A plan as it is posted."""
    at = DAY + timedelta(days=chance.randrange(300), hours=chance.randrange(3, 15))
    parts: list[dict[str, str]] = []
    plan = {"agent": agent, "site": "lisbon", "date": at.date().isoformat(), "version": 3, "activities": parts}
    for _ in range(chance.randrange(5)):
        end = at + timedelta(hours=1)
        parts.append({"activity": chance.choice(ACTIVITIES), "start": at.isoformat(), "end": end.isoformat()})
        at = end
    return plan


def approval(agent: str) -> dict[str, Any]:
    """An exception as it is posted."""
    span = {"start": DAY.isoformat(), "end": (DAY + timedelta(hours=1)).isoformat()}
    return {"id": "x1", "agent": agent, **span, "reason": "doctor", "approved_by": "lead"}


def items(chance: random.Random, first: int, *, excuses: bool) -> tuple[list[Any], set[str]]:
    """Plans or changes of an agent each as they are posted, and whose are as they should be."""
    made: list[Any] = []
    good = set()
    for number in range(first, first + 30):
        agent = f"<{number:07}>"
        item = schedule(chance, agent) if not excuses else approval(agent)
        if excuses and chance.random() < 0.2:
            item = {"action": "withdraw", "id": "x1", "agent": agent}
        if chance.random() < GOOD_SHARE:
            good.add(agent)
        else:
            item = mutate.tree(chance, item)
            while too_deep(item):  # then no reader takes the body at all
                item = mutate.tree(chance, approval(agent))
        made.append(item)
    return made, good


def _read(tally: Tally, body: bytes, *, excuses: bool, given: int | None) -> PlanReading[Any]:
    reading: PlanReading[Any] = read_exceptions(body) if excuses else read_schedules(body, TERMS)
    letters = [letter(index, item, reading.problems) for index, item in reading.refused]
    whole = not reading.taken and not reading.refused
    if whole and given is None and not reading.problems and b"[]" not in b"".join(body.split()):
        tally.breach(f"nothing was said of {body[:200]!r}")
    if given is None:
        given = len(reading.taken) + len(reading.refused) + whole
    refused = len(reading.refused) + (whole and given == 1)
    tally.count(given=given, accepted=len(reading.taken), refused=refused, where=f"plans {body[:300]!r}")
    check_letters(tally, letters, where="plans")
    records = [one for _, one in reading.taken if isinstance(one, DaySchedule | AdherenceException)]
    check_plans(tally, records, where="plans")
    return reading
