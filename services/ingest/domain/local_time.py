"""Clock columns of a site's own time → UTC, also where they wrap at midnight or the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY_S = 86_400


@lru_cache(maxsize=4096)
def _even_midnight_ms(day: date, zone: ZoneInfo) -> int | None:
    """UTC of a day's local midnight, or None if the clocks change between the day before and the day after."""
    around = [datetime.combine(day + timedelta(days=n), time(12), zone).utcoffset() for n in (-2, -1, 0, 1, 2)]
    if len(set(around)) != 1:
        return None
    return _utc_ms(datetime.combine(day, time.min, zone))


def _utc_ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)


def at_local(day: date, second: int, zone: ZoneInfo) -> int:
    """UTC (epoch ms) of `second` of a local day (0 … 86,399).

    An hour that comes twice is taken as its first; a time that the clocks skip is taken as if they had not.
    """
    midnight = _even_midnight_ms(day, zone)
    if midnight is not None:
        return midnight + second * 1000
    return _utc_ms(_moment(day, second, zone, fold=0))


def nearest_local(second: int, near_ms: int, day: date, zone: ZoneInfo) -> int:
    """UTC (epoch ms) of a clock column without a date: of the times that read so, the one nearest to `near_ms`.

    So 0:00:27 after 23:59:54 is the next day (the column wrapped), and 11:15:08 after 11:18:35 is three minutes
    before (two clocks that disagree).

    Args:
        second: second of the day that the column shows.
        near_ms: the time to compare with, on local day `day`.
        day: local day of `near_ms`.
        zone: the site's.
    """
    midnight = _even_midnight_ms(day, zone)
    if midnight is not None:
        ahead = (second * 1000 - (near_ms - midnight)) % (DAY_S * 1000)
        return near_ms + (ahead if ahead <= DAY_S * 500 else ahead - DAY_S * 1000)
    readings = [
        _utc_ms(_moment(day + timedelta(days=n), second, zone, fold=fold)) for n in (-1, 0, 1) for fold in (0, 1)
    ]
    return min(readings, key=lambda reading: (abs(reading - near_ms), reading))


def _moment(day: date, second: int, zone: ZoneInfo, *, fold: int) -> datetime:
    hour, rest = divmod(second, 3600)
    return datetime.combine(day, time(hour, rest // 60, rest % 60, fold=fold), zone)
