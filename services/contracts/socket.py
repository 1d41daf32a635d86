"""Messages of the WebSocket `/v1/live`, and the views that REST answers with. The pages' types are generated from here.

Rules of the wire (tests carry the numbers):

W1  A client's first message is `subscribe`. Nothing is sent before it.
W2  The answer is one `snapshot`: every item that the filters and the role allow, at `seq`.
W3  Then `update`s follow: each brings the items that changed since the last one and the `seq` reached. An item
    replaces the one of the same `kind` and `id`; `removed` lists the ids that are gone.
W4  With `resume` the answer is an `update` from that seq if `epoch` is still this server's, else a `snapshot`.
W5  A slow client loses no newest value: what changes twice before it is sent is sent once (conflated), and counted.
W6  `ping` is answered by `pong`; a client that hears nothing for a while closes and comes back with `resume`.
W7  A message that can't be read is answered by `error`, and the socket is closed with code 1008.
W8  Stale state + updates = fresh state.
"""

from typing import Annotated, Literal

from pydantic import Field

from services.contracts.alerts import Alert
from services.contracts.definitions import Counts, DefinitionName
from services.contracts.metrics import Status
from services.contracts.topology import Contract, Text

Freshness = Literal["fresh", "stale", "no_feed"]
ScopeLevel = Literal["queue", "site", "all"]


class Ratios(Contract):
    """What is computed from one set of counts. Shares 0…1, seconds; None where there is nothing to divide by."""

    service_level: dict[DefinitionName, float | None]
    abandonment_rate: float | None
    asa_s: float | None


class TileView(Contract):
    """A queue, a site or the whole floor, ready to show. Roll-ups add the counters of their queues.

    `target_counts` are the rolling counts at each queue's own target T; `rolling` has the T that all its queues count.
    """

    kind: Literal["tile"] = "tile"
    id: str = Field(description="queue id, site id, or 'all'")
    level: ScopeLevel
    site: str | None
    name: Text
    as_of: int
    target_s: int | None = Field(description="None for a roll-up of queues with different targets")
    target_percent: float | None
    definition: DefinitionName
    target_counts: Counts
    target_ratios: Ratios
    rolling: dict[int, Counts]
    ratios: dict[int, Ratios]
    waiting: int
    oldest_offered_at: int | None


class Bar(Contract):
    """One half-hour of a day line, at the queue's target T."""

    start: int
    label: str
    status: Status
    offered: int
    answered: int
    abandoned: int
    answered_within: int
    service_level: dict[DefinitionName, float | None]


class DayView(Contract):
    """The half-hours of the feed's current local day of one scope, as far as they have contacts."""

    kind: Literal["day"] = "day"
    id: str
    date: str
    bars: tuple[Bar, ...]


class FeedView(Contract):
    """A feed's clock for one site and how fresh it is. `age_s` counts real seconds since it was last heard."""

    kind: Literal["feed"] = "feed"
    id: str = Field(description="source|site")
    source: str
    site: str
    at: int
    rate: float
    timezone: str
    freshness: Freshness
    age_s: float


Item = Annotated[TileView | DayView | FeedView | Alert, Field(discriminator="kind")]


class Filters(Contract):
    """What a client wants; None means all that its role allows.

    With `sites`, what belongs to no single site (the roll-up `all` and its alerts) is left out.
    """

    sites: tuple[str, ...] | None = None
    kinds: tuple[Literal["tile", "day", "feed", "alert"], ...] | None = None


class Resume(Contract):
    """Where a client was when it lost the connection. With other filters or another role the answer is a snapshot."""

    epoch: str
    seq: int


class Subscribe(Contract):
    """First message of a client."""

    type: Literal["subscribe"] = "subscribe"
    filters: Filters = Filters()
    resume: Resume | None = None


class Ping(Contract):
    """Are you there?"""

    type: Literal["ping"] = "ping"


ClientMessage = Annotated[Subscribe | Ping, Field(discriminator="type")]


class Snapshot(Contract):
    """All items; what the client had before is forgotten."""

    type: Literal["snapshot"] = "snapshot"
    epoch: str
    seq: int
    items: tuple[Item, ...]


class Update(Contract):
    """Items that changed, and those that are gone."""

    type: Literal["update"] = "update"
    seq: int
    items: tuple[Item, ...]
    removed: tuple[str, ...] = Field(default=(), description="kind|id")


class Pong(Contract):
    """I am."""

    type: Literal["pong"] = "pong"


class SocketError(Contract):
    """Why the socket is being closed."""

    type: Literal["error"] = "error"
    code: Literal["bad_message", "not_subscribed", "unauthorised", "too_slow"]
    message: str


ServerMessage = Annotated[Snapshot | Update | Pong | SocketError, Field(discriminator="type")]
