"""From a shift to what its agent plans: signing in, breaks, signing off."""

from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.ingest.domain.simulator.description import DAY_MIN, WEEKDAYS, Shift


class Planned(NamedTuple):
    """One agent's next working day; epoch ms. `breaks` are (when, index in the shift's breaks).

    `start`, `breaks` and `end` are as punctual as the agent is; `over` is the end by the clock.
    """

    start: int
    breaks: tuple[tuple[int, int], ...]
    end: int
    over: int


def next_shift(shift: Shift, zone: ZoneInfo, after: int, place: float, chance: Random) -> Planned:
    """The first working day that is over after `after`.

    Args:
        shift: not one round the clock.
        zone: the site's.
        after: epoch ms: the start of the simulation, or `over` of the day before.
        place: 0…1, where in the group the agent stands; spreads staggered breaks.
        chance: for punctuality.
    """
    day = datetime.fromtimestamp(after // 1000, zone).date() - timedelta(days=1)
    end_min = shift.start + shift.length_min
    while WEEKDAYS[day.weekday()] not in shift.weekdays or _at(day, end_min, zone) <= after:
        day += timedelta(days=1)

    def about(minute: float) -> int:
        """A planned minute of this day, missed by as much as the shift is unpunctual, twice that at most."""
        if not shift.punctuality_s:
            return _at(day, minute, zone)
        error_s = chance.normalvariate(0, shift.punctuality_s)
        limit = 2 * shift.punctuality_s
        return _at(day, minute, zone) + round(min(max(error_s, -limit), limit) * 1000)

    start = about(shift.start)
    breaks = tuple(
        (about(shift.start + (pause.at - shift.start) % DAY_MIN + pause.stagger_min * place), index)
        for index, pause in enumerate(shift.breaks)
    )
    return Planned(start, breaks, max(about(end_min), start), _at(day, end_min, zone))


def _at(day: date, minute: float, zone: ZoneInfo) -> int:
    """Local wall-clock minute of a day → epoch ms; minutes past 24 h belong to the next day."""
    return round((datetime.combine(day, time(), zone) + timedelta(minutes=minute)).timestamp() * 1000)
