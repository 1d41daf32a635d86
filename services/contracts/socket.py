"""Messages of the WebSocket `/v1/live`, and the views that REST answers with. The pages' types are generated from here.

Rules of the wire (tests carry the numbers):

W1  A client's first message is `subscribe`. Nothing is sent before it.
W2  The answer is one `snapshot`: every item that the filters and the role allow, at `seq`. Agents are many, and rules,
    silences, plans and moves are for those who act: only a client whose filters name their kind is sent them.
W3  Then `update`s follow: each brings the items that changed since the last one and the `seq` reached. An item
    replaces the one of the same `kind` and `id`; `removed` lists the ids that are gone.
W4  With `resume` the answer is an `update` from that seq if `epoch` is still this server's, else a `snapshot`.
W5  A slow client loses no newest value: what changes twice before it is sent is sent once (conflated), and counted.
W6  `ping` is answered by `pong`; a client that hears nothing for a while closes and comes back with `resume`.
W7  A message that can't be read is answered by `error`, and the socket is closed with code 1008. So it is with 4401
    once the session is over, with 1012 once it may see other things than before (come back at once), and with 1013
    where a session connects too often.
W8  Stale state + updates = fresh state.
"""

from typing import Annotated, Literal

from pydantic import Field

from services.contracts.adherence import AdherenceLimitsView
from services.contracts.agents import AdherenceState, AgentTile
from services.contracts.alerts import Alert, RuleView, Silence
from services.contracts.contingency import PlanView
from services.contracts.definitions import Counts, DefinitionName
from services.contracts.events import Channel
from services.contracts.metrics import Details, Status
from services.contracts.moves import MoveView
from services.contracts.topology import Contract, Text

Freshness = Literal["fresh", "stale", "no_feed"]
ScopeLevel = Literal["queue", "site", "region", "all"]


class Ratios(Contract):
    """What is computed from one set of counts. Shares 0…1, seconds; None where there is nothing to divide by."""

    service_level: dict[DefinitionName, float | None]
    abandonment_rate: float | None
    asa_s: float | None
    answer_rate: float | None = None
    wait_abandoned_s: float | None = Field(default=None, description="mean wait of the abandoned, short ones included")
    aht_s: float | None = Field(default=None, description="mean handle time: talk, hold and wrap-up")
    talk_s: float | None = None
    hold_s: float | None = None
    wrap_up_s: float | None = None
    flow_out_rate: float | None = None


class Outlook(Contract):
    """What can still become of a service level. `best`: all who can still be answered within T are; `worst`: none."""

    already_lost: int = Field(description="waiting contacts whose T has passed")
    still_to_win: int = Field(description="waiting contacts whose T has not passed")
    best: dict[DefinitionName, float | None]
    worst: dict[DefinitionName, float | None]


class RunningView(Contract):
    """The clock half-hour so far. `earlier_offered`: mean offered in the same half-hour of `earlier_weeks` weeks."""

    start: int
    end: int
    label: str
    counts: Counts
    ratios: Ratios
    outlook: Outlook
    mean_length: float | None
    earlier_offered: float | None
    earlier_weeks: int


class AgentsNow(Contract):
    """Agents of a scope now. Shares are of their local day so far, 0…1 (conformance may pass 1)."""

    by_state: dict[str, int] = Field(description="AgentState, or not_ready:reason → agents")
    signed_in: int
    longest_available_since: int | None
    adherence: dict[AdherenceState, int]
    occupancy: float | None
    utilisation: float | None
    adherence_rate: float | None
    conformance: float | None
    shrinkage_planned: float | None
    shrinkage_actual: float | None


class ChannelView(Contract):
    """One channel of a queue that takes several."""

    target_s: int
    target_percent: float
    counts: Counts
    ratios: Ratios
    waiting: int
    oldest_offered_at: int | None


class TileView(Contract):
    """A queue, a site or the whole floor, ready to show. Roll-ups add the counters of their queues.

    `target_counts` are the rolling counts, each contact at its own target T; `rolling` has the T that all queues count.
    `revision` is the newest log record in a queue's numbers; None for a roll-up, whose queues have their own.
    `freshness` is that of the feeds of its site (a roll-up of sites: fresh or without feed only if they all are). With
    `no_feed` the present is unknown: outlook, estimated_wait_s and mean_length are null, the counters those of `as_of`.
    A region is shown to those who see all its sites, `all` to those who see everything.
    """

    kind: Literal["tile"] = "tile"
    id: str = Field(description="queue id, site id, 'region:NAME', or 'all'")
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
    status: Status = "provisional"
    revision: int | None = None
    ghosts: int = 0
    details: Details = Details()
    outlook: Outlook | None = None
    mean_length: float | None = Field(default=None, description="time-weighted, of the rolling half-hour")
    estimated_wait_s: float | None = Field(default=None, description="of someone who would come now")
    running: RunningView | None = None
    agents: AgentsNow | None = None
    channels: dict[Channel, ChannelView] = Field(default_factory=dict, description="of a queue that takes several")
    freshness: Freshness = "no_feed"


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
    """A feed's clock for one site and how fresh it is. `age_s` counts real seconds since it was last heard.

    `ahead_ms`: the source's clock against ours, behind is negative; None where that says nothing, as in a replay.
    """

    kind: Literal["feed"] = "feed"
    id: str = Field(description="source|site")
    source: str
    site: str
    at: int
    rate: float
    timezone: str
    freshness: Freshness
    age_s: float
    ahead_ms: int | None = None


class TeamView(Contract):
    """A team now; its agents are items of their own."""

    kind: Literal["team"] = "team"
    id: str
    site: str
    name: Text
    as_of: int
    agents: AgentsNow


Item = Annotated[
    TileView
    | DayView
    | FeedView
    | Alert
    | TeamView
    | AgentTile
    | RuleView
    | Silence
    | PlanView
    | MoveView
    | AdherenceLimitsView,
    Field(discriminator="kind"),
]
ItemKind = Literal["tile", "day", "feed", "alert", "team", "agent", "rule", "silence", "plan", "move", "limits"]


class Filters(Contract):
    """What a client wants; None means all that its role allows.

    With `sites`, what belongs to no single site (the roll-up `all` and its alerts) is left out, and so are regions that
    have other sites as well.
    """

    sites: tuple[str, ...] | None = None
    kinds: tuple[ItemKind, ...] | None = Field(
        default=None,
        description="None: tile, day, feed, alert and team; agents and what the desk holds (rule, silence, plan, move, "
        "limits) only when they are asked for",
    )


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
    code: Literal["bad_message", "not_subscribed", "unauthorised", "too_slow", "rights_changed", "too_often"]
    message: str


ServerMessage = Annotated[Snapshot | Update | Pong | SocketError, Field(discriminator="type")]
