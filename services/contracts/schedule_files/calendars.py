"""Schedules as iCalendar (RFC 5545): each VEVENT is one planned activity. Described in docs/schedules.md."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, vBroken
from pydantic import TypeAdapter, ValidationError

from services.contracts.schedule_files.reading import (
    FieldError,
    Mistake,
    Part,
    PlanFileError,
    Reading,
    Terms,
    in_our_time,
    put_together,
    shortened,
    without_refused,
)
from services.contracts.schedules import AgentId, LocalDate

AGENT, SITE, DATE = "X-FLOORWATCH-AGENT", "X-FLOORWATCH-SITE", "X-FLOORWATCH-DATE"
SHIFT_GAP_MS = 60 * 60 * 1000
LONGEST_SHIFT_MS = 16 * 3600 * 1000
MOST_OCCURRENCES = 200_000
_ONCE = ("DTSTART", "DTEND", "DURATION", "SUMMARY", "UID", "RECURRENCE-ID", AGENT, SITE, DATE)
_LISTS = ("RRULE", "RDATE", "EXDATE", "ATTENDEE", "CATEGORIES")
_TOO_OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}
_agent: TypeAdapter[str] = TypeAdapter(AgentId)
_date: TypeAdapter[str] = TypeAdapter(LocalDate)


@dataclass(frozen=True, slots=True)
class _Source:
    """What holds for the whole file."""

    terms: Terms
    agent: str

    def site(self, event: Any) -> str:
        """Of an event."""
        site = str(event.get(SITE, "")) or self.terms.site
        if not site:
            raise FieldError(SITE, "is missing: name the site by this property or for the whole file")
        return site


@dataclass(frozen=True, slots=True)
class _Planned:
    """An activity of one agent, before it is known to which day's shift it belongs."""

    part: Part
    agent: str
    site: str
    date: str
    all_day: bool
    mistake: FieldError | None = None


def read_calendar(content: bytes, terms: Terms, *, until: date, agent: str = "") -> Reading:
    """Read an iCalendar file.

    Args:
        content: the file.
        terms: what it is checked against; `site` is that of events that name none.
        until: recurring events are expanded up to this day.
        agent: of events that name none.

    Raises:
        PlanFileError: it is no iCalendar file.
    """
    try:
        calendars = Calendar.from_ical(content, multiple=True)
    except (ValueError, KeyError, IndexError) as error:
        raise PlanFileError(f"no iCalendar file: {error}") from error
    if not calendars:
        raise PlanFileError("no iCalendar file: there is no VCALENDAR in it")
    reading, planned, source = Reading(), list[_Planned](), _Source(terms, agent)
    for calendar in calendars:
        for event in _occurrences(calendar, until, source, reading):
            reading.items += 1
            planned += _planned(event, source, reading)
    return without_refused(reading, _days(planned, terms))


def _occurrences(calendar: Any, until: date, source: _Source, reading: Reading) -> Iterator[Any]:
    """Every single event up to `until`, or later if it does not recur."""
    single: Any = Calendar()
    recurring: Any = Calendar()
    for component in calendar.subcomponents:
        if component.name != "VEVENT":
            recurring.add_component(component)  # time zones
            continue
        if problem := _malformed(component):
            reading.items += 1
            reading.mistakes += _refused(component, FieldError(*problem), source)
            continue
        rules = component.get("RRULE", [])
        often = {str(f).upper() for rule in _listed(rules) for f in rule.get("FREQ", [])} & _TOO_OFTEN
        if often:
            reading.items += 1
            reading.mistakes += _refused(component, FieldError("RRULE", f"recurs {often.pop()}: no shift does"), source)
        elif not (rules or "RDATE" in component or "RECURRENCE-ID" in component):
            single.add_component(component)
        elif "DTSTART" in component:
            recurring.add_component(component)
        else:
            reading.items += 1
            reading.mistakes += _refused(component, FieldError("DTSTART", "is missing"), source)
    yield from single.walk("VEVENT")
    if recurring.walk("VEVENT"):
        yield from _expanded(recurring, until, source, reading)


