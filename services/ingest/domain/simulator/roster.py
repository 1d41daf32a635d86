"""From a shift to what its agent plans: signing in, breaks, signing off; and the schedules that a planner publishes."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.contracts.schedules import DaySchedule, PlannedActivity
from services.contracts.topology import DEFAULT_ACTIVITIES
from services.ingest.domain.simulator.description import DAY_MIN, WEEKDAYS, Shift
from services.ingest.domain.simulator.floor import SimulatedSite
from services.ingest.domain.simulator.layout import agent_ids

ON_QUEUE, OFF_QUEUE = "on_queue", "off_queue"
VERSION = 0
"""Of the simulator's schedules: whatever a person imports stands above them."""

_BREAKS = {m.reason: m.activity for m in DEFAULT_ACTIVITIES.mappings if m.state == "not_ready" and m.reason}


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


def schedules_of(site: SimulatedSite, day: date) -> Iterator[DaySchedule]:
    """What a site's agents are meant to do in the shifts that begin on a local day; a day off is an empty plan."""
    zone = ZoneInfo(site.timezone)
    for team in site.teams:
        names = iter(agent_ids(site.id, team))
        for group in team.groups:
            for place in range(group.agents):
                activities = tuple(_activities(site.shifts[group.shift], zone, day, place / group.agents))
                yield DaySchedule(
                    agent=next(names), site=site.id, date=day.isoformat(), version=VERSION, activities=activities
                )


def _activities(shift: Shift, zone: ZoneInfo, day: date, place: float) -> Iterator[PlannedActivity]:
    """On queue from the shift's start to its end, but for the breaks, where they are planned."""
    if shift.round_the_clock:
        yield PlannedActivity(activity=ON_QUEUE, start=_at(day, 0, zone), end=_at(day + timedelta(days=1), 0, zone))
        return
    if WEEKDAYS[day.weekday()] not in shift.weekdays:
        return
    now = shift.start
    end = shift.start + shift.length_min
    pauses = [
        (shift.start + (pause.at - shift.start) % DAY_MIN + round(pause.stagger_min * place), pause)
        for pause in shift.breaks
    ]
    for begins, pause in sorted(pauses, key=lambda one: one[0]):
        start = max(begins, now)
        if start > now:
            yield PlannedActivity(activity=ON_QUEUE, start=_at(day, now, zone), end=_at(day, start, zone))
        now = start + pause.minutes
        activity = _BREAKS.get(pause.reason, OFF_QUEUE)
        yield PlannedActivity(activity=activity, start=_at(day, start, zone), end=_at(day, now, zone))
    if now < end:
        yield PlannedActivity(activity=ON_QUEUE, start=_at(day, now, zone), end=_at(day, end, zone))


def _at(day: date, minute: float, zone: ZoneInfo) -> int:
    """Local wall-clock minute of a day → epoch ms; minutes past 24 h belong to the next day."""
    return round((datetime.combine(day, time(), zone) + timedelta(minutes=minute)).timestamp() * 1000)
