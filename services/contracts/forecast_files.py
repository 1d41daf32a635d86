"""Forecasts as CSV, one row per half-hour: queue, date, start, contacts[, aht_s][, required]. See docs/forecasts.md.

A mistake costs its row, and nothing else: the other half-hours of that day are as useful without it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from services.contracts.forecasts import DayForecast, HalfHourForecast
from services.contracts.local_days import LocalHalfHour, half_hours_of
from services.contracts.schedule_files.reading import (
    FieldError,
    Mistake,
    date_of,
    first_problem,
    id_of,
    in_our_time,
    local_ms,
    shortened,
)
from services.contracts.schedule_files.rows import Table
from services.contracts.topology import Description, Queue, ScopedId, Site

COLUMNS = ("queue", "date", "start", "contacts", "aht_s", "required")
NEEDED = COLUMNS[:4]
_TIME = re.compile(r"([0-9]{1,2}):([0-5][0-9])(?::00)?")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_queue: TypeAdapter[str] = TypeAdapter(ScopedId)


@dataclass(frozen=True, slots=True)
class ForecastTerms:
    """What a forecast is checked against: time zones by queue, of those that are described; and its version."""

    timezones: Mapping[str, str]
    version: int

    def zone(self, queue: str) -> ZoneInfo:
        """Of a queue's site.

        Raises:
            FieldError: nobody has described the queue.
        """
        if queue not in self.timezones:
            raise FieldError(
                "queue", f"nobody has described queue {shortened(queue)!r}: correct it, or describe the queue first"
            )
        return ZoneInfo(self.timezones[queue])

    def half_hours(self, queue: str, day: str) -> tuple[LocalHalfHour, ...]:
        """A queue's local day. Raises FieldError as `zone` does."""
        return half_hours_of(self.zone(queue).key, day)


@dataclass(slots=True)
class ForecastReading:
    """What a file holds: the days of queues, what is wrong with the rows that are not in them, and all rows."""

    forecasts: list[DayForecast] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    items: int = 0


def terms_of(records: Iterable[Description], version: int) -> ForecastTerms:
    """The terms on a floor that is described so."""
    known = list(records)
    zones = {each.id: each.timezone for each in known if isinstance(each, Site)}
    queues = (each.id for each in known if isinstance(each, Queue))
    return ForecastTerms({id_: zones[site] for id_ in queues if (site := id_.partition("/")[0]) in zones}, version)


@dataclass(slots=True)
class _Day:
    """A queue's day as its rows come: where each half-hour was named, and what is expected of it."""

    named: dict[int, str] = field(default_factory=dict)
    halves: dict[int, HalfHourForecast] = field(default_factory=dict)


def read_forecasts(lines: Iterable[str], terms: ForecastTerms) -> ForecastReading:
    """Read a CSV file.

    Args:
        lines: the file's lines, the first of them the names of the columns; separated by commas or semicolons.
        terms: what it is checked against.

    Raises:
        PlanFileError: it has not the columns that it needs.
    """
    table = Table(lines)
    table.needs(NEEDED, NEEDED)
    table.holds_only(COLUMNS)
    reading, days = ForecastReading(), defaultdict[tuple[str, str], _Day](_Day)
    for place, row in table.rows():
        reading.items += 1
        try:
            queue, date_ = id_of(row["queue"], "queue", _queue), date_of(row["date"])
            halves = terms.half_hours(queue, date_.isoformat())
            day = days[queue, date_.isoformat()]
            start = _start(row["start"], date_, halves, terms.zone(queue), day)
            day.named[start] = place  # before its numbers are read: of two times 01:30 the second stays the second
            day.halves[start] = _expected(start, row)
        except FieldError as error:
            reading.mistakes.append(Mistake(place=place, field=error.field, reason=str(error)))
    for (queue, text), day in days.items():
        if day.halves:
            whole = tuple(half for _, half in sorted(day.halves.items()))
            reading.forecasts.append(DayForecast(queue=queue, date=text, version=terms.version, half_hours=whole))
    return reading


def _start(text: str, date_: date, halves: tuple[LocalHalfHour, ...], zone: ZoneInfo, day: _Day) -> int:
    """Epoch ms of the half-hour that a row is about; of one that the clock shows twice the first not yet named."""
    if not text:
        raise FieldError("start", "is missing")
    starts, label = _moments(text, date_, halves), text
    if starts is None:
        label = _label(text, date_)
        starts = [half.start for half in halves if half.label == label]
    if not starts:
        hour, minute = int(label[:2]), int(label[3:])
        local_ms(date_, hour * 3600 + minute * 60, zone, "start")  # says so where clocks go forward over it
        raise FieldError("start", f"no half-hour begins at {label}: give {halves[0].label}, {halves[1].label} …")
    free = [start for start in starts if start not in day.named]
    if not free:
        raise FieldError("start", f"this half-hour is given twice: {day.named[starts[-1]]} has it")
    return free[0]


def _moments(text: str, date_: date, halves: tuple[LocalHalfHour, ...]) -> list[int] | None:
    """The half-hour that begins at a moment with an offset; None: it is told by the clock alone."""
    try:
        moment = datetime.fromisoformat(text) if "-" in text else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        return None
    in_our_time(moment, "start")
    at = round(moment.timestamp() * 1000)
    if all(half.start != at for half in halves):
        raise FieldError(
            "start", f"{text} is not the beginning of a half-hour of {date_} by the clock of the queue's site"
        )
    return [at]


def _label(text: str, date_: date) -> str:
    """HH:MM, of a time with or without its date."""
    clock = text[11:] if text.startswith((f"{date_}T", f"{date_} ")) else text
    found = _TIME.fullmatch(clock)
    if found is None or int(found[1]) > 23:
        raise FieldError("start", f"{shortened(text)!r} is no time of {date_} such as 09:30")
    return f"{int(found[1]):02}:{found[2]}"


def _expected(start: int, row: dict[str, str]) -> HalfHourForecast:
    numbers = {name: _number(row.get(name, ""), name) for name in COLUMNS[3:]}
    if numbers["contacts"] is None:
        raise FieldError("contacts", "is missing; write 0 where nobody is expected")
    try:
        return HalfHourForecast.model_validate({"start": start} | numbers)
    except ValidationError as error:
        raise FieldError(*first_problem(error)) from None


def _number(text: str, name: str) -> float | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise FieldError(name, f"{shortened(text)!r} is no number of 0 or more such as 12.5")
    return float(text)