def _malformed(event: Any) -> tuple[str, str] | None:
    """(property, reason) if one that is read here can't be; others may be as they like."""
    for name in (*_ONCE, *_LISTS):
        value = event.get(name)
        if isinstance(value, list) and name in _ONCE:
            return name, "is given twice"
        if _broken(value):
            return name, shortened(next((reason for which, reason in event.errors if which == name), "can't be read"))
    return None


def _broken(value: Any) -> bool:
    return any(isinstance(one, vBroken) for one in _listed(value))


def _expanded(recurring: Any, until: date, source: _Source, reading: Reading) -> Iterator[Any]:
    found: Iterable[Any]
    try:
        found = _between(recurring, until)
    except Exception:  # noqa: BLE001  # whatever a malformed rule makes the library raise
        found = _each_alone(recurring, until, source, reading)
    yield from found


def _each_alone(recurring: Any, until: date, source: _Source, reading: Reading) -> Iterator[Any]:
    """What recurs, series by series, so that a malformed one costs no other."""
    events = recurring.walk("VEVENT")
    zones = [component for component in recurring.subcomponents if component.name != "VEVENT"]
    for uid in dict.fromkeys(str(event.get("UID", "")) for event in events):
        series: Any = Calendar()
        mine = [event for event in events if str(event.get("UID", "")) == uid]
        for component in (*zones, *mine):
            series.add_component(component)
        try:
            yield from _between(series, until)
        except Exception as error:  # noqa: BLE001  # see above
            problem = shortened(f"can't be expanded: {type(error).__name__} {error}")
            for event in mine:
                reading.items += 1
                reading.mistakes += _refused(event, FieldError("RRULE", problem), source)


def _between(recurring: Any, until: date) -> list[Any]:
    starts = [_day(event["DTSTART"].dt) for event in recurring.walk("VEVENT")]
    found = recurring_ical_events.of(recurring).between(min(starts), max(until, min(starts)) + timedelta(days=1))
    return list(found[:MOST_OCCURRENCES])


def _refused(event: Any, error: FieldError, source: _Source) -> Iterator[Mistake]:
    """What is wrong with an event whose times are not known for sure: its day, if any, is where it begins."""
    agents, day = [""], ""
    with suppress(FieldError):
        if not any(_broken(event.get(name)) for name in (AGENT, SITE, "ATTENDEE")):
            zone = source.terms.zone(source.site(event))
            start = _ms(_moment(event, "DTSTART"), zone)
            agents = _agents(event, source.agent)
            day = datetime.fromtimestamp(start / 1000, zone).date().isoformat()
    for agent in agents:
        yield Mistake(place=_place(event), field=error.field, reason=str(error), agent=agent if day else "", date=day)


def _planned(event: Any, source: _Source, reading: Reading) -> Iterator[_Planned]:
    place, terms = _place(event), source.terms
    try:
        agents = _agents(event, source.agent)
        site = source.site(event)
        start, end, all_day = _span(event, terms.zone(site))
    except FieldError as error:
        reading.mistakes += _refused(event, error, source)
        return
    given, activity, mistake = "", "", None
    try:
        given = _given_date(event)
        activity = _activity(event, terms)
    except FieldError as error:
        mistake = error
    for name in agents:
        yield _Planned(Part(place, activity, start, end), name, site, given, all_day, mistake)


def _given_date(event: Any) -> str:
    given = str(event.get(DATE, ""))
    try:
        return given and _date.validate_python(given)
    except ValidationError:
        raise FieldError(DATE, f"{shortened(given)!r} is no date such as 2026-03-02") from None


def _agents(event: Any, agent: str) -> list[str]:
    """Whom an event concerns: its own property, else the file's agent, else those who attend."""
    named = [str(event[AGENT])] if AGENT in event else [agent] if agent else []
    if not named:
        named = [str(who).removeprefix("mailto:").removeprefix("MAILTO:") for who in _listed(event.get("ATTENDEE", []))]
    if not named:
        raise FieldError(AGENT, "is missing, there is no ATTENDEE, and no agent is given for the whole file")
    for name in named:
        try:
            _agent.validate_python(name)
        except ValidationError:
            raise FieldError(AGENT, f"{shortened(name)!r} is no id") from None
    return list(dict.fromkeys(named))


