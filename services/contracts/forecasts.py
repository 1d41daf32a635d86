"""What is expected of queues: forecast contacts, AHT and agents required, by queue and local day.

They travel on the compacted topic `forecasts`. A day's forecast replaces the former one of that queue and day as a
whole; of two, the one with the higher `version` stands, of equal versions the one that is later on the log. The version
is part of the key, so that compaction never gives an older version the place of a newer one.
Times are epoch milliseconds, UTC.
"""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.contracts.schedules import LocalDate, Moment, Version
from services.contracts.topology import Contract, ScopedId

Contacts = Annotated[
    float, Field(ge=0, le=1_000_000, allow_inf_nan=False, description="contacts offered in the half-hour")
]
AhtS = Annotated[
    float, Field(ge=0, le=86_400, allow_inf_nan=False, description="average handle time, seconds: talk, hold, wrap-up")
]
Required = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False, description="agents on the queue")]
LONGEST_DAY_MS = 26 * 3600 * 1000
"""No local day is longer, whatever its clocks do."""


class HalfHourForecast(Contract):
    """What is expected of the local half-hour that begins at `start`. None: nobody said."""

    start: Moment
    contacts: Contacts
    aht_s: AhtS | None = None
    required: Required | None = None


class DayForecast(Contract):
    """A queue's local day, in order. A half-hour that is missing has no forecast; empty: the day has none any more."""

    kind: Literal["forecast"] = "forecast"
    queue: ScopedId
    date: LocalDate
    version: Version
    half_hours: tuple[HalfHourForecast, ...]

    @model_validator(mode="after")
    def _one_after_another(self) -> Self:
        starts = [half.start for half in self.half_hours]
        for number, (before, after) in enumerate(pairwise(starts), 1):
            if after <= before:
                raise ValueError(f"half_hours[{number}] does not begin after half_hours[{number - 1}]")
        if starts and starts[-1] - starts[0] > LONGEST_DAY_MS:
            raise ValueError("a day's half-hours span more than 26 hours")
        return self


def forecast_key(record: DayForecast) -> str:
    """Key on the forecasts topic."""
    return f"{record.queue}|{record.date}|{record.version}"
