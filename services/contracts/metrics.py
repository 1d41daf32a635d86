"""What metrics publishes: tiles (a queue now), intervals (a queue's or flow's half-hours) and feed clocks.

Times are epoch milliseconds, UTC, by the feed's clock. Thresholds are the JSON keys of `by_threshold`, in seconds.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from services.contracts.definitions import Counts, DefinitionName
from services.contracts.events import Channel, FlowOutReason
from services.contracts.topology import Contract, Id, Moment, ScopedId

HALF_HOUR_MS = 30 * 60 * 1000
Status = Literal["provisional", "final"]


FlowOut = FlowOutReason | Literal["unknown"]
"""`unknown`: a ghost; see Details."""


class Details(Contract):
    """Additive counters of a set of contacts that need no threshold.

    A *ghost* has no outcome and gave no sign of life for longer than its queue allows. It counts as flowed out, reason
    `unknown`, and no longer as waiting; if its outcome is told after all, that counts instead.
    """

    rang: int = 0
    held: int = Field(default=0, description="put on hold, told by itself or by hold time at the end")
    transferred_blind: int = 0
    transferred_consulted: int = 0
    conferenced: int = 0
    inferred: int = Field(default=0, description="answered for certain, though nobody told when: a gap repaired")
    objectives: int = Field(default=0, description="contacts that are held to a response-time objective")
    objectives_met: int = Field(default=0, description="of these: ended within it")
    flow_outs: dict[FlowOut, int] = Field(default_factory=dict, description="reason → contacts, ghosts included")


class Group(Contract):
    """The part of a half-hour's contacts that share channel, segment and number dialled, at their target T."""

    channel: Channel
    segment: str
    dialled: str
    counts: Counts


class Running(Contract):
    """The clock half-hour that `as_of` lies in, so far, at the target T.

    `waiting_within`: of those of it who wait, how many can still be answered within T.
    `waiting_ms`: time that contacts spent waiting within [start, as_of], whenever they came.
    """

    start: int
    end: int
    date: str
    label: str
    counts: Counts
    waiting_within: int
    waiting_ms: int


class ChannelNow(Contract):
    """One channel of a queue that takes several, at the channel's own target."""

    target_s: int
    target_percent: float
    counts: Counts
    waiting: int
    oldest_offered_at: int | None


class Tile(Contract):
    """A queue as of `as_of`.

    `rolling[T]` are the contacts whose service-level event for T lies in (as_of − 30 min, as_of]; `waiting` and
    `oldest_offered_at` describe the queue at `as_of`. `offset` is the newest log record that is included.

    `target`: the same window, each contact at its own channel's target T and short-abandon limit; None where no channel
    has terms of its own: then it is `rolling[target_s]`. `waiting_ms`: time that contacts spent waiting within the
    window; divided by 30 minutes it is the time-weighted mean queue length. `status` is final when nobody of `target`
    waits any more.
    """

    kind: Literal["tile"] = "tile"
    id: ScopedId
    as_of: Moment
    offset: int
    target_s: int
    target_percent: float
    definition: DefinitionName
    rolling: dict[int, Counts]
    waiting: int
    oldest_offered_at: int | None
    status: Status = "provisional"
    target: Counts | None = None
    details: Details = Details()
    waiting_ms: int = 0
    waiting_within: int = Field(
        default=0, description="of those who wait, how many have waited less than their target T"
    )
    ghosts: int = Field(default=0, description="legs set unknown and not resolved since, as far as the ledger is open")
    running: Running | None = None
    channels: dict[Channel, ChannelNow] = Field(default_factory=dict)
    skill: str = ""