def _span(event: Any, zone: ZoneInfo) -> tuple[int, int, bool]:
    start = _moment(event, "DTSTART")
    all_day = not isinstance(start, datetime)
    if "DTEND" in event:
        end = _moment(event, "DTEND")
    elif "DURATION" in event:
        end = _after(start, event["DURATION"].dt)
    elif all_day:
        end = start + timedelta(days=1)
    else:
        raise FieldError("DTEND", "is missing, and DURATION as well")
    span = _ms(start, zone), _ms(end, zone)
    if span[1] <= span[0]:
        raise FieldError("DTEND", "must lie after DTSTART")
    return *span, all_day


def _after(start: date, duration: Any) -> date:
    try:
        return in_our_time(start + duration, "DURATION")
    except (TypeError, OverflowError):
        raise FieldError("DURATION", "is no span of time, or too long") from None


def _moment(event: Any, name: str) -> date:
    """A property that is a day or a moment."""
    value = event.get(name)
    if value is None:
        raise FieldError(name, "is missing")
    moment = None if isinstance(value, list) or _broken(value) else value.dt
    if not isinstance(moment, date):
        raise FieldError(name, "is no date or time")
    return in_our_time(moment, name)


def _ms(moment: date | datetime, zone: ZoneInfo) -> int:
    """Epoch ms; a time without a zone, and a whole day, are the site's."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), zone)
    elif moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return round(moment.astimezone(UTC).timestamp() * 1000)


def _activity(event: Any, terms: Terms) -> str:
    categories = [str(name) for group in _listed(event.get("CATEGORIES", [])) for name in group.cats]
    names = [*categories, str(event.get("SUMMARY", ""))]
    problem = FieldError("SUMMARY", "is missing, and CATEGORIES as well")
    for name in names:
        if not name:
            continue
        try:
            return terms.activity(name)
        except FieldError as error:
            problem = FieldError("CATEGORIES" if name in categories else "SUMMARY", str(error))
    raise problem


def _days(planned: Iterable[_Planned], terms: Terms) -> Iterator[Any]:
    """Each agent's activities by the day on which their shift begins.

    A shift goes on with what begins within an hour of the end before, up to 16 hours in all; so what follows midnight
    belongs to the evening before. Whole days stand for themselves.
    """
    whose: dict[tuple[str, str], list[_Planned]] = {}
    for one in planned:
        whose.setdefault((one.agent, one.site), []).append(one)
    days: dict[tuple[str, str], tuple[str, list[Part]]] = {}
    for (agent, site), theirs in whose.items():
        zone = terms.zone(site)
        began = ended = -LONGEST_SHIFT_MS
        day = ""
        for one in sorted(theirs, key=lambda one: (one.part.start, one.part.end)):
            goes_on = one.part.start <= ended + SHIFT_GAP_MS and one.part.end <= began + LONGEST_SHIFT_MS
            if one.all_day or not goes_on:
                began, day = one.part.start, datetime.fromtimestamp(one.part.start / 1000, zone).date().isoformat()
            ended = -LONGEST_SHIFT_MS if one.all_day else max(ended, one.part.end)
            named, parts = days.setdefault((agent, one.date or day), (site, []))
            mistake = one.mistake
            if named != site:
                mistake = FieldError(SITE, f"this day of the agent is planned at {named!r} as well")
            if mistake is None:
                parts.append(one.part)
                continue
            yield Mistake(
                place=one.part.place, field=mistake.field, reason=str(mistake), agent=agent, date=one.date or day
            )
    for (agent, day), (site, parts) in days.items():
        yield put_together(agent, site, day, parts, terms.version)


def _place(event: Any) -> str:
    when = ""
    with suppress(FieldError):
        when = f" of {_moment(event, 'DTSTART')}"
    return f"event {shortened(event.get('SUMMARY', '') or event.get('UID', '?'))!r}{when}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
