"""What agents are meant to do: planned activities by agent and local day, and approved exceptions to them.

They travel on the compacted topic `schedules`. A day's plan replaces the former one of that agent and day as a whole;
of two, the one with the higher `version` stands, of equal versions the one that is later on the log.
Times are epoch milliseconds, UTC.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, model_validator

from services.contracts.topology import ActivityId, Contract, Id

AgentId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f|]+$")]


def _in_the_calendar(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no day of the calendar, such as 2026-03-02") from None
    return text


LocalDate = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_in_the_calendar)]
Moment = Annotated[int, Field(ge=0, le=4_103_000_000_000, description="epoch ms, up to the first days of 2100")]
Version = Annotated[int, Field(ge=0, le=2**53 - 1)]
LONGEST_DAY_MS = 36 * 3600 * 1000
"""A day's plan spans at most so much: a night shift belongs to the day on which it begins."""


class PlannedActivity(Contract):
    """[start, end) of one activity."""

    activity: ActivityId
    start: Moment
    end: Moment

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end must lie after start")
        return self


class DaySchedule(Contract):
    """An agent's plan for the shift that begins on a local day, in order, without overlaps; empty: a day off."""

    kind: Literal["schedule"] = "schedule"
    agent: AgentId
    site: Id
    date: LocalDate
    version: Version
    activities: tuple[PlannedActivity, ...]

    @model_validator(mode="after")
    def _one_after_another(self) -> Self:
        for number, (before, after) in enumerate(zip(self.activities, self.activities[1:], strict=False), 1):
            if after.start < before.end:
                raise ValueError(f"activities[{number}] begins before activities[{number - 1}] ends")
        if self.activities and self.activities[-1].end - self.activities[0].start > LONGEST_DAY_MS:
            raise ValueError("a day's activities span more than 36 hours")
        return self


class AdherenceException(Contract):
    """A time in which an agent is excused: it counts neither as in nor as out."""

    kind: Literal["exception"] = "exception"
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:\-]{1,64}$")]
    agent: AgentId
    start: Moment
    end: Moment
    reason: Annotated[str, StringConstraints(max_length=500)] = ""
    approved_by: Annotated[str, StringConstraints(max_length=128)] = ""
    withdrawn: bool = False

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end must lie after start")
        return self


ScheduleRecord = Annotated[DaySchedule | AdherenceException, Field(discriminator="kind")]
schedule_adapter: TypeAdapter[DaySchedule | AdherenceException] = TypeAdapter(ScheduleRecord)


def schedule_key(record: DaySchedule | AdherenceException) -> str:
    """Key on the schedules topic."""
    if isinstance(record, DaySchedule):
        return f"{record.agent}|{record.date}"
    return f"exception|{record.agent}|{record.id}"