class Interval(Contract):
    """A queue's clock half-hour: the contacts that arrived in [start, end).

    `final` once no contact of it waits and the watermark has passed; a late event then makes a new `revision`,
    which is the offset of the newest log record that told of one of its contacts. A half-hour in which nobody came is
    published if somebody waited in it who had come before (`revision` and `first_offset` −1).
    """

    kind: Literal["interval"] = "interval"
    id: str = Field(description="scope|start")
    scope: ScopedId
    start: int
    end: int
    date: str = Field(description="the site's local day, YYYY-MM-DD")
    label: str = Field(description="the site's local time of start, HH:MM")
    status: Status
    revision: int
    by_threshold: dict[int, Counts]
    target: Counts | None = Field(default=None, description="see Tile.target; None: by_threshold of the queue's target")
    details: Details = Details()
    waiting_ms: int = Field(
        default=0,
        description="time spent waiting in [start, end), whenever the contact came. Who still waits: once it is over",
    )
    groups: tuple[Group, ...] = Field(
        default=(),
        description="one per channel, segment and number; they add to target. Empty: all are voice, nothing else known",
    )
    first_offset: int = Field(default=-1, description="oldest log record that tells of one of its contacts; −1 unknown")


class Repeats(Contract):
    """Repeat calls of a clock half-hour: contacts by arrival whose customer had called this queue shortly before.

    `known`: contacts whose customer is known. `within_days[N]`: of these, the customer's previous contact of this queue
    lies at most N days back. First-contact resolution is read as 1 − repeats ÷ known.
    """

    kind: Literal["repeats"] = "repeats"
    id: str = Field(description="repeats|scope|start")
    scope: ScopedId
    start: int
    end: int
    date: str
    label: str
    revision: int
    known: int
    within_days: dict[int, int]


class IvrCounts(Contract):
    """Calls of one half-hour by entry. entered = contained + lost + to_queue + virtual + inside."""

    entered: int = 0
    contained: int = 0
    lost: int = 0
    to_queue: int = 0
    virtual: int = 0
    inside: int = 0


class NodeCounts(Contract):
    """Visits of one menu node by calls of one half-hour. entered = left + lost + contained + to_queue + inside."""

    entered: int = 0
    left: int = Field(default=0, description="went on to another node")
    lost: int = Field(default=0, description="hung up here")
    contained: int = Field(default=0, description="was served here")
    to_queue: int = Field(default=0, description="left for a queue from here")
    inside: int = Field(default=0, description="still here, or of no outcome (virtual)")
    invalid: int = Field(default=0, description="inputs that are no choice")
    timeouts: int = Field(default=0, description="inputs that did not come")
    time_ms: int = Field(default=0, description="time spent here by those who went on or out")
    depth: int = Field(default=0, description="deepest at which it was reached; a maximum, not a sum")


class IvrLink(Contract):
    """How many calls went from one node to the next. `to` is a node, "queue:site/queue", "contained" or "lost"."""

    source: str = Field(description='a node, or "start"')
    to: str
    calls: int


class IvrInterval(Contract):
    """A flow's clock half-hour: the calls that entered it in [start, end)."""

    kind: Literal["ivr_interval"] = "ivr_interval"
    id: str
    scope: ScopedId
    start: int
    end: int
    date: str
    label: str
    status: Status
    revision: int
    counts: IvrCounts
    nodes: dict[str, NodeCounts] = Field(default_factory=dict)
    links: tuple[IvrLink, ...] = ()
    segments: dict[str, IvrCounts] = Field(default_factory=dict)


class FeedClock(Contract):
    """How far one feed's clock for one site has come on one partition of one topic."""

    kind: Literal["feed"] = "feed"
    id: str = Field(description="source|site|topic|partition, topic without its namespace")
    source: str
    site: Id
    at: Moment
    rate: float
    ahead_ms: int | None = Field(
        default=None, description="how far the source's clock runs ahead of ours (behind: negative); None in a replay"
    )


def interval_id(scope: str, start: int) -> str:
    """Deterministic id of an interval, and its key on the intervals topic."""
    return f"{scope}|{start}"


def repeats_id(scope: str, start: int) -> str:
    """Id of a half-hour's repeat calls, and its key on the intervals topic."""
    return f"repeats|{scope}|{start}"


AnyInterval = Annotated[Interval | IvrInterval, Field(discriminator="kind")]
interval_adapter: TypeAdapter[Interval | IvrInterval] = TypeAdapter(AnyInterval)
