"""Schedules as CSV, one row per activity: agent, site, date, activity, start, end. Described in docs/schedules.md."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from services.contracts.schedule_files.reading import (
    FieldError,
    Mistake,
    Part,
    Reading,
    Terms,
    date_of,
    id_of,
    in_our_time,
    local_ms,
    put_together,
    shortened,
    without_refused,
)
from services.contracts.schedule_files.rows import Table
from services.contracts.schedules import AgentId
from services.contracts.topology import Id

COLUMNS = ("agent", "site", "date", "activity", "start", "end")
LATEST_HOUR = 47
_TIME = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")
_DAY_S = 86_400
LONGEST_GAP_S = 4 * 3600
OUT_OF_ORDER = (
    "lies before the row above of this day: put the day's rows in order of time, and write 24:30 for half past midnight"
)
_agent: TypeAdapter[str] = TypeAdapter(AgentId)
_site: TypeAdapter[str] = TypeAdapter(Id)


@dataclass(slots=True)
class _Day:
    """An agent's day as its rows come: parts so far, the last row in seconds from midnight, "" or who said day off."""

    date: date
    site: str
    parts: list[Part] = field(default_factory=list)
    off: str = ""
    last_start_s: int = -1
    last_end_s: int = -1


def read_table(lines: Iterable[str], terms: Terms) -> Reading:
    """Read a CSV file.

    Args:
        lines: the file's lines, the first of them the names of the columns; separated by commas or semicolons.
        terms: what it is checked against.

    Raises:
        PlanFileError: it has not the columns that it needs.
    """
    table = Table(lines)
    table.needs([name for name in COLUMNS if name != "site" or not terms.site], COLUMNS)
    table.holds_only(COLUMNS)
    reading, days = Reading(), dict[tuple[str, str], _Day]()
    for place, row in table.rows():
        reading.items += 1
        known: tuple[str, str] | None = None
        try:
            agent, day = _whose(row)
            known = agent, day.isoformat()
            site = id_of(row.get("site") or terms.site, "site", _site)
            _add(days.setdefault(known, _Day(day, site)), place, site, row, terms)
        except FieldError as error:
            agent, text = known or ("", "")
            reading.mistakes.append(Mistake(place=place, field=error.field, reason=str(error), agent=agent, date=text))
    return without_refused(
        reading, (put_together(agent, day.site, text, day.parts, terms.version) for (agent, text), day in days.items())
    )


def _whose(row: dict[str, str]) -> tuple[str, date]:
    """Agent and day: whatever else is wrong with a row costs that day."""
    return id_of(row.get("agent", ""), "agent", _agent), date_of(row.get("date", ""))


def _add(day: _Day, place: str, site: str, row: dict[str, str], terms: Terms) -> None:
    zone = terms.zone(site)
    if site != day.site:
        raise FieldError("site", f"this day of the agent is planned at {day.site!r} above")
    activity, start, end = row.get("activity", ""), row.get("start", ""), row.get("end", "")
    if not (activity or start or end):
        if day.parts:
            raise FieldError(
                "activity", "is missing; a row without activity and times is a day off, this day has others"
            )
        day.off = place
        return
    if day.off:
        raise FieldError("activity", f"{day.off} says that this is a day off")
    name = terms.activity(activity) if activity else None
    if name is None:
        raise FieldError("activity", "is missing")
    start_s, end_s = _seconds(start, "start"), _seconds(end, "end")
    if start_s is None or end_s is None:
        start_ms = _moment(start, start_s, day.date, zone, "start")
        end_ms = _moment(end, end_s, day.date, zone, "end")
    else:
        start_s, end_s = _unrolled(day, start_s, end_s)
        start_ms, end_ms = local_ms(day.date, start_s, zone, "start"), local_ms(day.date, end_s, zone, "end")
    if end_ms <= start_ms:
        raise FieldError("end", "must lie after start")
    day.parts.append(Part(place, name, start_ms, end_ms))


def _unrolled(day: _Day, start_s: int, end_s: int) -> tuple[int, int]:
    """Seconds from the shift's midnight: rows that follow one over midnight belong to the next morning."""
    if day.last_end_s >= _DAY_S and start_s < _DAY_S:
        start_s, end_s = start_s + _DAY_S, end_s + (_DAY_S if end_s < _DAY_S else 0)
        if start_s > day.last_end_s + LONGEST_GAP_S:
            raise FieldError("start", OUT_OF_ORDER)  # taken for the next day, which it hardly is
    if start_s < day.last_start_s:
        raise FieldError("start", OUT_OF_ORDER)
    if end_s <= start_s:
        end_s += _DAY_S
    day.last_start_s, day.last_end_s = start_s, end_s
    return start_s, end_s


def _seconds(text: str, name: str) -> int | None:
    """Seconds since midnight; None where a date is given with the time."""
    if not text:
        raise FieldError(name, "is missing")
    found = _TIME.fullmatch(text)
    if found is None:
        if "-" in text:
            return None
        raise FieldError(name, f"{shortened(text)!r} is no time such as 07:30")
    hour, minute, second = (int(part or 0) for part in found.groups())
    if hour > LATEST_HOUR:
        raise FieldError(name, f"{text!r} is no time such as 07:30; after midnight 24:30 is written, up to 47:59")
    return hour * 3600 + minute * 60 + second


def _moment(text: str, seconds: int | None, day: date, zone: ZoneInfo, name: str) -> int:
    if seconds is not None:
        return local_ms(day, seconds, zone, name)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FieldError(name, f"{shortened(text)!r} is no time such as 07:30 or 2026-03-02T07:30") from None
    in_our_time(moment, name)
    if moment.tzinfo is not None:
        return round(moment.timestamp() * 1000)
    return local_ms(moment.date(), moment.hour * 3600 + moment.minute * 60 + moment.second, zone, name)
