"""The canonical events as JSON, where they come in from outside: the body of `POST /v1/events`.

The same vocabulary as `contracts.events`, validated. Times are ISO 8601 with an offset; unknown fields are refused.
"""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from services.contracts import events as wire
from services.contracts.topology import Contract, Id, ScopedId

Key = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f]+$")]
Label = Annotated[str, StringConstraints(max_length=128, pattern=r"^[^\x00-\x1f]*$")]
Duration = Annotated[float, Field(ge=0, le=7 * 86_400, description="seconds")]


def epoch_ms(moment: datetime) -> int:
    """Epoch milliseconds of an aware datetime."""
    return round(moment.timestamp() * 1000)


class _EdgeEvent(Contract):
    event_id: Key = Field(description="unique at its source; a repeat is ignored")
    source: Key = Field(description="the feed it comes from, such as 'acd-lisbon'")
    occurred_at: AwareDatetime


class _Leg(_EdgeEvent):
    queue: ScopedId = Field(description="site/queue")
    contact: Key
    offered_at: AwareDatetime = Field(description="occurred_at of this leg's offered event")

    @model_validator(mode="after")
    def _not_before_the_offer(self) -> Self:
        if self.occurred_at < self.offered_at:
            raise ValueError("occurred_at lies before offered_at")
        return self


class Offered(_EdgeEvent):
    """A contact began to wait in a queue."""

    type: Literal["offered"]
    queue: ScopedId
    contact: Key
    channel: wire.Channel = "voice"
    segment: Label = ""
    customer: Label = Field(default="", description="pseudonymised on arrival, never stored in clear")
    dialled: Label = ""


class Answered(_Leg):
    """An agent took the contact."""

    type: Literal["answered"]
    agent: Label = ""


class Abandoned(_Leg):
    """The customer gave up while waiting."""

    type: Literal["abandoned"]


class FlowedOut(_Leg):
    """The contact left the queue in another way."""

    type: Literal["flowed_out"]
    reason: wire.FlowOutReason
    target: Label = ""


class Ended(_Leg):
    """An answered contact is over."""

    type: Literal["ended"]
    talk_s: Duration
    hold_s: Duration = 0
    wrap_up_s: Duration = 0
    agent: Label = ""


class Ringing(_Leg):
    """An agent's phone rings for a waiting contact."""

    type: Literal["ringing"]
    agent: Label = ""


class Held(_Leg):
    """An answered contact was put on hold."""

    type: Literal["held"]
    agent: Label = ""


class Transferred(_Leg):
    """An answered contact was handed on; where it went it is a leg of its own."""

    type: Literal["transferred"]
    mode: wire.TransferMode
    target: Label = ""
    agent: Label = ""


class Conferenced(_Leg):
    """A third party joined an answered contact."""

    type: Literal["conferenced"]
    agent: Label = ""


class _Visit(_EdgeEvent):
    flow: ScopedId = Field(description="site/flow")
    contact: Key


class IvrEntered(_Visit):
    """A call entered a voice menu."""

    type: Literal["ivr_entered"]
    segment: Label = ""
    customer: Label = Field(default="", description="pseudonymised on arrival, never stored in clear")


class _InVisit(_Visit):
    entered_at: AwareDatetime

    @model_validator(mode="after")
    def _not_before_the_entry(self) -> Self:
        if self.occurred_at < self.entered_at:
            raise ValueError("occurred_at lies before entered_at")
        return self


class IvrNodeVisited(_InVisit):
    """The call reached a menu node."""

    type: Literal["ivr_node_visited"]
    node: Key
    depth: Annotated[int, Field(ge=1, le=50)]


class IvrInputFailed(_InVisit):
    """The caller pressed what is no choice of the node, or nothing in time."""

    type: Literal["ivr_input_failed"]
    node: Key
    fault: wire.IvrFault


class IvrExited(_InVisit):
    """The call left the voice menu."""

    type: Literal["ivr_exited"]
    outcome: wire.IvrOutcome
    queue: Label = ""


class AgentLoggedIn(_EdgeEvent):
    """An agent signed in."""

    type: Literal["agent_logged_in"]
    agent: Key
    site: Id
    team: Label = ""


class AgentStateChanged(_EdgeEvent):
    """An agent is in `state` from now on."""

    type: Literal["agent_state_changed"]
    agent: Key
    site: Id
    state: wire.AgentState
    reason: Label = ""
    contact: Label = ""


class AgentLoggedOut(_EdgeEvent):
    """An agent signed off."""

    type: Literal["agent_logged_out"]
    agent: Key
    site: Id


EdgeEvent = Annotated[
    Offered
    | Answered
    | Abandoned
    | FlowedOut
    | Ended
    | Ringing
    | Held
    | Transferred
    | Conferenced
    | IvrEntered
    | IvrNodeVisited
    | IvrInputFailed
    | IvrExited
    | AgentLoggedIn
    | AgentStateChanged
    | AgentLoggedOut,
    Field(discriminator="type"),
]
