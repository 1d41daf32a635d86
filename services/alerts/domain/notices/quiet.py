"""Quiet hours, by the wall clock of their own time zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.alerts.domain.notices.channels import QuietHours

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def quiet_until(hours: QuietHours, at: int) -> int | None:
    """When the quiet hours end that `at` (epoch ms) lies in; None: it lies in none.

    Hours that follow one another without a gap (the whole day, every day) end when the last of them does, at most a
    week later.
    """
    end: int | None = None
    while (next_ := _end_of(hours, at if end is None else end)) is not None:
        end = next_
        if end - at > 7 * 86_400_000:
            break
    return end


def _end_of(hours: QuietHours, at: int) -> int | None:
    zone = ZoneInfo(hours.timezone)
    today = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        if _WEEKDAYS[day.weekday()] not in hours.days:
            continue
        start = _moment(day, hours.start, zone)
        over_midnight = hours.end <= hours.start
        end = _moment(day + timedelta(days=1) if over_midnight else day, hours.end, zone)
        if start <= at < end:
            return end
    return None


def _moment(day: date, clock: str, zone: ZoneInfo) -> int:
    hour, minute = map(int, clock.split(":"))
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
    return round(local.astimezone(UTC).timestamp() * 1000)
