"""What is told to whom, and what became of it: notices, deliveries (the outbox), and channels without their secrets.

A delivery is one notice for one channel. Its records on the outbox topic are a state machine that the log's order
decides (services/alerts/domain/notices/outbox.py):

    waiting ──claimed──> sending ──taken──────────────> delivered
       ^  │                 │ ├──refused for good────> undeliverable
       │  └──given up, ─────┤ └──nobody knows────────> uncertain
       │     over: skipped  │
       └──refused for now───┘
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from services.contracts.alerts import Against, ScopeKind, Severity
from services.contracts.people import Role
from services.contracts.topology import Contract, Id, Text

ChannelKind = Literal["webhook", "email", "chat"]
Language = Literal["en", "zh"]
NoticeEvent = Literal[
    "firing", "resolved", "escalated",
    "plan_proposed", "plan_activated", "plan_leave_proposed", "plan_stood_down",
    "move_proposed", "move_accepted", "move_declined", "move_cancelled", "move_expired",
    "call", "test",
]  # fmt: skip
DeliveryState = Literal["waiting", "sending", "delivered", "undeliverable", "uncertain", "skipped"]
OVER: tuple[DeliveryState, ...] = ("delivered", "undeliverable", "uncertain", "skipped")


class PlanCall(Contract):
    """A webhook call of a plan's action."""

    plan: Id
    action: Id
    name: Text
    level: int
    event: Literal["activated", "stood_down"]
    by: str = ""


class Notice(Contract):
    """What is to be told, as it was when it happened; independent of language and channel.

    `subject` is what it is about (an alert, plan or move): its notices are told in their order. Notices of one `bundle`
    and event that wait together make one message. `team` set: it is for this team's lead and nobody else. Times are
    epoch ms: `since` and `at` by the floor's clock, `wall_at` by the wall's (0: unknown).
    """

    event: NoticeEvent
    subject: str
    bundle: str = ""
    name: Text
    rule: str = ""
    scope: str = ""
    scope_kind: ScopeKind | None = None
    site: str | None = None
    other_site: str | None = Field(default=None, description="of a loan that concerns both sides")
    team: str = ""
    roles: tuple[Role, ...] = ()
    severity: Severity = "info"
    metric: str = ""
    against: Against = "value"
    value: float | None = None
    threshold: float | None = None
    target: Text | None = Field(default=None, description="what the scope is held to, such as 80 % in 20 s")
    since: int | None = None
    at: int = 0
    wall_at: int = 0
    timezone: str = "UTC"
    details: tuple[Text, ...] = Field(default=(), description="further lines, such as the actions of a plan's level")
    runbook: Text | None = None
    link: str = ""
    by: str = ""
    call: PlanCall | None = None


class Delivery(Contract):
    """One notice for one channel, as it stands. Wall times are epoch ms.

    `attempt` counts claims; the first record on the log that claims an attempt is the one that may send. `message` is
    the id that the receiver saw (several deliveries may share one message).
    """

    kind: Literal["delivery"] = "delivery"
    id: str = Field(description="transition|channel")
    channel: Annotated[str, StringConstraints(max_length=400)]
    notice: Notice
    state: DeliveryState = "waiting"
    created_at: int
    at: int = Field(description="of the last change")
    not_before: int = 0
    attempt: int = 0
    first_at: int = Field(default=0, description="when the first attempt was claimed")
    worker: str = Field(default="", description="who claimed the attempt")
    message: str = ""
    reason: str = Field(default="", description="what the receiver answered, or why it was not told; no secrets")
    answered: bool = Field(default=False, description="of a call: the plan's action has been completed")


class Position(Contract):
    """How far a topic has been turned into deliveries: the next offset."""

    kind: Literal["position"] = "position"
    topic: str
    offset: int


OutboxRecord = Annotated[Delivery | Position, Field(discriminator="kind")]
outbox_adapter: TypeAdapter[Delivery | Position] = TypeAdapter(OutboxRecord)


class ChannelView(Contract):
    """A channel as it may be seen: no secret, no address that holds one."""

    kind: Literal["channel"] = "channel"
    id: Id
    of: ChannelKind
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    language: Language
    address: str = Field(description="server or service, without user, path and query")
    quiet: str = Field(default="", description="quiet hours, in words such as 22:00–07:00 Europe/Lisbon")
    routes: tuple[str, ...] = Field(default=(), description="what it is told, a line a route")
