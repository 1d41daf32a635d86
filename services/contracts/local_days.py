"""Local days: where they begin and end."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=4096)
def day_bounds(timezone: str, day: str) -> tuple[int, int]:
    """[start, end) of a local day, epoch ms."""
    zone, this = ZoneInfo(timezone), date.fromisoformat(day)
    return beginning_ms(this, zone), beginning_ms(this + timedelta(days=1), zone)


def day_at(timezone: str, moment_ms: int) -> str:
    """The local day that a moment lies in, YYYY-MM-DD."""
    return datetime.fromtimestamp(moment_ms // 1000, ZoneInfo(timezone)).date().isoformat()


@lru_cache(maxsize=4096)
def beginning_ms(day: date, zone: ZoneInfo) -> int:
    """First moment of a local day, epoch ms."""
    # Through UTC: where clocks go forward at midnight the day begins at 01:00.
    return round(datetime.combine(day, time.min, zone).astimezone(UTC).timestamp() * 1000)
