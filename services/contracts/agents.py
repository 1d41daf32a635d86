"""What metrics publishes of agents: each one now, and each one's local day.

Times are epoch milliseconds by the feed's clock, durations are milliseconds. Occupancy, utilisation, adherence,
conformance and shrinkage are computed from these on reading (formulas: contracts.catalogue); roll-ups add.
"""

from typing import Literal

from pydantic import Field

from services.contracts.events import AgentState
from services.contracts.metrics import Status
from services.contracts.topology import ActivityId, Contract, Moment

AdherenceState = Literal["in", "out", "unscheduled", "ignored", "unknown"]
"""`ignored`: excused by an exception. `unscheduled`: signed in without a plan. `unknown`: the feed is silent."""


class AgentTotals(Contract):
    """Additive counters of one agent's local day.

    by_state_ms adds up to signed_in_ms exactly (offline is not in it), and by_activity_ms to the same sum.
    scheduled_ms = adherent_ms + out_ms + ignored_ms + unknown_ms, as far as the day has come.
    """

    signed_in_ms: int = 0
    by_state_ms: dict[str, int] = Field(default_factory=dict, description="AgentState, or not_ready:reason")
    by_activity_ms: dict[str, int] = Field(default_factory=dict)
    contacts: int = Field(default=0, description="contacts handled: the first talking of each")
    scheduled_ms: int = Field(default=0, description="planned time so far, of every activity that is no absence")
    planned_ms: dict[str, int] = Field(default_factory=dict, description="activity → planned time so far")
    adherent_ms: int = Field(default=0, description="of scheduled time: in, tolerance included")
    out_ms: int = Field(default=0, description="of scheduled time: out of adherence")
    ignored_ms: int = Field(default=0, description="of scheduled time: excused by an exception")
    unknown_ms: int = Field(default=0, description="of scheduled time: nobody knows")
    worked_ms: int = Field(default=0, description="time in activities that count as work, planned or not")
    scheduled_work_ms: int = Field(default=0, description="planned time so far of activities that count as work")


class AgentTile(Contract):
    """An agent as of `as_of`; `offset` is the newest log record that is included."""

    kind: Literal["agent"] = "agent"
    id: str
    site: str
    team: str
    name: str
    queues: tuple[str, ...]
    as_of: Moment
    offset: int
    state: AgentState
    reason: str
    since: int = Field(description="when this state, reason and contact began; 0: nothing was told of the agent")
    contact: str
    activity: ActivityId
    planned: ActivityId | None
    next_planned: ActivityId | None
    next_change_at: int | None = Field(description="when the plan changes next")
    adherence: AdherenceState
    adherence_since: int = Field(description="within the day")
    date: str = Field(description="the local day that `totals` are of")
    totals: AgentTotals


class AgentDay(Contract):
    """An agent's local day. A late event or a changed schedule makes a new `revision`.

    That is the offset of the newest record of the agents topic, plus 1 + that of the schedules topic, that told of it.
    A running day is told at its agent's events, up to the newest of them; AgentTile.totals are newer.
    """

    kind: Literal["agent_day"] = "agent_day"
    id: str = Field(description="agent|YYYY-MM-DD")
    agent: str
    site: str
    team: str
    date: str
    status: Status
    revision: int
    as_of: int = Field(default=0, description="the last moment that added to the totals")
    totals: AgentTotals
