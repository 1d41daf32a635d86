"""Forecasts as the log tells them: the version that stands of each queue's day, and days added up over queues."""

from collections.abc import Callable, Iterable
from datetime import datetime
from math import fsum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from services.api.domain.answers import Forecast, HalfHourExpected
from services.api.domain.half_hours import slots_of
from services.contracts.forecasts import DayForecast, HalfHourForecast, forecast_key


class _Held(NamedTuple):
    """A day's forecast as it stands on the log: a year of days is kept as bytes, and read when somebody asks."""

    version: int
    value: bytes


class ForecastBook:
    """Feed it the records of the topic in any order and as often as you like; ask it for a queue's day."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], _Held] = {}
        self.outdated: set[str] = set()
        """Keys of versions that are on the log and can never stand again: the log may forget them."""

    def take(self, key: str, value: bytes | None) -> None:
        """A record of the topic.

        Raises:
            ValueError: it can't be used.
        """
        if not value:
            self._forget(key)
            return
        try:
            record = DayForecast.model_validate_json(value)
        except ValidationError as error:
            raise ValueError(f"no forecast: {error.errors()[0]['msg']}") from None
        if forecast_key(record) != key:
            raise ValueError(f"the forecast of {forecast_key(record)} under another key")
        day = record.queue, record.date
        held = self._held.get(day)
        if held is not None and held.version > record.version:
            self.outdated.add(key)
            return
        if held is not None and held.version < record.version:
            self.outdated.add(forecast_key(record.model_copy(update={"version": held.version})))
        self.outdated.discard(key)
        self._held[day] = _Held(record.version, value)

    def _forget(self, key: str) -> None:
        self.outdated.discard(key)
        queue, _, rest = key.partition("|")
        date, _, version = rest.partition("|")
        held = self._held.get((queue, date))
        if held is not None and str(held.version) == version:
            del self._held[queue, date]

    def of(self, queue: str, date: str) -> DayForecast | None:
        """What stands. None: nobody has brought one, or it was taken back."""
        held = self._held.get((queue, date))
        found = None if held is None else DayForecast.model_validate_json(held.value)
        return found if found is not None and found.half_hours else None


class _Part(NamedTuple):
    """One queue's half-hour."""

    scope: str
    start: int
    label: str
    expected: HalfHourForecast


def forecast_of(
    scope: str,
    date: str,
    queues: Iterable[str],
    book: ForecastBook,
    timezone_of: Callable[[str], str],
    *,
    by_local_time: bool = False,
) -> Forecast:
    """The forecasts of queues for a local day, added up half-hour by half-hour."""
    found = {queue: book.of(queue, date) for queue in queues}
    parts = [
        _Part(queue, half.start, _label(half.start, timezone_of(queue)), half)
        for queue, day in found.items()
        if day is not None
        for half in day.half_hours
    ]
    known = [day for day in found.values() if day is not None]
    return Forecast(
        scope=scope,
        date=date,
        version=known[0].version if len(found) == len(known) == 1 else None,
        half_hours=tuple(_together(slot) for slot in slots_of(parts, by_local_time=by_local_time)),
        missing=tuple(queue for queue, day in found.items() if day is None),
    )


def _label(start: int, timezone: str) -> str:
    return datetime.fromtimestamp(start / 1000, ZoneInfo(timezone)).strftime("%H:%M")


def _together(slot: list[_Part]) -> HalfHourExpected:
    newest = max(slot, key=lambda part: part.start)
    halves = [part.expected for part in slot]
    busy = [half for half in halves if half.contacts > 0] or halves
    handled = [half.contacts * half.aht_s for half in busy if half.aht_s is not None]
    needed = [half.required for half in busy if half.required is not None]
    contacts = fsum(half.contacts for half in halves)
    aht_s = fsum(handled) / contacts if contacts > 0 else busy[0].aht_s
    return HalfHourExpected(
        start=newest.start,
        label=newest.label,
        contacts=contacts,
        aht_s=busy[0].aht_s if len(busy) == 1 else aht_s if len(handled) == len(busy) else None,
        required=fsum(needed) if len(needed) == len(busy) else None,
    )
