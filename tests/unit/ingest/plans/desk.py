"""A planner's desk: terms to check against, times by the wall clock, and what a reading says in short."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from services.contracts.schedule_files.reading import Mistake, Reading, Terms
from services.contracts.schedules import DaySchedule
from services.contracts.topology import DEFAULT_ACTIVITIES

LISBON = ZoneInfo("Europe/Lisbon")
TERMS = Terms(activities=DEFAULT_ACTIVITIES, timezones={"lisbon": "Europe/Lisbon", "porto": "Europe/Lisbon"}, version=7)


def shown(schedule: DaySchedule, zone: ZoneInfo = LISBON) -> list[str]:
    """A day's activities as people write them: '09:00 on_queue', the end last; of another day with its number."""

    def at(moment_ms: int) -> str:
        local = datetime.fromtimestamp(moment_ms / 1000, zone)
        return f"{local:%H:%M}" if local.date().isoformat() == schedule.date else f"{local:%dth %H:%M}"

    return [f"{at(part.start)}–{at(part.end)} {part.activity}" for part in schedule.activities]


def days(reading: Reading) -> dict[tuple[str, str], list[str]]:
    return {(one.agent, one.date): shown(one) for one in reading.schedules}


def blamed(mistakes: Iterable[Mistake]) -> list[tuple[str, str, str]]:
    """(place, field, the agent's day that is lost) of each."""
    return [(mistake.place, mistake.field, f"{mistake.agent} {mistake.date}".strip()) for mistake in mistakes]
