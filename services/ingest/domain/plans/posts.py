"""The bodies of POSTs of schedules, exceptions and forecasts → records, and what is wrong with the rest."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import pydantic_core
from pydantic import TypeAdapter, ValidationError

from services.contracts.edge import epoch_ms
from services.contracts.forecast_files import ForecastTerms
from services.contracts.forecasts import DayForecast, HalfHourForecast
from services.contracts.plans_edge import Approval, Forecast, Schedule, Withdrawal
from services.contracts.schedule_files.reading import FieldError, Terms, in_our_time
from services.contracts.schedules import AdherenceException, DaySchedule, PlannedActivity
from services.contracts.topology import Contract
from services.ingest.domain.posts import Problem

Taken = TypeVar("Taken")


class ScheduleBatch(Contract):
    """Many plans at once."""

    schedules: list[Schedule]


class ExceptionBatch(Contract):
    """Many changes at once."""

    exceptions: list[Approval | Withdrawal]


class ForecastBatch(Contract):
    """Many forecasts at once."""

    forecasts: list[Forecast]


ScheduleBody: TypeAdapter[Any] = TypeAdapter(Schedule | list[Schedule] | ScheduleBatch)
ExceptionBody: TypeAdapter[Any] = TypeAdapter(Approval | Withdrawal | list[Approval | Withdrawal] | ExceptionBatch)
ForecastBody: TypeAdapter[Any] = TypeAdapter(Forecast | list[Forecast] | ForecastBatch)

_schedule: TypeAdapter[Schedule] = TypeAdapter(Schedule)
_approval: TypeAdapter[Approval] = TypeAdapter(Approval)
_withdrawal: TypeAdapter[Withdrawal] = TypeAdapter(Withdrawal)
_forecast: TypeAdapter[Forecast] = TypeAdapter(Forecast)


@dataclass(slots=True)
class PlanReading(Generic[Taken]):
    """What a body holds: (index, what can be taken), what is wrong with the rest, and (index, the item as it came)."""

    taken: list[tuple[int, Taken]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    refused: list[tuple[int, Any]] = field(default_factory=list)


def read_schedules(body: bytes, terms: Terms) -> PlanReading[DaySchedule]:
    """Read one schedule, an array of them, or {"schedules": […]}."""
    return _read(body, "schedules", lambda item: _to_schedule(_schedule.validate_json(item), terms))


def read_exceptions(body: bytes) -> PlanReading[AdherenceException | Withdrawal]:
    """Read one change, an array of them, or {"exceptions": […]}."""
    return _read(body, "exceptions", _to_change)


def read_forecasts(body: bytes, terms: ForecastTerms) -> PlanReading[DayForecast]:
    """Read one queue's day, an array of them, or {"forecasts": […]}."""
    return _read(body, "forecasts", lambda item: _to_forecast(_forecast.validate_json(item), terms))


def _to_schedule(given: Schedule, terms: Terms) -> DaySchedule:
    parts = []
    for number, part in enumerate(given.activities):
        try:
            activity = terms.activity(part.activity)
        except FieldError as error:
            raise FieldError(f"activities.{number}.activity", str(error)) from None
        in_our_time(part.start, f"activities.{number}.start")
        in_our_time(part.end, f"activities.{number}.end")
        if part.end <= part.start:
            raise FieldError(f"activities.{number}.end", "must lie after start")
        parts.append(PlannedActivity(activity=activity, start=epoch_ms(part.start), end=epoch_ms(part.end)))
    if parts and given.site in terms.timezones:
        day = datetime.fromtimestamp(parts[0].start / 1000, terms.zone(given.site)).date().isoformat()
        if day != given.date:
            raise FieldError("date", f"the shift begins on {day} by the clock of {given.site}")
    version = terms.version if given.version is None else given.version
    return DaySchedule(agent=given.agent, site=given.site, date=given.date, version=version, activities=tuple(parts))


def _to_forecast(given: Forecast, terms: ForecastTerms) -> DayForecast:
    starts = {half.start for half in terms.half_hours(given.queue, given.date)}
    halves: dict[int, HalfHourForecast] = {}
    for number, half in enumerate(given.half_hours):
        name = f"half_hours.{number}.start"
        in_our_time(half.start, name)
        start = epoch_ms(half.start)
        if start not in starts:
            clock = terms.zone(given.queue).key
            raise FieldError(name, f"is not the beginning of a half-hour of {given.date} in {clock}")
        if start in halves:
            raise FieldError(name, "this half-hour is given twice")
        halves[start] = HalfHourForecast(
            start=start, contacts=half.contacts, aht_s=half.aht_s, required=half.required
        )  # fmt: skip
    version = terms.version if given.version is None else given.version
    half_hours = tuple(half for _, half in sorted(halves.items()))
    return DayForecast(queue=given.queue, date=given.date, version=version, half_hours=half_hours)


def _to_change(item: bytes) -> AdherenceException | Withdrawal:
    if pydantic_core.from_json(item).get("action") == "withdraw":
        return _withdrawal.validate_json(item)
    given = _approval.validate_json(item)
    in_our_time(given.start, "start")
    in_our_time(given.end, "end")
    return AdherenceException(
        id=given.id, agent=given.agent, start=epoch_ms(given.start), end=epoch_ms(given.end), reason=given.reason,
        approved_by=given.approved_by,
    )  # fmt: skip


def _read(body: bytes, name: str, convert: Callable[[bytes], Taken]) -> PlanReading[Taken]:
    reading = PlanReading[Taken]()
    try:
        found = pydantic_core.from_json(body)
    except ValueError as error:
        reading.problems.append(Problem(index=None, path="", message=f"the body is no JSON: {error}"))
        return reading
    for index, item in enumerate(_items(found, name, reading)):
        try:
            if not isinstance(item, dict):
                raise FieldError("", "must be an object")  # noqa: TRY301
            reading.taken.append((index, convert(pydantic_core.to_json(item))))
        except (ValidationError, FieldError) as error:
            reading.problems += _problems(index, error)
            reading.refused.append((index, item))
    return reading


def _items(found: Any, name: str, reading: PlanReading[Any]) -> list[Any]:
    if isinstance(found, list):
        return found
    if not (isinstance(found, dict) and name in found):
        return [found]
    for key in found.keys() - {name}:
        reading.problems.append(Problem(index=None, path=str(key), message=f"unknown field beside {name}"))
    if not isinstance(found[name], list):
        reading.problems.append(Problem(index=None, path=name, message="must be an array"))
    return [] if reading.problems else found[name]


def _problems(index: int, error: ValidationError | FieldError) -> Iterator[Problem]:
    if isinstance(error, FieldError):
        yield Problem(index=index, path=error.field, message=str(error))
        return
    for detail in error.errors(include_url=False, include_input=False):
        yield Problem(index=index, path=".".join(map(str, detail["loc"])), message=detail["msg"])
