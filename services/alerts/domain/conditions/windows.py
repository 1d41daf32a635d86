"""Windows of a rule: when it is on, on the clock on the wall."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.contracts.alerts import Window

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


def is_open(windows: tuple[Window, ...], timezone: str, instant: int) -> bool:
    """Whether a moment (epoch ms) lies in one of the windows; without windows it always does."""
    return not windows or any(_is_open(window, window.timezone or timezone, instant) for window in windows)


def next_edge(windows: tuple[Window, ...], timezone: str, after: int) -> int:
    """The first moment after `after` at which a window may open or close, though it may be none after all."""
    found: set[int] = set()
    for window in windows:
        zone = window.timezone or timezone
        today = datetime.fromtimestamp(after / 1000, ZoneInfo(zone)).date()
        for days in range(-1, 3):  # each day has two at least
            found.update(_edges_of(window.start, window.end, zone, today + days * _DAY))
    return min(edge for edge in found if edge > after)


def _is_open(window: Window, timezone: str, instant: int) -> bool:
    local = datetime.fromtimestamp(instant / 1000, ZoneInfo(timezone))
    minute = local.hour * 60 + local.minute
    start, end = _minutes(window.start), _minutes(window.end)
    if start < end:
        return _on(window, local.date()) and start <= minute < end
    return (_on(window, local.date()) and minute >= start) or (_on(window, local.date() - _DAY) and minute < end)


def _on(window: Window, day: date) -> bool:
    return WEEKDAYS[day.weekday()] in window.days and day.isoformat() not in window.except_dates


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


@lru_cache(maxsize=4096)
def _edges_of(start: str, end: str, timezone: str, day: date) -> tuple[int, ...]:
    """Moments of a local day at which its clock shows one of the two times, and at which it is put forward or back."""
    zone = ZoneInfo(timezone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    times = (midnight + timedelta(minutes=_minutes(clock)) for clock in (start, end))
    found = {round(time.replace(fold=fold).timestamp() * 1000) for time in times for fold in (0, 1)}
    return tuple(found | set(_changes_of_clock(midnight, midnight + _DAY)))


def _changes_of_clock(first: datetime, last: datetime) -> Iterator[int]:
    low, high, zone = round(first.timestamp() * 1000), round(last.timestamp() * 1000), first.tzinfo
    if first.utcoffset() == last.utcoffset():
        return
    before = first.utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        same = datetime.fromtimestamp(middle / 1000, zone).utcoffset() == before
        low, high = (middle, high) if same else (low, middle)
    yield high
