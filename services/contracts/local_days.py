"""Local days: where they begin and end."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.contracts.metrics import HALF_HOUR_MS


@lru_cache(maxsize=4096)
def day_bounds(timezone: str, day: str) -> tuple[int, int]:
    """[start, end) of a local day, epoch ms."""
    zone, this = ZoneInfo(timezone), date.fromisoformat(day)
    return beginning_ms(this, zone), beginning_ms(this + timedelta(days=1), zone)


class LocalHalfHour(NamedTuple):
    """[start, end) in epoch ms, and the local time of the start, HH:MM: twice in a day where clocks go back."""

    start: int
    end: int
    label: str


@lru_cache(maxsize=4096)
def half_hours_of(timezone: str, day: str) -> tuple[LocalHalfHour, ...]:
    """A local day's half-hours, from its beginning: 48, and 46 or 50 where the clock changes by an hour."""
    (begin, end), zone = day_bounds(timezone, day), ZoneInfo(timezone)
    return tuple(
        LocalHalfHour(
            start, min(start + HALF_HOUR_MS, end), datetime.fromtimestamp(start / 1000, zone).strftime("%H:%M")
        )
        for start in range(begin, end, HALF_HOUR_MS)
    )


def day_at(timezone: str, moment_ms: int) -> str:
    """The local day that a moment lies in, YYYY-MM-DD."""
    return datetime.fromtimestamp(moment_ms // 1000, ZoneInfo(timezone)).date().isoformat()


@lru_cache(maxsize=4096)
def beginning_ms(day: date, zone: ZoneInfo) -> int:
    """First moment of a local day, epoch ms."""
    # Through UTC: where clocks go forward at midnight the day begins at 01:00.
    return round(datetime.combine(day, time.min, zone).astimezone(UTC).timestamp() * 1000)
