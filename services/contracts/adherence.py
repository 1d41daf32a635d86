"""Adherence alerts: what a team lead is told of, and how long something must last before.

They have no rules: there is one kind of alert for each thing that a lead can do something about. The limits hold for
the whole installation, are edited as one (contracts.desk.PutAdherenceLimits), and come on top of the activities'
tolerance: metrics calls nobody out who is within it.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from services.contracts.topology import Contract

AdherenceKind = Literal[
    "not-signed-in", "late-from-break", "out-of-adherence", "long-in-state", "team-out", "team-unknown"
]
"""The `rule` of an adherence alert.

not-signed-in: work is planned, and the agent is offline. late-from-break: work is planned, and the agent is still in an
activity that counts as a break. out-of-adherence: whatever else is not as planned. long-in-state: longer in one state
than its limit, planned or not. team-out: so many of a team at one moment that it is no matter of each of them.
team-unknown: the feed is silent, and nobody knows of the team's agents.
"""

Limit = Annotated[int, Field(ge=0, le=86_400, description="seconds")]


class StateLimit(Contract):
    """So long in one state is too long. `reason`: of not_ready; empty: none was given; "*": any without a row."""

    state: Literal["available", "ringing", "talking", "hold", "wrap_up", "not_ready"]
    reason: Annotated[str, StringConstraints(max_length=128)] = ""
    after_s: Annotated[int, Field(ge=10, le=86_400)]

    @model_validator(mode="after")
    def _only_not_ready_has_reasons(self) -> Self:
        if self.reason and self.state != "not_ready":
            raise ValueError(f"only not_ready has reasons, {self.state} has none")
        return self


class AdherenceLimits(Contract):
    """When a lead is told. None: never of that kind."""

    not_signed_in_s: Limit | None = Field(default=60, description="out for so long, and offline in planned work")
    late_from_break_s: Limit | None = Field(default=60, description="out for so long, and on a break in planned work")
    out_s: Limit | None = Field(default=120, description="out for so long in any other way")
    unknown_s: Limit = Field(default=60, description="unknown for so long; a site without any feed is at once")
    states: tuple[StateLimit, ...] = Field(
        default=(
            StateLimit(state="wrap_up", after_s=600),
            StateLimit(state="hold", after_s=600),
            StateLimit(state="not_ready", after_s=900),
        ),
        max_length=64,
    )
    together_s: Annotated[int, Field(ge=0, le=600)] = Field(
        default=10, description="agents of a team who went out within so long are one alert …"
    )
    together_least: Annotated[int, Field(ge=2, le=1000)] = Field(
        default=5, description="… if they are so many, and half of the team's agents who are planned"
    )

    @model_validator(mode="after")
    def _one_limit_for_each_state(self) -> Self:
        seen: set[tuple[str, str]] = set()
        for number, limit in enumerate(self.states):
            if (limit.state, limit.reason) in seen:
                raise ValueError(f"states[{number}]: {limit.state} {limit.reason} is given twice".replace("  ", " "))
            seen.add((limit.state, limit.reason))
        return self

    def of_state(self, state: str, reason: str) -> int | None:
        """Seconds after which a state is too long; None: it never is."""
        found = {limit.reason: limit.after_s for limit in self.states if limit.state == state}
        return found.get(reason, found.get("*"))


class AdherenceLimitsView(Contract):
    """The limits in force. Revision 0: those that are shipped."""

    kind: Literal["limits"] = "limits"
    id: Literal["adherence"] = "adherence"
    revision: int = 0
    limits: AdherenceLimits = AdherenceLimits()
    changed_by: str = ""
    changed_at: int = 0
