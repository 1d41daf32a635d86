"""Moves of agents between centres: who lends whom to whom, until when, and what it did.

proposed → accepted | declined | cancelled | expired; accepted → effective (seen in the agents' own events) → returned |
expired. An agent is in one open move at most. States, transitions and their triggers: docs/moves.md.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from services.contracts.schedules import AgentId
from services.contracts.topology import Contract, Id, ScopedId

MoveState = Literal["proposed", "accepted", "effective", "returned", "declined", "cancelled", "expired"]
Share = Annotated[float, Field(ge=0, le=1)]
OPEN_STATES: tuple[MoveState, ...] = ("proposed", "accepted", "effective")


class SideExpectation(Contract):
    """What Erlang A expects of one queue, without and with the move. Shares 0…1."""

    queue: ScopedId
    agents: Annotated[
        float, Field(ge=0, le=1_000_000, description="who serve it without the move; who shares their time: a fraction")
    ]
    agents_after: Annotated[float, Field(ge=0, le=1_000_000)] | None = None
    service_level_before: Share | None
    service_level_after: Share | None


class MoveTerms(Contract):
    """Agents of one site serve a queue of another (or of the same) from acceptance until `until` (wall clock, ms)."""

    giver: Id = Field(description="site that lends")
    taker: Id = Field(description="site of `queue`")
    queue: ScopedId = Field(description="the queue that they are to serve")
    agents: Annotated[tuple[AgentId, ...], Field(min_length=1, max_length=100)]
    until: Annotated[int, Field(ge=0, le=4_103_000_000_000)]
    reason: Annotated[str, StringConstraints(max_length=500)] = ""
    expected: tuple[SideExpectation, ...] = ()

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if len(set(self.agents)) != len(self.agents):
            raise ValueError("an agent is named twice")
        if self.queue.partition("/")[0] != self.taker:
            raise ValueError(f"{self.queue} is no queue of {self.taker}")
        return self


class LoanedAgent(Contract):
    """One agent of a move: when they were first seen serving the queue, and when they left it. Event time, ms.

    `waiting`: not yet seen there; in a move that is over: they never were.
    """

    agent: AgentId
    state: Literal["waiting", "effective", "returned", "signed_off"] = "waiting"
    queues: tuple[str, ...] = Field(default=(), description="what they served when they were asked for")
    effective_at: int | None = None
    ended_at: int | None = None


class SideMeasured(Contract):
    """The rolling service level of one queue when the move became effective, and when it ended (or at `at`)."""

    queue: str
    service_level_before: float | None
    service_level_after: float | None
    at: int | None = Field(default=None, description="event time of `service_level_after`")


class MoveView(Contract):
    """A move as it stands; closed ones are the ledger."""

    kind: Literal["move"] = "move"
    id: Id
    revision: int
    state: MoveState
    terms: MoveTerms
    proposed_by: str
    proposed_at: int
    decided_by: str = ""
    decided_at: int | None = None
    effective_at: int | None = Field(default=None, description="event time")
    ended_at: int | None = Field(default=None, description="event time, or wall clock if it never began")
    closed_at: int | None = Field(default=None, description="wall clock: since then it stands in the ledger")
    why: str = Field(default="", description="why it was declined, cancelled, or is over")
    agents: tuple[LoanedAgent, ...] = ()
    measured: tuple[SideMeasured, ...] = Field(
        default=(), description="the taker's queue first, then those that the agents served before"
    )


MoveStepName = MoveState | Literal["agent_effective", "agent_returned", "agent_signed_off"]


class MoveStep(Contract):
    """A step of a move, for the journal. The id is deterministic: move|id|revision."""

    kind: Literal["move_step"] = "move_step"
    id: str
    step: MoveStepName
    at: int = Field(description="wall clock, ms: of the command, or of the newest tick")
    by: str
    agent: str = Field(default="", description="whom a step agent_… is about")
    reason: str = ""
    view: MoveView
