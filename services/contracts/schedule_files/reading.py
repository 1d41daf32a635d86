"""What all ways in have in common: what a plan is checked against, what is wrong with it, how a day is put together.

A mistake costs the day of the agent that it concerns, because half a plan would show people out of adherence; every
other day is taken.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from services.contracts.schedules import DaySchedule, PlannedActivity
from services.contracts.topology import Activities, Contract

FIRST_YEAR, LAST_YEAR = 1970, 2099
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class PlanFileError(ValueError):
    """The file as a whole can't be read as what it should be."""


class Mistake(Contract):
    """What is wrong at one place of a file. `agent` and `date`: the day that is not taken because of it."""

    place: str
    field: str
    reason: str
    agent: str = ""
    date: str = ""

    def __str__(self) -> str:
        what = f"{self.field}: {self.reason}" if self.field else self.reason
        lost = f"; {self.agent}'s {self.date} is not taken" if self.date else ""
        return f"{self.place}: {what}{lost}"


@dataclass(slots=True)
class Reading:
    """What a file holds: the days that can be taken, and what is wrong with the others."""

    schedules: list[DaySchedule] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    items: int = 0

    @property
    def refused_days(self) -> set[tuple[str, str]]:
        """(agent, date) of every day that is not taken."""
        return {(mistake.agent, mistake.date) for mistake in self.mistakes if mistake.date}


class FieldError(ValueError):
    """What is wrong with one field."""

    def __init__(self, field_name: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field_name


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan is checked against.

    Attributes:
        activities: what a schedule may plan.
        timezones: site → zone, of the sites that are described.
        site: of rows that name none.
        timezone: of sites that nobody has described.
        version: of the plans; a later import must have a higher one.
    """

    activities: Activities
    timezones: Mapping[str, str]
    version: int
    site: str = ""
    timezone: str = ""

    def activity(self, text: str) -> str:
        """Id of an activity by its id or its name, in whatever case.

        Raises:
            FieldError: there is none.
        """
        wanted = _plain(text)
        for one in self.activities.activities:
            if wanted in (_plain(one.id), _plain(one.name.en), _plain(one.name.zh)):
                return one.id
        known = ", ".join(one.id for one in self.activities.activities)
        raise FieldError("activity", f"{shortened(text)!r} is none of {known}")

    def zone(self, site: str) -> ZoneInfo:
        """A site's time zone.

        Raises:
            FieldError: nobody has described the site.
        """
        name = self.timezones.get(site) or self.timezone
        if not name:
            raise FieldError(
                "site",
                f"nobody has described site {shortened(site)!r}, so its time zone is not known: "
                "import it, or give --timezone",
            )
        return ZoneInfo(name)


def _plain(text: str) -> str:
    return text.strip().casefold().replace("-", "_").replace(" ", "_")


def local_ms(day: date, seconds: int, zone: ZoneInfo, field_name: str) -> int:
    """Epoch ms of a wall-clock time, `seconds` after a day's local midnight (more than 86,400: the next day's).

    A time that comes twice is its first one.

    Raises:
        FieldError: clocks go forward over it.
    """
    wall = datetime.combine(day, time()) + timedelta(seconds=seconds)
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != wall:
        raise FieldError(field_name, f"{wall:%Y-%m-%d %H:%M} does not exist in {zone.key}: clocks go forward over it")
    return round(moment.timestamp() * 1000)


def in_our_time(day: date, field_name: str) -> date:
    """The same day or moment.

    Raises:
        FieldError: it lies before 1970 or after 2099: a mistake of its source.
    """
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise FieldError(field_name, f"lies before {FIRST_YEAR} or after {LAST_YEAR}: {day}")
    return day


def date_of(text: str, field_name: str = "date") -> date:
    """A day as files write it.

    Raises:
        FieldError: it is none, or not of our time.
    """
    try:
        day = date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError:
        raise FieldError(field_name, f"{shortened(text)!r} is no date such as 2026-03-02") from None
    return in_our_time(day, field_name)


def id_of(text: str, field_name: str, adapter: TypeAdapter[str]) -> str:
    """An id as files write it.

    Raises:
        FieldError: it is missing, or none.
    """
    if not text:
        raise FieldError(field_name, "is missing")
    try:
        return adapter.validate_python(text)
    except ValidationError:
        raise FieldError(field_name, f"{shortened(text)!r} is no id") from None


class Part(NamedTuple):
    """One activity of a day, and where it stands in the file."""

    place: str
    activity: str
    start: int
    end: int


def put_together(agent: str, site: str, day: str, parts: Sequence[Part], version: int) -> DaySchedule | Mistake:
    """A day of its parts, in any order; or what is wrong with it."""
    ordered = sorted(parts, key=lambda part: (part.start, part.end))
    latest: Part | None = None
    for part in ordered:
        if latest is not None and part.start < latest.end:
            reason = f"begins before {latest.activity} ({latest.place}) ends"
            return Mistake(place=part.place, field="start", reason=reason, agent=agent, date=day)
        latest = part
    try:
        activities = tuple(PlannedActivity(activity=p.activity, start=p.start, end=p.end) for p in ordered)
        return DaySchedule(agent=agent, site=site, date=day, version=version, activities=activities)
    except ValidationError as error:
        place = ordered[0].place if ordered else "the day"
        name, reason = first_problem(error)
        return Mistake(place=place, field=name, reason=reason, agent=agent, date=day)


def first_problem(error: ValidationError) -> tuple[str, str]:
    """(field, reason) of the first problem."""
    problem = error.errors(include_url=False, include_input=False)[0]
    return ".".join(map(str, problem["loc"])), problem["msg"].removeprefix("Value error, ")


def without_refused(reading: Reading, days: Iterable[DaySchedule | Mistake]) -> Reading:
    """Add the days that can be taken; a day of which any part was refused is not."""
    for one in days:
        if isinstance(one, Mistake):
            reading.mistakes.append(one)
        else:
            reading.schedules.append(one)
    refused = reading.refused_days
    reading.schedules = [one for one in reading.schedules if (one.agent, one.date) not in refused]
    return reading


def shortened(value: Any) -> str:
    """For messages."""
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
