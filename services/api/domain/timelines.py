"""Bodies of the answer that draws a team's day: what was planned, and what was done, one under the other."""

from pydantic import Field

from services.api.domain.reports import AgentShares
from services.contracts.agents import AdherenceState, AgentTotals
from services.contracts.topology import ActivityId, ActivityKind, Contract, Text


class PlannedSpan(Contract):
    """[start, end) of one planned activity, epoch ms."""

    start: int
    end: int
    activity: ActivityId


class ActualSpan(Contract):
    """[start, end) in one activity, epoch ms, be it in several states, as calls and the time between them are."""

    start: int
    end: int
    activity: ActivityId = Field(description="what state and reason mean by the table of activities")
    adherence: AdherenceState
    by_state_ms: dict[str, int] = Field(description="AgentState, or not_ready:reason; they add up to the span")


class ExcusedSpan(Contract):
    """[start, end) that an exception covers, epoch ms, as far as it belongs to the day."""

    start: int
    end: int
    reason: str
    approved_by: str


class AgentTimeline(Contract):
    """An agent's day. Spans follow each other without overlaps; the actual ones end at `as_of`, where the log ends."""

    agent: str
    name: str
    start: int = Field(description="of the agent's day: of the local day, or of the shift that it holds")
    end: int
    as_of: int = Field(description="the feed's clock as far as the log was read, within the day")
    planned: tuple[PlannedSpan, ...]
    actual: tuple[ActualSpan, ...]
    excused: tuple[ExcusedSpan, ...]
    totals: AgentTotals = Field(description="of the spans, up to `as_of`")
    shares: AgentShares


class ActivityName(Contract):
    """What an activity is called, and what it counts as."""

    id: ActivityId
    name: Text
    counts_as: ActivityKind


class TeamTimeline(Contract):
    """A local day of a team, agents by id. `shares` are those of all their times added up."""

    team: str
    date: str
    timezone: str
    start: int = Field(description="the earliest of the agents' days, epoch ms")
    end: int
    as_of: int = Field(description="the latest of the agents' clocks")
    shares: AgentShares
    agents: tuple[AgentTimeline, ...]
    activities: tuple[ActivityName, ...] = Field(description="those of the installation; others are named by their id")
    incomplete: str | None = Field(description="why not all of the log was read; None: all was")
