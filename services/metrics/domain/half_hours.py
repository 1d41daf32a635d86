"""A site's local half-hours: 48 a day, 46 or 50 on the days when the clock changes."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.contracts.local_days import beginning_ms
from services.contracts.metrics import HALF_HOUR_MS
from services.metrics.domain.pages import SLOT_MS


class HalfHour(NamedTuple):
    """[start, end) in epoch ms; `date` and `label` are the site's local day and time of the start."""

    start: int
    end: int
    date: str
    label: str


@lru_cache(maxsize=65_536)
def half_hour_at(timezone: str, moment_ms: int) -> HalfHour:
    """The half-hour that a moment lies in. Half-hours count from the local day's beginning, and end with it."""
    zone = ZoneInfo(timezone)
    day = datetime.fromtimestamp(moment_ms // 1000, zone).date()
    begin = beginning_ms(day, zone)
    start = moment_ms - (moment_ms - begin) % HALF_HOUR_MS
    end = min(start + HALF_HOUR_MS, beginning_ms(day + timedelta(days=1), zone))
    return HalfHour(start, end, day.isoformat(), datetime.fromtimestamp(start / 1000, zone).strftime("%H:%M"))


def half_hours_of(timezone: str, slot: int) -> list[HalfHour]:
    """The half-hours that a page's five minutes touch: one, or two where a zone was off by odd minutes."""
    first = half_hour_at(timezone, slot * SLOT_MS)
    if first.end >= (slot + 1) * SLOT_MS:
        return [first]
    return [first, half_hour_at(timezone, first.end)]


def slots_of(half_hour: HalfHour) -> range:
    """The pages that a half-hour is written on."""
    return range(half_hour.start // SLOT_MS, -(-half_hour.end // SLOT_MS))
