"""Schedules, exceptions and forecasts as JSON, where they come in from outside: `POST /v1/schedules` and so on.

The same content as `contracts.schedules` and `contracts.forecasts`, with times in ISO 8601 with an offset; unknown
fields are refused.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, StringConstraints

from services.contracts.forecasts import AhtS, Contacts, Required
from services.contracts.schedules import AgentId, LocalDate, Version
from services.contracts.topology import ActivityId, Contract, Id, ScopedId

ExceptionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:\-]{1,64}$")]


class Planned(Contract):
    """One activity, from start until just before end."""

    activity: ActivityId
    start: AwareDatetime
    end: AwareDatetime


class Schedule(Contract):
    """An agent's whole plan for the shift that begins on a local day of the site; empty: a day off.

    It replaces the plan of that agent and day with a lower version. Without a version: the time of arrival, in ms.
    """

    agent: AgentId
    site: Id
    date: LocalDate
    version: Version | None = None
    activities: tuple[Planned, ...]


class Approval(Contract):
    """An agent is excused from start until just before end. The same id again replaces it."""

    action: Literal["approve"] = "approve"
    id: ExceptionId
    agent: AgentId
    start: AwareDatetime
    end: AwareDatetime
    reason: Annotated[str, StringConstraints(max_length=500)] = ""
    approved_by: Annotated[str, StringConstraints(max_length=128)] = ""


class Withdrawal(Contract):
    """An exception counts no longer, nor for the time that has passed."""

    action: Literal["withdraw"]
    id: ExceptionId
    agent: AgentId


class ExpectedHalfHour(Contract):
    """What is expected of the half-hour that begins then."""

    start: AwareDatetime
    contacts: Contacts
    aht_s: AhtS | None = None
    required: Required | None = None


class Forecast(Contract):
    """A queue's whole forecast of a local day of its site, in any order; empty: the day has none any more.

    It replaces the forecast of that queue and day with a lower version. Without a version: the time of arrival, in ms.
    """

    queue: ScopedId
    date: LocalDate
    version: Version | None = None
    half_hours: tuple[ExpectedHalfHour, ...]
