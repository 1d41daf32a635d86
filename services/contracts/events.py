"""The canonical events as they travel on Kafka: msgpack arrays, one record = a batch of one partition's events.

`contracts.edge` holds the same vocabulary as pydantic models, where events come in from outside and are validated.
Here they are already valid: the structs are positional (a new field goes last, with a default) and fast.

All times are integers, milliseconds since the epoch, UTC, by the source's clock.
Every event is *self-contained*: whoever counts it needs no other event.
"""

from typing import Annotated, Literal

import msgspec

Channel = Literal["voice", "chat", "email", "task"]
FlowOutReason = Literal[
    "overflow", "transfer", "callback", "voicemail", "timeout", "closed", "no_agents", "key", "other", "unanswered_ring"
]
TransferMode = Literal["blind", "consulted"]
IvrFault = Literal["invalid", "timeout"]
IvrOutcome = Literal["contained", "abandoned", "to_queue", "virtual"]
AgentState = Literal["available", "ringing", "talking", "hold", "wrap_up", "not_ready", "offline"]


# Checked where a record is read: what can't be would make sums and windows that can't be either.
Duration = Annotated[int, msgspec.Meta(ge=0, le=7 * 86_400_000)]
Rate = Annotated[float, msgspec.Meta(ge=0, le=1e9)]


class _Event(msgspec.Struct, array_like=True, frozen=True, gc=False):
    event_id: str
    source: str
    at: int


class Offered(_Event, tag=1, frozen=True, gc=False):
    """A contact began to wait in a queue. `at` is the arrival; (`contact`, `at`) identifies this queue leg."""

    queue: str
    contact: str
    channel: Channel = "voice"
    segment: str = ""
    customer: str = ""
    dialled: str = ""


class Answered(_Event, tag=2, frozen=True, gc=False):
    """An agent took the contact. Wait = `at` − `offered_at`."""

    queue: str
    contact: str
    offered_at: int
    agent: str = ""


class Abandoned(_Event, tag=3, frozen=True, gc=False):
    """The customer gave up while waiting."""

    queue: str
    contact: str
    offered_at: int


class FlowedOut(_Event, tag=4, frozen=True, gc=False):
    """The contact left the queue in another way, to `target` if that is known."""

    queue: str
    contact: str
    offered_at: int
    reason: FlowOutReason
    target: str = ""


class Ended(_Event, tag=5, frozen=True, gc=False):
    """An answered contact is over, wrap-up included where the source knows it. Durations in ms."""

    queue: str
    contact: str
    offered_at: int
    talk_ms: Duration
    hold_ms: Duration = 0
    wrap_up_ms: Duration = 0
    agent: str = ""


class Heartbeat(msgspec.Struct, array_like=True, frozen=True, gc=False, tag=6):
    """A feed's clock for one site, sent to every partition about once a second: windows move, silence is seen.

    `source` is the feed's id; `rate` is feed seconds per real second (1 live, N in a replay at N×, 0 at `max`).
    `ahead_ms` is how far the source's own clock was measured to run ahead of ours; None where that says nothing.
    """

    source: str
    site: str
    at: int
    rate: Rate = 1.0
    ahead_ms: int | None = None


class Ringing(_Event, tag=7, frozen=True, gc=False):
    """An agent's phone rings for a waiting contact. It goes on waiting."""

    queue: str
    contact: str
    offered_at: int
    agent: str = ""


class Held(_Event, tag=8, frozen=True, gc=False):
    """An answered contact was put on hold."""

    queue: str
    contact: str
    offered_at: int
    agent: str = ""


class Transferred(_Event, tag=9, frozen=True, gc=False):
    """An answered contact was handed on, to `target` if that is known; there it is a leg of its own."""

    queue: str
    contact: str
    offered_at: int
    mode: TransferMode
    target: str = ""
    agent: str = ""


class Conferenced(_Event, tag=10, frozen=True, gc=False):
    """A third party joined an answered contact."""

    queue: str
    contact: str
    offered_at: int
    agent: str = ""


class IvrEntered(_Event, tag=11, frozen=True, gc=False):
    """A call entered a voice menu. (`contact`, `at`) identifies the visit."""

    flow: str
    contact: str
    segment: str = ""
    customer: str = ""


class IvrNodeVisited(_Event, tag=12, frozen=True, gc=False):
    """The call reached a menu node; depth 1 is the first menu."""

    flow: str
    contact: str
    entered_at: int
    node: str
    depth: Annotated[int, msgspec.Meta(ge=0, le=1000)]


class IvrExited(_Event, tag=13, frozen=True, gc=False):
    """The call left the menu: contained (self-served), abandoned (lost in the IVR), to a queue, or `virtual`.

    `virtual` is no customer's call (a test or phantom call): it entered, but belongs to no outcome.
    """

    flow: str
    contact: str
    entered_at: int
    outcome: IvrOutcome
    queue: str = ""


class IvrInputFailed(_Event, tag=14, frozen=True, gc=False):
    """At a node the caller pressed what is no choice (`invalid`), or nothing in time (`timeout`)."""

    flow: str
    contact: str
    entered_at: int
    node: str
    fault: IvrFault


class AgentLoggedIn(_Event, tag=21, frozen=True, gc=False):
    """An agent signed in at a site."""

    agent: str
    site: str
    team: str = ""


class AgentStateChanged(_Event, tag=22, frozen=True, gc=False):
    """An agent is in `state` from now on."""

    agent: str
    site: str
    state: AgentState
    reason: str = ""
    contact: str = ""


class AgentLoggedOut(_Event, tag=23, frozen=True, gc=False):
    """An agent signed off."""

    agent: str
    site: str


LegEvent = Offered | Answered | Abandoned | FlowedOut | Ended | Ringing | Held | Transferred | Conferenced
"""Of a contact in a queue."""
VisitEvent = IvrEntered | IvrNodeVisited | IvrInputFailed | IvrExited
"""Of a call in a voice menu."""
StaffEvent = AgentLoggedIn | AgentStateChanged | AgentLoggedOut
"""Of an agent."""
ContactEvent = LegEvent | Heartbeat
IvrEvent = VisitEvent | Heartbeat
AgentEvent = StaffEvent | Heartbeat
AnyEvent = LegEvent | VisitEvent | StaffEvent | Heartbeat

encode_batch = msgspec.msgpack.Encoder().encode
"""A list of events of one partition → the value of a Kafka record."""

decode_contacts = msgspec.msgpack.Decoder(list[ContactEvent]).decode
decode_ivr = msgspec.msgpack.Decoder(list[IvrEvent]).decode
decode_agents = msgspec.msgpack.Decoder(list[AgentEvent]).decode


def key_of(event: AnyEvent) -> str:
    """The id that decides the partition: queue, flow or agent. A heartbeat has none (it goes to every partition).

    Raises:
        TypeError: for a heartbeat.
    """
    if isinstance(event, LegEvent):
        return event.queue
    if isinstance(event, VisitEvent):
        return event.flow
    if isinstance(event, StaffEvent):
        return event.agent
    raise TypeError("a heartbeat goes to every partition; it has no key")
